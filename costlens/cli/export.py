"""`costlens export`."""

from pathlib import Path

import click

from costlens.cli.options import LEVELS, Months, Scope, takes_scope
from costlens.cli.output import FORMATS, Print
from costlens.questions.window import Window


@click.group(epilog="Example: costlens export focus --month 2026-10 -o allocated.parquet")
def export() -> None:
    """Write a build in formats that other tools read."""


@export.command(
    short_help="Allocated charges as FOCUS 1.3.",
    epilog="Example: costlens export focus --by product --month 2026-10 -o allocated.csv",
)
@takes_scope()
@click.option(
    "--month",
    "wanted",
    type=Months(),
    required=True,
    help="Billing periods: 2026-10 or 2026-08..2026-10.",
)
@click.option(
    "--by",
    type=click.Choice(LEVELS),
    default="feature",
    show_default=True,
    help="Whom charges are split among; levels are never in one file.",
)
@click.option(
    "-o",
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The file: Parquet where it ends so, else CSV.",
)
@click.option(
    "--format", "style", type=click.Choice(FORMATS[:3]), help="Of the sums. Default: table."
)
def focus(scope: Scope, wanted: Window, by: str, out: Path, style: str | None) -> None:
    """Write every charge as FOCUS 1.3, split among those who bear it.

    The rows that a charge was split into stand in its place and add up to it, in each cost column
    and in quantity, to the last unit; x_OriginLine says which charge it was. AllocatedResourceId
    names who bears it; AllocatedMethodDetails has the ratio, and those of one charge sum to 1.
    x_Feature, x_Model or x_Product name it once more; x_EvidenceGrade says how well it is known,
    x_Unallocated why nobody bears it. Columns that the lake does not keep are there and empty.
    """
    from costlens.export.focus import export_focus

    with scope.asking() as asked:
        known = [row[0] for row in asked.ask("bill_months").rows]
        months = [month for month in known if wanted.first <= month < wanted.after]
        exported = export_focus(asked, months or [wanted.first], by, out)
    click.echo(f"{out}: charges split by {by}", err=True)
    Print(style=style, out=None).show(exported.sums)


@export.command(
    short_help="What runs cost, as OpenLineage events.",
    epilog="Example: costlens export openlineage --month 2026-10 -o costs.ndjson",
)
@takes_scope(days=True)
@click.option(
    "-o",
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The file: one event a line.",
)
def openlineage(scope: Scope, out: Path) -> None:
    """Write an OpenLineage event for every run that cost something, with what it cost as a facet.

    The facet `costlens_cost` has amounts by currency and class of cost, as texts so that no digit
    is lost, the evidence grade, and the build. The event is of the type OTHER: it adds to a run
    that others told of, by the run's own id where that is a UUID, else by one made of pipeline and
    run.
    """
    from costlens.export.openlineage import export_openlineage

    with scope.asking() as asked:
        count = export_openlineage(asked, scope.window, out)
    click.echo(f"{out}: runs: {count}", err=True)
