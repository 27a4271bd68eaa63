"""`costlens budget`."""

import click

from costlens.cli.options import OneMonth, Scope, takes_currency, takes_print, takes_scope
from costlens.cli.output import Print
from costlens.questions.window import Window


@click.command(epilog="Example: costlens budget --month 2026-10")
@takes_scope(basis=True)
@click.option(
    "--month",
    "within",
    type=OneMonth(),
    help="A month of the periods to show. Default: the newest that is billed.",
)
@takes_currency(one=True)
@takes_print
def budget(scope: Scope, within: Window | None, currency: str | None, printed: Print) -> None:
    """Hold the budgets of the catalogue against what was spent, and what it will have come to.

    One row per budget, for the month, quarter or year that it is for. state: over, will be over (by
    `costlens forecast`), on course, kept (its time is over), unknown (its time began before the
    first bill, or there are too few days to forecast by).

    What a team spends is the cost of what it owns, as in `costlens cost --by team`; of a target,
    what it is allocated. A budget in another currency goes by the rate of that month.
    """
    from costlens.questions.watching import budgets

    with scope.asking() as asked:
        answer = budgets(
            asked,
            basis=scope.basis_of(asked),
            month=within.first if within else None,
            currency=currency,
        )
    if not answer.rows:
        click.echo("note: the catalogue declares no budget for that time (budgets:)", err=True)
    printed.show(answer)
