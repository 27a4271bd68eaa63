"""`costlens whatif`."""

from pathlib import Path

import click

from costlens.cli.options import (
    Scope,
    open_lake,
    takes_currency,
    takes_level,
    takes_print,
    takes_scope,
)
from costlens.cli.output import Print


@click.command(epilog="Example: costlens whatif changes.yaml --by model --month 2026-10")
@click.argument("changes", type=click.Path(dir_okay=False, path_type=Path))
@takes_scope(days=True, basis=True)
@takes_level("feature", also=("team",))
@takes_currency(one=True)
@takes_print
def whatif(changes: Path, scope: Scope, by: str, currency: str | None, printed: Print) -> None:
    """Show what things would cost and be worth if something were different; nothing is stored.

    CHANGES is a YAML file: drop: [feature:a]; merge: [{drop: feature:a, into: feature:b}];
    weight: [{target: feature:a, weight: 2}]; price: [{service: Compute, factor: 0.8}];
    volume: [{target: model:m, factor: 2}]; owner: [{target: pipeline:p, team: risk}];
    end_commitments: ["arn:*savingsplan/1*"].

    cost and net are as they are, cost_then and net_then as they would be. (stopped): stages that
    only those needed who go; each column of cost adds up to its bill. Capacity is taken to shrink
    with use, and commitments to end: costlens avoidable --horizon now says what is saved at once.
    """
    from costlens.config.changes import read_changes
    from costlens.whatif import Question, what_if

    lake = open_lake(scope.config)
    build = lake.build(scope.build)
    question = Question(
        level=by,
        basis=scope.basis or str(build.settings["basis"]),
        window=scope.window,
        currency=currency,
    )
    answer = what_if(lake, build, read_changes(changes), question)
    printed.show(answer, total="change")
