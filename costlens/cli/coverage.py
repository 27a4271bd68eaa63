"""`costlens coverage`."""

import click

from costlens.cli.options import Scope, takes_currency, takes_level, takes_print, takes_scope
from costlens.cli.output import Print


@click.command(epilog="Example: costlens coverage --by model --month 2026-05")
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
    shares it out. "(all of them)" is all targets of the level together.
    """
    from costlens.questions.ask import set_rates

    with scope.asking() as asked:
        set_rates(asked.con, asked.build, currency, window=scope.window)
        answer = asked.ask("coverage", level=by, basis=scope.basis_of(asked), **scope.window.given)
    printed.show(answer)
