"""Builds: the published results, one row and one file each in the table `builds`."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from costlens.lake.log import DataFile, milliseconds
from costlens.lake.tables import TABLES
from costlens.lake.views import literal, name

Json = dict[str, Any]  # Any: whatever JSON holds
_BUILDS = TABLES["builds"]


@dataclass(frozen=True, kw_only=True)
class Build:
    """One published, immutable result; `versions` says where every other table stood.

    The book of rules that it was made by can be large: it stays in the table `builds`.

    A table that had never held a row has the version None. Times are naive UTC.
    """

    number: int
    built_at: datetime
    engine: str
    versions: dict[str, int | None]
    inputs: Json
    settings: Json
    periods: Json
    totals: Json


def number_of(path: str) -> int:
    """Read a build's number off its file's name, so that finding one opens no other."""
    return int(path.split("-")[1])


def naive(at: datetime) -> datetime:
    """Drop the zone of a time, in UTC."""
    return at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at


def read_builds(paths: Iterable[Path]) -> list[Build]:
    """Read builds from their files, oldest first."""
    import duckdb

    columns = ", ".join(name(column) for column in _BUILDS.columns if column != "book")
    listed = ", ".join(literal(str(path)) for path in paths)
    with duckdb.connect() as con:
        rows = con.execute(
            f"select {columns} from read_parquet([{listed}], hive_partitioning = false)"
            " order by build"
        ).fetchall()
    return [
        Build(
            number=row[0],
            built_at=row[1],
            engine=row[2],
            versions=json.loads(row[3]),
            inputs=json.loads(row[4]),
            settings=json.loads(row[5]),
            periods=json.loads(row[6]),
            totals=json.loads(row[7]),
        )
        for row in rows
    ]


def write_build(build: Build, book: Json, folder: Path, *, token: str) -> DataFile:
    """Write a build's one-row file into the folder of `builds`, not yet visible to anyone."""
    import duckdb

    texts = (build.versions, build.inputs, build.settings, book, build.periods, build.totals)
    row = (
        build.number,
        build.built_at,
        build.engine,
        *(json.dumps(text, sort_keys=True, allow_nan=False) for text in texts),
    )
    columns = ", ".join(
        f"cast(${at} as {kind}) as {name(column)}"
        for at, (column, kind) in enumerate(_BUILDS.columns.items(), start=1)
    )
    path = folder / f"build-{build.number:08}-{token}.parquet"
    folder.mkdir(exist_ok=True)
    with duckdb.connect() as con:
        con.execute(
            f"copy (select {columns}) to {literal(str(path))} (format parquet, compression zstd)",
            row,
        ).fetchall()
    return DataFile(
        path=path.name,
        partition=(),
        size=path.stat().st_size,
        rows=1,
        written_ms=milliseconds(build.built_at),
    )
