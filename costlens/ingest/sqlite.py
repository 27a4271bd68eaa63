"""Read the tables of a SQLite database: which there are, their columns, their rows as CSV.

The user's folder is never written to: a database with a write-ahead log or a journal beside it is
copied first, as SQLite would have to open those for writing.
"""

import csv
import gzip
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO

from costlens.errors import CostLensError
from costlens.ingest.fetch import SourceFile, beside
from costlens.lake.views import name


@contextmanager
def opened_database(file: SourceFile, staging: Path) -> Iterator[sqlite3.Connection]:
    """Open a database as it was when it was hashed; what is no database is told."""
    try:
        path, options = _readable(file, staging)
        file.check_unchanged()
        with closing(sqlite3.connect(f"{path.as_uri()}?{options}", uri=True)) as database:
            database.execute("begin")  # one state for all tables
            database.execute("select count(*) from sqlite_master").fetchall()
            file.check_unchanged()
            yield database
            if path == file.path.resolve():
                file.check_unchanged()
    except (sqlite3.Error, gzip.BadGzipFile, EOFError) as error:
        raise CostLensError(
            f"cannot be read as a SQLite database: {error}",
            where=file.name,
            hint="copy it with: sqlite3 the.db '.backup copy.db', and name the copy",
        ) from error


def columns_of(database: sqlite3.Connection) -> dict[str, tuple[str, ...]]:
    """List the tables and views of a database, each with its columns."""
    rows = database.execute("select name from sqlite_master where type in ('table', 'view')")
    return {
        table: tuple(row[1] for row in database.execute(f"pragma table_info({name(table)})"))
        for (table,) in sorted(rows.fetchall())
    }


def write_csv(
    database: sqlite3.Connection,
    table: str,
    columns: Sequence[str],
    out: Path,
    *,
    limit: int | None = None,
) -> None:
    """Write some columns of a table, in the order of its rows."""
    with out.open("w", newline="", encoding="utf-8") as opened:
        csv.writer(opened).writerow(columns)
        write_rows(database, table, columns, opened, limit=limit)


def write_rows(
    database: sqlite3.Connection,
    table: str,
    columns: Sequence[str | None],
    out: IO[str],
    *,
    limit: int | None = None,
) -> None:
    """Write some columns of a table, in the order of its rows; None for one that it lacks."""
    cut = f" limit {limit}" if limit else ""
    selected = ", ".join(name(column) if column else "null" for column in columns)
    csv.writer(out).writerows(database.execute(f"select {selected} from {name(table)}{cut}"))


def _readable(file: SourceFile, staging: Path) -> tuple[Path, str]:
    """Give a path that can be opened without writing beside it, and the options to open it."""
    path = file.path.resolve()
    copy = staging / f"{file.sha256[:16]}-{len(list(staging.iterdir()))}.db"
    logs = beside(path)
    if file.zipped:
        with gzip.open(path, "rb") as packed, copy.open("wb") as whole:
            shutil.copyfileobj(packed, whole)
    elif logs:
        shutil.copyfile(path, copy)
        for log in logs:
            shutil.copyfile(log, copy.with_name(copy.name + log.name.removeprefix(path.name)))
    else:
        with path.open("rb") as opened:
            keeps_log = opened.read(19)[18:] == b"\2"
        # Locking a database that is to have a log would make one.
        return path, "mode=ro&immutable=1" if keeps_log else "mode=ro"
    return copy, "mode=rw"
