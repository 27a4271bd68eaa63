"""`costlens months`."""

import click

from costlens.cli.options import Scope, takes_print, takes_scope
from costlens.cli.output import Print


@click.command(epilog="Example: costlens months --format csv")
@takes_scope()
@takes_print
def months(scope: Scope, printed: Print) -> None:
    """List the billing months: how far the bill reaches, and which are closed, since when, by whom.

    `build` is the one that a closed month stays as, `rates` are those it was closed with, and
    `held` counts the deliveries that came for it since and do not count.
    """
    with scope.asking() as asked:
        printed.show(asked.ask("months_closed"))
