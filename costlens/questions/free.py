"""Answer a user's own SQL on a locked connection that reads one build and nothing else."""

import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from costlens.engine import connect
from costlens.errors import CostLensError
from costlens.lake import Build, Lake
from costlens.questions.ask import Answer

if TYPE_CHECKING:
    import duckdb


def ask_freely(
    lake: Lake,
    build: Build,
    sql: str,
    *,
    given: Mapping[str, object] | None = None,
    most: int | None = None,
    seconds: int | None = None,
    where: str = "query",
) -> Answer:
    """Run exactly one select over the tables of a build.

    `given` has values for the `$name`s of the SQL. More rows than `most`, or more time than
    `seconds`, is an error and no answer. `where` says in errors whose SQL it is.
    """
    import duckdb

    with _locked(lake, build, sql, where) as con:
        named = {name: value for name, value in (given or {}).items() if f"${name}" in sql}
        try:
            with _limited(con, seconds):
                con.execute(sql, named) if named else con.execute(sql)
                described = con.description or []
                rows = con.fetchall() if most is None else con.fetchmany(most + 1)
        except duckdb.InterruptException as error:
            raise CostLensError(
                f"no answer within {seconds} seconds",
                where=where,
                hint="ask for less, or allow it more time",
            ) from error
        except duckdb.Error as error:
            raise CostLensError(_first_line(error), where=where, hint=_hint(error)) from error
    if most is not None and len(rows) > most:
        raise CostLensError(
            f"the answer has more than {most} rows",
            where=where,
            hint="ask for less, or allow it more rows",
        )
    return Answer(
        columns=tuple(column[0] for column in described),
        types=tuple(str(column[1]) for column in described),
        rows=tuple(tuple(row) for row in rows),
    )


@contextmanager
def _locked(
    lake: Lake, build: Build, sql: str, where: str
) -> "Iterator[duckdb.DuckDBPyConnection]":
    """Give a connection that sees the build's own files and has no way to see more."""
    import duckdb

    with connect() as con:
        try:
            statements = con.extract_statements(sql)
        except duckdb.Error as error:
            raise CostLensError(_first_line(error), where=where) from error
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise CostLensError(
                f"{where} takes exactly one select",
                where=where,
                hint="for example: select * from ledger",
            )
        lake.open(con, build)
        con.execute("set allowed_paths = $paths", {"paths": lake.files(build)})
        con.execute("set enable_external_access = false")
        con.execute("set lock_configuration = true")
        yield con


@contextmanager
def _limited(con: "duckdb.DuckDBPyConnection", seconds: int | None) -> Iterator[None]:
    """Interrupt what runs on a connection when its time is over."""
    if seconds is None:
        yield
        return
    timer = threading.Timer(seconds, con.interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _hint(error: Exception) -> str:
    if missing := re.search(r"parameters?:? .*?(\w+)$", _first_line(error)):
        return f"give it a value: --set {missing[1]}=..."
    return 'tables: costlens query "select table_name from information_schema.tables"'


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
