"""`costlens runs`."""

import click

from costlens.cli.options import Scope, takes_print, takes_scope
from costlens.cli.output import Print


@click.command(epilog="Example: costlens runs --explain scheduled__2026-10-31T19:30:00+00:00")
@takes_scope(days=True)
@click.option("--pipeline", help="Only runs of this pipeline, as the catalogue calls it.")
@click.option("--explain", "run", metavar="RUN", help="One run: what it is in, what is in it.")
@takes_print
def runs(scope: Scope, pipeline: str | None, run: str | None, printed: Print) -> None:
    """List runs, and how much of their time is their own.

    Where several tools report the same work, the inner one has the time: `own_seconds` is an
    attempt's time less that of what is nested in it, so no second is paid twice. RUN is a run's id,
    `pipeline/run` or `source:pipeline/run`; --explain lists all attempts from the outermost run on
    down, `because` the log names a parent or because one's time lies within the other's.
    """
    from costlens.questions.runs import explain_run, list_runs

    with scope.asking() as asked:
        if run is None:
            answer = list_runs(asked, scope.window, pipeline=pipeline)
        else:
            answer = explain_run(asked, run)
    printed.show(answer)
