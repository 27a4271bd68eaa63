"""Read the tables of a pack out of a database server: only the rows that are others than before.

All tables are read as they were at one moment. The server puts the rows of each into groups by
their own hash, and counts and hashes every group; only groups whose hash is another than that of
the kept copy are streamed, and take the place of what was kept of them. What ran late, was run
again or was deleted changes its groups, whatever its table has for a key or a time. The copy lies
in the lake, as that of a bucket does.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from costlens.config.address import Address, address_of
from costlens.config.secrets import secret_of
from costlens.config.values import Source, Workspace
from costlens.errors import CostLensError, Finding
from costlens.ingest.cache import (
    DATABASES,
    cache_of,
    forget_others,
    is_known,
    keep,
    part_of,
    tag_of,
)
from costlens.ingest.databases import mysql, postgresql
from costlens.ingest.databases.groups import Groups, count_of, put_in_place
from costlens.ingest.databases.trouble import TroubleError
from costlens.ingest.fetch import SourceFile, named_file, put_as_one
from costlens.ingest.packs import Pack
from costlens.ingest.wanted import Wanted, wanted
from costlens.lake.lock import writing_lock

_SAMPLE = 1000
_VERSION = 2  # of how values are written: another one reads all tables again
_MOST = 0.5  # of the rows of a table; where more are others, all are read


class Database(Protocol):
    """The tables of a database as they were at one moment."""

    def columns(self) -> dict[str, tuple[str, ...]]:
        """List the tables and views, each with its columns."""
        ...

    def hash_rows(self, table: str, columns: tuple[str, ...]) -> Groups:
        """Count and hash each group of rows where they are, in whatever order they stand."""
        ...

    def write_csv(
        self,
        table: str,
        columns: tuple[str, ...],
        out: Path,
        *,
        groups: Collection[int] | None = None,
        limit: int | None = None,
    ) -> None:
        """Stream the group and some columns of the rows into a file, with times in UTC.

        `groups` names those whose rows are wanted, `limit` how many rows.
        """
        ...


_OPENED: Mapping[
    str, Callable[[Address, str | None, str | None], AbstractContextManager[Database]]
] = {"postgresql": postgresql.opened, "mysql": mysql.opened}


def read_database(
    source: Source,
    pack: Pack,
    workspace: Workspace,
    *,
    say: Callable[[str], None],
    sample: Path | None = None,
) -> SourceFile:
    """Give the tables of a source in a database; `sample` is a folder for their first rows."""
    if "sqlite" not in pack.description.format:
        raise CostLensError(
            f'"url" is for tables of a database, and the pack {pack.name} reads none',
            where=source.place,
            hint="write path:, or a type that reads tables: costlens packs",
        )
    assert source.url is not None  # else it is no such source
    address = address_of(source.url)
    assert address is not None  # the settings were checked
    lake = workspace.folder / workspace.settings.lake
    cache = cache_of(lake, source.name, "tables", kind=DATABASES)
    whole = put_as_one(address.shown, "database", (), path=sample or cache)
    kept = source.password
    password = None
    if kept is not None:
        password = secret_of(kept, workspace.folder, code="bad_database")
    try:
        with _OPENED[address.kind](address, password, source.schema) as database:
            tables = wanted(database.columns(), whole, pack)
            if sample:
                parts = [_first_rows(database, one, sample) for one in tables]
            else:
                reading = _Reading(address=address, source=source, cache=cache, say=say)
                with writing_lock(cache.parent):
                    parts = [reading.read(database, one) for one in tables]
                    forget_others(cache, {part.path for _, part in parts})
    except TroubleError as trouble:
        raise _told(f"{address.shown}: {trouble.message}", source.place, trouble.hint) from trouble
    return put_as_one(address.shown, "database", parts, path=whole.path)


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """What keeps the copy of a database's tables up to date."""

    address: Address
    source: Source
    cache: Path
    say: Callable[[str], None]

    def read(self, database: Database, one: Wanted) -> tuple[str, SourceFile]:
        """Stream the rows of a table that are others than those of its copy."""
        path = self.cache / f"{one.table}.csv"
        of = [_VERSION, self.source.url, self.source.schema, one.real, one.columns]
        now = database.hash_rows(one.real, one.columns)
        told = json.dumps([of, sorted(now.items())])
        if not is_known(path, told):
            others = self._others(path, of, now)
            if others is None:
                self.say(f"read {one.shown}")
                database.write_csv(one.real, one.columns, part_of(path))
            else:
                rows, whole = _many(now, others), _many(now, now)
                self.say(f"read {one.shown}: {rows:,} of {whole:,} rows")
                came = part_of(path.with_name(f"{one.table}.new.csv"))
                database.write_csv(one.real, one.columns, came, groups=others)
                put_in_place(path, came, others, part_of(path), columns=one.columns)
                came.unlink()
            keep(path, told)
        return one.table, _named(path, one)

    def _others(self, path: Path, of: Sequence[object], now: Groups) -> set[int] | None:
        """Name the groups whose rows are others than in the copy; None for the whole table."""
        told = tag_of(path)
        if told is None or not path.is_file():
            return None
        was_of, was = json.loads(told)
        if was_of != json.loads(json.dumps(of)):
            return None
        before = {int(group): str(rows) for group, rows in was}
        others = {one for one in {*before, *now} if before.get(one) != now.get(one)}
        return others if _many(now, others) <= _many(now, now) * _MOST else None


def _many(now: Groups, groups: Collection[int]) -> int:
    return sum(count_of(now[one]) for one in groups if one in now)


def _first_rows(database: Database, one: Wanted, folder: Path) -> tuple[str, SourceFile]:
    path = folder / f"{len(list(folder.iterdir()))}.csv"
    database.write_csv(one.real, one.columns, path, limit=_SAMPLE)
    return one.table, _named(path, one)


def _named(path: Path, one: Wanted) -> SourceFile:
    return replace(named_file(path), name=one.shown)


def _told(message: str, where: str, hint: str) -> CostLensError:
    return CostLensError(
        findings=[Finding(message=message, where=where, hint=hint, code="bad_database")]
    )
