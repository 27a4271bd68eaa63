"""`costlens cost`."""

import click

from costlens.cli.options import Scope, takes_currency, takes_print, takes_scope
from costlens.cli.output import Print
from costlens.questions.costs import LEVELS, STAGES


@click.command(epilog="Example: costlens cost --by model --start 2026-10 --stop 2026-11")
@takes_scope(days=True, basis=True)
@click.option("--by", type=click.Choice(LEVELS + STAGES), default="feature", show_default=True)
@takes_currency()
@takes_print
def cost(scope: Scope, by: str, currency: str | None, printed: Print) -> None:
    """Show what things cost; the column `allocated` sums to the bill.

    avoidable: what dropping this one alone saves, if capacity shrinks with use. allocated: its fair
    share. stand_alone: what it would cost by itself. What nobody bears is a row in parentheses.
    """
    from costlens.questions.costs import cost as cost_of

    with scope.asking() as asked:
        basis = scope.basis_of(asked)
        answer = cost_of(asked, by=by, basis=basis, window=scope.window, currency=currency)
    printed.show(answer, total="allocated")
