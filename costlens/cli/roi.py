"""`costlens roi`."""

import click

from costlens.cli.options import Scope, takes_currency, takes_level, takes_print, takes_scope
from costlens.cli.output import Print


@click.command(epilog="Example: costlens roi --by product --month 2026-08..2026-10")
@takes_scope(days=True, basis=True)
@takes_level("product")
@takes_currency(one=True)
@takes_print
def roi(scope: Scope, by: str, currency: str | None, printed: Print) -> None:
    """Show cost against declared benefit; the column `cost` sums to the bill.

    net: benefit less cost; roi: net for each unit of cost, not discounted. Both cover the days that
    were billed: a month in progress sets cost to date against benefit to date. Models and features
    have the part of a product's benefit that its `share` declares; what has none reads `cost only`.
    """
    from costlens.questions.worth import roi as compare

    with scope.asking() as asked:
        answer = compare(
            asked,
            level=by,
            basis=scope.basis_of(asked),
            window=scope.window,
            currency=currency,
        )
    printed.show(answer, total="cost")
