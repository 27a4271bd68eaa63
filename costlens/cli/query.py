"""`costlens query`."""

import time
from pathlib import Path

import click

from costlens.cli.options import Scope, open_lake, takes_print, takes_scope
from costlens.cli.output import Print
from costlens.errors import CostLensError

_SECONDS, _MOST = 300, 1_000_000
_LOOK = 2  # seconds


@click.command(epilog='Example: costlens query "select sum(BilledCost) from charges"')
@click.argument("sql", required=False)
@takes_scope()
@click.option(
    "--list", "listed", is_flag=True, help="List the saved questions, and the values they take."
)
@click.option(
    "--set",
    "values",
    multiple=True,
    metavar="NAME=VALUE",
    help="A value for $NAME in the SQL. May be given several times.",
)
@click.option(
    "--seconds",
    type=click.IntRange(min=0),
    default=_SECONDS,
    show_default=True,
    help="Give up after so many. 0: never.",
)
@click.option(
    "--most",
    type=click.IntRange(min=0),
    default=_MOST,
    show_default=True,
    help="Refuse an answer of more rows. 0: any.",
)
@click.option("--watch", is_flag=True, help="Answer again for each new build, until Ctrl-C.")
@takes_print
def query(
    sql: str | None,
    scope: Scope,
    listed: bool,
    values: tuple[str, ...],
    seconds: int,
    most: int,
    watch: bool,
    printed: Print,
) -> None:
    """Ask a build one select in DuckDB's SQL; `show tables` lists what there is.

    The connection is locked: it reads the build's own files and nothing else.

    In place of SQL the name of a saved question: NAME for questions/NAME.sql beside costlens.yaml,
    whose first line says in a comment what it answers.
    """
    from costlens.config import find_folder
    from costlens.questions.free import ask_freely
    from costlens.questions.saved import saved_questions

    if listed == (sql is not None) or (watch and (scope.build is not None or listed)):
        raise click.UsageError("write a select or the name of a saved question; or take --list")
    folder = find_folder(scope.config)
    if listed:
        printed.show(saved_questions(folder))
        return
    given = dict(_pair(value) for value in values)
    text = _text(folder, sql or "")
    lake = open_lake(scope.config)
    number = scope.build
    while True:
        build = lake.build(number)
        answer = ask_freely(
            lake, build, text, given=given, most=most or None, seconds=seconds or None
        )
        if watch:
            click.echo(f"build {build.number} of {build.built_at:%Y-%m-%d %H:%M} UTC", err=True)
        printed.show(answer)
        if not watch:
            return
        while lake.newest() == build.number:
            time.sleep(_LOOK)


def _text(folder: Path, sql: str) -> str:
    """Give the SQL that is meant: a single word is the name of a question, where any is saved."""
    from costlens.questions.saved import has_saved, saved_sql

    if sql.strip() and len(sql.split()) == 1 and has_saved(folder):
        return saved_sql(folder, sql.strip())
    return sql


def _pair(value: str) -> tuple[str, str]:
    name, equals, said = value.partition("=")
    if not equals or not name.isidentifier():
        raise CostLensError(f'"{value}" sets nothing', where="--set", hint="write NAME=VALUE")
    return name, said
