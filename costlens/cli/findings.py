"""`costlens findings`."""

import click

from costlens.cli.options import Scope, takes_print, takes_scope
from costlens.cli.output import Print


@click.command(epilog="Example: costlens findings --format csv -o findings.csv")
@takes_scope()
@takes_print
def findings(scope: Scope, printed: Print) -> None:
    """List what is wrong or missing in a build, with its place and the money it touches."""
    with scope.asking() as asked:
        printed.show(asked.ask("findings"))
