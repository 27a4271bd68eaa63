"""`costlens forecast`."""

import click

from costlens.cli.options import Scope, takes_currency, takes_print, takes_scope
from costlens.cli.output import Print


@click.command(epilog="Example: costlens forecast --by product")
@takes_scope(basis=True)
@click.option(
    "--by",
    type=click.Choice(("bill", "team", "product", "model", "feature")),
    default="bill",
    show_default=True,
)
@takes_currency(one=True)
@takes_print
def forecast(scope: Scope, by: str, currency: str | None, printed: Print) -> None:
    """Say what the month that is not over, the rest of its quarter, and the quarter will have cost.

    A coming day costs what a day of the last 28 cost on average: four of each weekday. The newest
    day of a month that is not over still fills, so it counts as coming. With fewer than 7 days of
    cost nothing is said. Where the newest month is over, the forecast begins with the next one.

    so_far: what is billed of it. before: the month or quarter before, where it is billed whole.
    docs/watching.md says how far off the method was.
    """
    from costlens.questions.watching import forecast as look_ahead

    with scope.asking() as asked:
        answer = look_ahead(asked, by=by, basis=scope.basis_of(asked), currency=currency)
    printed.show(answer)
