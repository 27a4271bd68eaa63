"""`costlens check`."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from costlens.cli.options import load_workspace, takes_config
from costlens.config.values import Workspace
from costlens.errors import CostLensError, Finding
from costlens.roi.claims import check_claims


@click.command(epilog="Example: costlens check --full --config acme/")
@takes_config
@click.option("--full", is_flag=True, help="Read every source to its end, as a refresh would.")
def check(config: Path | None, full: bool) -> None:
    """Say everything that is wrong with a workspace, all at once; publish nothing.

    Reads costlens.yaml, the catalogue and fx.csv, and the beginning of every source; with --full,
    whatever a refresh would read now, with totals and accounts compared.
    """
    workspace = load_workspace(config)
    found = [
        *check_claims(workspace.catalogue),
        *(_read_all(workspace) if full else _read_beginnings(workspace)),
    ]
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


def _read_beginnings(workspace: Workspace) -> Sequence[Finding]:
    from costlens.engine import connect
    from costlens.ingest import check_sources

    with connect() as con:
        return check_sources(workspace, con)


def _read_all(workspace: Workspace) -> Sequence[Finding]:
    """Load what a refresh would, into a draft that is given up."""
    from costlens.allocate.book import tag_keys
    from costlens.engine import connect
    from costlens.ingest import load_sources
    from costlens.refresh import lake_of

    lake = lake_of(workspace)
    now = datetime.now(UTC).replace(tzinfo=None)
    keys = tag_keys(workspace.settings, workspace.catalogue)
    with lake.writing() as draft, connect(lake.folder / ".scratch") as con:
        return load_sources(
            workspace, draft, con, tag_keys=keys, as_of=now, say=lambda _: None
        ).findings
