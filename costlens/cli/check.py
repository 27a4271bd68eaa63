"""`costlens check`."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from costlens.cli.against import Against, check_against, takes_against
from costlens.cli.options import load_workspace, takes_config, takes_print
from costlens.cli.output import Print
from costlens.config.values import Workspace
from costlens.errors import CostLensError, Finding
from costlens.roi.claims import check_claims


@click.command(epilog="Example: costlens check --full")
@takes_config
@click.option("--full", is_flag=True, help="Read every source to its end, as a refresh would.")
@takes_against
@takes_print
def check(config: Path | None, full: bool, against: Against, printed: Print) -> None:
    """Say everything that is wrong with a workspace, all at once; publish nothing.

    Reads costlens.yaml, the catalogue and fx.csv, and the beginning of every source; with --full,
    whatever a refresh would read now, with totals and accounts compared.

    Where there is a build, it lists what its lines and runs leave to be named, the dearest first:
    runs that no rule places, features that no run makes, charges that look like a pipeline's, each
    with the line to add.

    With --against cost-explorer it lists, by month, account and service, where the bills of AWS in
    the latest build and AWS's own Cost Explorer differ, and ends with 1 if they do. AWS takes 0.01
    USD for every request, page and repeat; one request asks for all months in a row.
    """
    if against.provider:
        check_against(config, against, printed)
        return
    if printed.style or printed.out:
        raise click.UsageError("--format and --out go with --against cost-explorer")
    workspace = load_workspace(config)
    found = [
        *check_claims(workspace.catalogue, as_of=_now().date()),
        *(_read_all(workspace) if full else _read_beginnings(workspace)),
    ]
    errors = [one for one in found if one.severity == "error"]
    if not errors:
        found += _read_build(workspace)
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
    """Read the first rows of every source, and what the latest build has against closed months."""
    from costlens.engine import connect
    from costlens.ingest import check_sources
    from costlens.ingest.held import arrived
    from costlens.ingest.loads import read_loads
    from costlens.ingest.rates import changed_rates
    from costlens.lake.closings import closed_months, read_closings
    from costlens.refresh import lake_of

    with connect(memory_limit=workspace.settings.memory_limit) as con:
        found = check_sources(workspace, con, as_of=_now())
        lake = lake_of(workspace)
        if lake.newest() is not None:
            lake.open(con, lake.build())
            loads, closed = read_loads(con), closed_months(read_closings(con))
            places = {source.name: source.place for source in workspace.settings.sources}
            found += [*arrived(loads, places), *changed_rates(workspace.fx, closed, loads)]
        return found


def _read_all(workspace: Workspace) -> Sequence[Finding]:
    """Load what a refresh would, into a draft that is given up."""
    from costlens.allocate.book import tag_keys
    from costlens.ingest import load_sources
    from costlens.ingest.rates import fix_new_rates
    from costlens.lake.closings import closed_months, read_closings
    from costlens.refresh import engine_of, lake_of

    lake = lake_of(workspace)
    keys = tag_keys(workspace.settings, workspace.catalogue)
    with lake.writing() as draft, engine_of(workspace) as con:
        draft.open(con)
        now = _now()
        closed = closed_months(fix_new_rates(read_closings(con), workspace.fx, as_of=now))
        return load_sources(
            workspace, draft, con, tag_keys=keys, as_of=now, say=lambda _: None, closed=closed
        ).findings


def _read_build(workspace: Workspace) -> Sequence[Finding]:
    """Hold the lines and runs of the latest build against the catalogue as it is now."""
    from costlens.loose_ends import loose_ends
    from costlens.refresh import engine_of, lake_of

    lake = lake_of(workspace)
    if lake.newest() is None:
        return ()
    with engine_of(workspace) as con:
        lake.open(con, lake.build())
        return loose_ends(con, workspace)


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
