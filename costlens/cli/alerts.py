"""`costlens alerts`."""

from decimal import Decimal

import click

from costlens.cli.options import (
    Amount,
    Scope,
    takes_currency,
    takes_level,
    takes_print,
    takes_scope,
)
from costlens.cli.output import Print
from costlens.errors import CostLensError
from costlens.questions.watching import DAYS, DRIFT, FACTOR, LEAST


@click.command(epilog="Example: costlens refresh && costlens alerts --by product")
@takes_scope(basis=True)
@takes_level("feature", says="Whose days are looked at, beside those of the whole bill.")
@click.option(
    "--days",
    type=click.IntRange(min=1, max=365),
    default=DAYS,
    show_default=True,
    help="How many of the last whole days are looked at.",
)
@click.option(
    "--factor",
    type=Amount(),
    default=str(FACTOR),
    show_default=True,
    help="How many usual distances from the middle of the 28 days before make a day unusual.",
)
@click.option(
    "--least",
    type=Amount(),
    default=str(LEAST),
    show_default=True,
    help="The money from which on a change counts.",
)
@click.option(
    "--drift",
    type=Amount(),
    default=str(DRIFT),
    show_default=True,
    help="By which part a thousand requests may become dearer or cheaper.",
)
@takes_currency(one=True)
@takes_print
def alerts(
    scope: Scope,
    by: str,
    days: int,
    factor: Decimal,
    least: Decimal,
    drift: Decimal,
    currency: str | None,
    printed: Print,
) -> None:
    """List what somebody should look at, and end with 1 if there is anything: made for cron.

    budget: more is spent than a budget, or will be by `costlens forecast`. anomaly: a day cost much
    more or less than the 28 before it, beyond --factor times their usual distance from their middle
    and a fifth of it; a day like one of a month ago is none. unit cost: a thousand requests cost
    more or less than in the four weeks before.

    expected is the budget, the middle of those days, or what a thousand cost before. Where there is
    nothing to look at, nothing is printed, and it ends with 0.
    """
    from costlens.questions.watching import alerts as look

    with scope.asking() as asked:
        answer = look(
            asked,
            level=by,
            basis=scope.basis_of(asked),
            currency=currency,
            days=days,
            factor=factor,
            least=least,
            drift=drift,
        )
    if answer.rows or printed.style or printed.out:
        printed.show(answer)
    found = len(answer.rows)
    if found:
        raise CostLensError(
            f"{found} things to look at" if found > 1 else "1 thing to look at",
            hint="costlens explain NAME says why something costs what it does; --factor, --least "
            "and --drift say from where on it counts",
        )
