"""`costlens savings`."""

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
from costlens.questions.savings import ALIKE, UNREAD_DAYS


@click.command(epilog="Example: costlens savings --month 2026-08..2026-10")
@takes_scope(days=True, basis=True)
@takes_level("feature", says="The level whose targets are looked at.")
@click.option(
    "--unread-days",
    type=click.IntRange(min=0),
    default=UNREAD_DAYS,
    show_default=True,
    help="How long something may go unread.",
)
@click.option(
    "--alike",
    type=Amount(),
    default=str(ALIKE),
    show_default=True,
    help="From which correlation on two features are one.",
)
@takes_currency(one=True)
@takes_print
def savings(
    scope: Scope, by: str, unread_days: int, alike: Decimal, currency: str | None, printed: Print
) -> None:
    """List where money could be saved, the most first, and whom to ask before anything is stopped.

    unused: nothing uses it and it is not read. unread: its users read others, or it was read once
    and no longer is. duplicate: another has the same `sources` and `expression` in the catalogue,
    or as good as the same values in correlations.csv; the dearer one could go. zombie: a stage that
    nothing needs. idle: the five dearest machines that ran and waited. Then the five dearest
    guesses, where measuring comes before saving, and the reuse that saves already.

    saving: what stops with it alone, if capacity shrinks with use; `costlens avoidable` says what
    stops now. Savings overlap, so they are not added up: `costlens whatif` works several out.
    CostLens stops nothing: used_by, last_read and notice_days say whom to ask, and when.
    """
    from costlens.questions.savings import savings as find

    with scope.asking() as asked:
        answer = find(
            asked,
            level=by,
            basis=scope.basis_of(asked),
            window=scope.window,
            currency=currency,
            unread_days=unread_days,
            alike=alike,
        )
    printed.show(answer)
