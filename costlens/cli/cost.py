"""`costlens cost`."""

import click

from costlens.cli.options import Scope, takes_currency, takes_print, takes_scope
from costlens.cli.output import Print

_TARGETS = ("feature", "model", "product")
_STAGES = ("pipeline", "stage", "team", "service", "class", "grade")


@click.command(epilog="Example: costlens cost --by model --start 2026-05 --stop 2026-06")
@takes_scope(days=True, basis=True)
@click.option("--by", type=click.Choice(_TARGETS + _STAGES), default="feature", show_default=True)
@takes_currency()
@takes_print
def cost(scope: Scope, by: str, currency: str | None, printed: Print) -> None:
    """Show what things cost; the column `allocated` sums to the bill.

    avoidable: what dropping this one alone saves, if capacity shrinks with use. allocated: its fair
    share. stand_alone: what it would cost by itself. What nobody bears is a row in parentheses.
    """
    from costlens.questions.ask import set_rates

    with scope.asking() as asked:
        set_rates(asked.con, asked.build, currency, window=scope.window)
        answer = asked.ask(
            "cost_by_target" if by in _TARGETS else "cost_by_stage",
            level=by,
            by=by,
            basis=scope.basis_of(asked),
            **scope.window.given,
        )
    printed.show(answer, total="allocated")
