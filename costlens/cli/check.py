"""`costlens check`."""

from pathlib import Path

import click

from costlens.cli.options import load_workspace, takes_config
from costlens.errors import CostLensError


@click.command(epilog="Example: costlens check --config acme/")
@takes_config
def check(config: Path | None) -> None:
    """Say everything that is wrong with a workspace, all at once.

    Reads costlens.yaml, the catalogue, fx.csv and the beginning of every source; writes nothing.
    """
    from costlens.engine import connect
    from costlens.ingest import check_sources

    workspace = load_workspace(config)
    with connect() as con:
        found = check_sources(workspace, con)
    errors = [one for one in found if one.severity == "error"]
    for one in found:
        if one.severity != "error":
            click.echo(f"{one.severity}: {one}", err=True)
    if errors:
        raise CostLensError(findings=errors)
    things = workspace.catalogue
    click.echo(
        f"{len(workspace.settings.sources)} sources, {len(things.resources)} resources, "
        f"{len(things.pipelines)} pipelines, {len(things.stages)} stages, "
        f"{len(things.features)} features, {len(things.models)} models, "
        f"{len(things.products)} products: no errors"
    )
