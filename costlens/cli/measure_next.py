"""`costlens measure-next`."""

import click

from costlens.cli.options import Scope, takes_currency, takes_level, takes_print, takes_scope
from costlens.cli.output import Print


@click.command("measure-next", epilog="Example: costlens measure-next --by model --month 2026-10")
@takes_scope(days=True, basis=True)
@takes_level("feature", says="The level whose needs count.")
@takes_currency()
@takes_print
def measure_next(scope: Scope, by: str, currency: str | None, printed: Print) -> None:
    """Show whose better measurement would move most money, and what to measure.

    One row per pipeline, or stage without one, and the weak step its money came by: `cost` counts
    once, at its worst step. distance: grades from measured: C modelled 1, D declared 2, E even 3,
    U unallocated 4. priority: cost times distance.

    band_share: which part of the money a better rung would move. Where both are known, it is the
    distance of the lower one from the better: of declared weights from reads, of rows or bytes from
    work seconds. Else that of the weights in use from an even split, and of an even split what
    measured reads move. Steps between the bill and what is made have none.
    """
    from costlens.questions.costs import measure_next as guesses

    with scope.asking() as asked:
        basis = scope.basis_of(asked)
        answer = guesses(asked, level=by, basis=basis, window=scope.window, currency=currency)
    printed.show(answer)
