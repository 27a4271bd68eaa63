"""`costlens loads`."""

import click

from costlens.cli.options import Scope, takes_print, takes_scope
from costlens.cli.output import Print


@click.command(epilog="Example: costlens loads --month 2026-10")
@takes_scope(days=True)
@takes_print
def loads(scope: Scope, printed: Print) -> None:
    """List every delivery of every source and month, and what each one restated.

    `billed_change` and `effective_change` are the difference to the delivery before. What was
    superseded, dropped, or came from a source that is gone no longer counts, but stays listed; what
    is held came for a closed month, and counts once that is reopened.
    """
    with scope.asking() as asked:
        printed.show(asked.ask("loads", **scope.window.given))
