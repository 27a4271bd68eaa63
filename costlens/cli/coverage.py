"""`costlens coverage`."""

import click

from costlens.cli.options import Scope, takes_currency, takes_level, takes_print, takes_scope
from costlens.cli.output import Print


@click.command(epilog="Example: costlens coverage --by model --month 2026-10")
@takes_scope(days=True, basis=True)
@takes_level("feature", also=("bill",))
@takes_currency()
@takes_print
def coverage(scope: Scope, by: str, currency: str | None, printed: Print) -> None:
    """Show how well each number is known: its cost by grade of evidence.

    direct: matched to it by the bill. measured, modelled, declared, even: the worst step on its
    way. unallocated: nobody's. measured_share: direct and measured, of the cost. They add up to the
    cost; a bill's are those of its lines as far as their stages, before anybody needs them.

    convention: what would not be saved if this one alone went; others need it too, and a rule
    shares it out. "(all targets)" are all of the level together.

    low and high: the cost less and more what better measuring moves, on average, where it can be
    told from this company's own data (band_share of `costlens measure-next`), by grade. Where a
    weak grade has no such band, they are unknown.
    """
    from costlens.questions.ask import in_currency
    from costlens.questions.covering import coverage as cover

    with scope.asking() as asked, in_currency(asked, currency, scope.window):
        answer = cover(asked, level=by, basis=scope.basis_of(asked), window=scope.window)
    printed.show(answer)
