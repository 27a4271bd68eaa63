"""`costlens trace`."""

import click

from costlens.cli.options import Scope, takes_print, takes_scope
from costlens.cli.output import Print


@click.command(epilog="Example: costlens trace aws:2026-10:17")
@click.argument("line")
@takes_scope(basis=True)
@takes_print
def trace(line: str, scope: Scope, printed: Print) -> None:
    """Show where one billing line (source:period:number) went, at every level.

    At each level the amounts add up to the line, to the last unit.
    """
    from costlens.questions.explaining import trace_line

    with scope.asking() as asked:
        printed.show(trace_line(asked, line, basis=scope.basis_of(asked)))
