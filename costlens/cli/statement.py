"""`costlens statement`."""

import click

from costlens.cli.options import Scope, takes_print, takes_scope
from costlens.cli.output import Print


@click.command(epilog="Example: costlens statement --start 2026-05 --stop 2026-06")
@takes_scope(days=True)
@click.option("--by", type=click.Choice(["class"]), help="Split the lines by class of charge.")
@takes_print
def statement(scope: Scope, by: str | None, printed: Print) -> None:
    """Show where all of each bill went, in both bases; `difference` is always 0.

    Months are billing periods: a correction stands in the period it was billed in.
    """
    question = "statement_by_class" if by else "statement"
    with scope.asking() as asked:
        printed.show(asked.ask(question, **scope.window.given))
