"""Databases that are one delivery: of each table the rows of all of them, in one file."""

import csv
import sqlite3
from bisect import bisect_right
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

from costlens.errors import CostLensError, Finding
from costlens.ingest.fetch import SourceFile
from costlens.ingest.header import refuse_format
from costlens.ingest.packs import Pack
from costlens.ingest.sqlite import columns_of, opened_database, write_rows
from costlens.ingest.wanted import Wanted, refuse_missing, wanted_of
from costlens.lake.views import name


@dataclass(kw_only=True)
class Rows:
    """The rows of a table out of several databases, and how many stand before those of each."""

    file: SourceFile
    out: IO[str]
    count: int = 0
    begins: list[int] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)

    def add(
        self,
        database: sqlite3.Connection,
        one: Wanted,
        columns: Sequence[str | None],
        *,
        limit: int | None,
    ) -> None:
        """Add the rows of one more database."""
        self.shown.append(one.shown)
        self.begins.append(self.count)
        write_rows(database, one.real, columns, self.out, limit=limit)
        ((count,),) = database.execute(f"select count(*) from {name(one.real)}").fetchall()
        self.count += min(count, limit or count)

    def where(self, row: int) -> str:
        """Name the database, the table and the row that a row of the file was there."""
        place = bisect_right(self.begins, row - 1) - 1
        return f"{self.shown[place]} row {row - self.begins[place]}"


def put_together(
    whole: SourceFile,
    pack: Pack,
    *,
    staging: Path,
    limit: int | None,
) -> dict[str, Rows]:
    """Write the tables of a pack out of databases; raise what is wrong with any of them."""
    found: dict[str, Rows] = {}
    seen: set[str] = set()
    findings: list[Finding] = []
    with ExitStack() as opened:
        for _, file in whole.parts:
            try:
                _add(file, found, seen, pack, staging=staging, limit=limit, opened=opened)
            except CostLensError as error:
                findings += error.findings
    if findings:
        raise CostLensError(findings=findings)
    refuse_missing(whole, pack, sorted(seen), "of them all, a database")
    return found


def _add(
    file: SourceFile,
    found: dict[str, Rows],
    seen: set[str],
    pack: Pack,
    *,
    staging: Path,
    limit: int | None,
    opened: ExitStack,
) -> None:
    """Add the rows of a database to those of the ones before it."""
    refuse_format(file, pack)
    with opened_database(file, staging) as database:
        has = columns_of(database)
        seen.update(has)
        for one in wanted_of(has, file, pack):
            columns = pack.of_table(one.table).columns
            if one.table not in found:
                path = staging / f"together-{len(list(staging.iterdir()))}.csv"
                out = opened.enter_context(path.open("w", newline="", encoding="utf-8"))
                csv.writer(out).writerow(columns)
                part = replace(file, name=one.table, path=path, format="csv", zipped=False)
                found[one.table] = Rows(file=part, out=out)
            real = [one.found.get(column) for column in columns]
            found[one.table].add(database, one, real, limit=limit)
