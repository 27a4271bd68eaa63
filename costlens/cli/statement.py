"""`costlens statement`."""

import click

from costlens.cli.options import Scope, takes_currency, takes_print, takes_scope
from costlens.cli.output import Print


@click.command(epilog="Example: costlens statement --month 2026-08..2026-10")
@takes_scope(days=True)
@click.option("--by", type=click.Choice(["class"]), help="Split the lines by class of charge.")
@takes_currency()
@takes_print
def statement(scope: Scope, by: str | None, currency: str | None, printed: Print) -> None:
    """Show where all of each bill went, in both bases; `difference` is always 0.

    Months are billing periods: a correction stands in the period it was billed in. A closed month
    ties to the bill it was closed with; `held` is by how much the bill delivered since is another.
    Bills of several currencies stay rows of their own, also in one --currency, where `rounding` is
    what converting each figure once leaves.
    """
    from costlens.questions.stating import state

    with scope.asking() as asked:
        printed.show(state(asked, window=scope.window, by_class=bool(by), currency=currency))
