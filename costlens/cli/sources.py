"""`costlens sources`."""

import click

from costlens.cli.options import Scope, takes_print, takes_scope
from costlens.cli.output import Print


@click.command(epilog="Example: costlens sources")
@takes_scope()
@takes_print
def sources(scope: Scope, printed: Print) -> None:
    """List the sources: the newest day of their data, their months, rows and totals, their notes.

    `findings` counts what stands noted about the rows; `costlens findings` says what.
    """
    from costlens.questions.published import sources_of

    with scope.asking() as asked:
        printed.show(sources_of(asked, scope.config))
