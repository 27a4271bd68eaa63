"""`costlens query`."""

import click

from costlens.cli.options import Scope, open_lake, takes_print, takes_scope
from costlens.cli.output import Print


@click.command(epilog='Example: costlens query "select sum(BilledCost) from charges"')
@click.argument("sql")
@takes_scope()
@takes_print
def query(sql: str, scope: Scope, printed: Print) -> None:
    """Ask a build one select in DuckDB's SQL; `show tables` lists what there is.

    The connection is locked: it reads the build's own files and nothing else.
    """
    from costlens.questions.free import ask_freely

    lake = open_lake(scope.config)
    printed.show(ask_freely(lake, lake.build(scope.build), sql))
