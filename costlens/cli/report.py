"""`costlens report`: a month as files; below it, the reports that are declared."""

from pathlib import Path

import click

from costlens.cli.options import OneMonth, Scope, takes_scope
from costlens.cli.output import FORMATS, Print
from costlens.cli.reports import history, list_reports, run
from costlens.questions.ask import Answer
from costlens.questions.window import Window


@click.group(
    invoke_without_command=True,
    epilog="Example: costlens report --month 2026-10 -o finance",
    subcommand_metavar="[COMMAND [ARGS]...]",
)
@takes_scope(basis=True)
@click.option(
    "--month",
    "wanted",
    type=OneMonth(),
    help="A billing month. Default: the last one whose bill is complete.",
)
@click.option(
    "-o",
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder that has one folder a month. Default: reports beside costlens.yaml.",
)
@click.option(
    "--currency", help="Convert all of it by the month's rates in fx.csv. Default: as billed."
)
@click.option("--format", "style", type=click.Choice(FORMATS[:3]), help="Default: table.")
@click.option(
    "--pdf",
    is_flag=True,
    help="Also print the pages for leadership, beside the folder of the month: as MONTH.pdf by the "
    "Chromium on the path, else as MONTH.html.",
)
def report(
    scope: Scope,
    wanted: Window | None,
    out: Path | None,
    currency: str | None,
    style: str | None,
    pdf: bool,
) -> None:
    """Write a billing month down as CSV files that tie to the statement, and a manifest.

    cost_by_feature, cost_by_model, roi_by_product, chargeback_by_team, statement. The folder of the
    month appears at once, and replaces an earlier edition whole; one build writes the same bytes
    every time. A closed month is written as the build that closed it has it.

    The commands below are about the reports that costlens.yaml declares under `reports`.
    """
    if click.get_current_context().invoked_subcommand:
        return
    from costlens.config import find_folder
    from costlens.report.edition import MANIFEST, choose_month, make_edition
    from costlens.report.folder import publish

    with scope.asking() as asked:
        chosen = choose_month(asked, wanted.first if wanted else None)
        with asked.as_closed(chosen.month) as then:
            basis = scope.basis_of(then)
            chosen = choose_month(then, chosen.month)
            edition = make_edition(then, chosen, basis=basis, currency=currency)
            number = then.build.number
    folder = (out or find_folder(scope.config) / "reports") / chosen.month
    publish(folder, edition.files, mark=MANIFEST)
    state = "whose bill is complete" if chosen.complete else "whose bill is not complete yet"
    click.echo(f"{folder}: {chosen.month}, {state}, by build {number}", err=True)
    if pdf:
        _print(scope.config, folder, build=number, basis=basis, currency=currency)
    rows = tuple(
        (sheet.name, sheet.rows, currency, sheet.sums[sheet.total][currency])
        for sheet in edition.sheets
        for currency in sorted(sheet.sums[sheet.total])
    )
    Print(style=style, out=None).show(
        Answer(
            columns=("file", "rows", "currency", "total"),
            types=("VARCHAR", "BIGINT", "VARCHAR", "DECIMAL(38,12)"),
            rows=(*rows, (MANIFEST, None, None, None)),
        )
    )


def _print(
    config: Path | None, folder: Path, *, build: int, basis: str, currency: str | None
) -> None:
    """Print the pages of one build and month beside the folder of that month."""
    from costlens.config import find_lake
    from costlens.report.folder import put_file
    from costlens.web.data import Builds
    from costlens.web.paper import find_browser, leadership_pages, paper, print_pdf

    data = Builds(find_lake(config)).whole(build)
    if currency in data.currencies:
        data = data.in_currency(currency)
    elif currency:
        click.echo(
            f"note: the pages are in {data.currency}: fx.csv lacks rates to {currency} for other "
            "months",
            err=True,
        )
    html = paper(data, leadership_pages(), query={"month": folder.name, "basis": basis})
    browser = find_browser()
    if browser is None:
        path = put_file(folder.with_name(f"{folder.name}.html"), html.encode())
        click.echo(f"{path}: the pages as HTML, for no Chromium is on the path", err=True)
    else:
        path = put_file(folder.with_name(f"{folder.name}.pdf"), print_pdf(html, browser))
        click.echo(f"{path}: the pages, printed by {browser}", err=True)


for _verb in (run, history, list_reports):
    report.add_command(_verb)
