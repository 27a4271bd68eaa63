"""`costlens sources`."""

import json

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
    from costlens.config import find_settings

    _, settings = find_settings(scope.config)
    named = [{"name": source.name, "type": source.type} for source in settings.sources]
    with scope.asking() as asked:
        printed.show(asked.ask("sources", sources=json.dumps(named)))
