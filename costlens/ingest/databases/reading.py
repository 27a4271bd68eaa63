"""Read the tables of a pack out of a database server, each of them only when its rows are others.

All tables are read as they were at one moment. The server counts and hashes the rows of each, and
only the tables whose hash is another than that of the kept copy are streamed: what ran late, was
run again or was deleted is in the hash. The copy lies in the lake, as that of a bucket does.
"""

import json
import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from costlens.config.address import Address, address_of
from costlens.config.values import Password, Source, Workspace
from costlens.errors import CostLensError, Finding
from costlens.ingest.cache import DATABASES, cache_of, forget_others, is_known, keep, part_of
from costlens.ingest.databases import mysql, postgresql
from costlens.ingest.databases.trouble import TroubleError
from costlens.ingest.fetch import SourceFile, named_file, put_as_one
from costlens.ingest.packs import Pack
from costlens.ingest.wanted import Wanted, wanted
from costlens.lake.lock import writing_lock

_SAMPLE = 1000
_VERSION = 1  # of how values are written: another one reads all tables again


class Database(Protocol):
    """The tables of a database as they were at one moment."""

    def columns(self) -> dict[str, tuple[str, ...]]:
        """List the tables and views, each with its columns."""
        ...

    def hash_rows(self, table: str, columns: tuple[str, ...]) -> str:
        """Count and hash the rows of a table where they are, in whatever order they stand."""
        ...

    def write_csv(
        self, table: str, columns: tuple[str, ...], out: Path, *, limit: int | None = None
    ) -> None:
        """Stream some columns of a table into a file, with times in UTC."""
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
    password = _password(source.password, workspace.folder)
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
        """Stream a table if its rows are others than those of its copy."""
        path = self.cache / f"{one.table}.csv"
        rows = database.hash_rows(one.real, one.columns)
        of = [_VERSION, self.source.url, self.source.schema, one.real, one.columns, rows]
        told = json.dumps(of)
        if not is_known(path, told):
            self.say(f"read {one.shown}")
            database.write_csv(one.real, one.columns, part_of(path))
            keep(path, told)
        return one.table, _named(path, one)


def _first_rows(database: Database, one: Wanted, folder: Path) -> tuple[str, SourceFile]:
    path = folder / f"{len(list(folder.iterdir()))}.csv"
    database.write_csv(one.real, one.columns, path, limit=_SAMPLE)
    return one.table, _named(path, one)


def _named(path: Path, one: Wanted) -> SourceFile:
    return replace(named_file(path), name=one.shown)


def _password(kept: Password | None, folder: Path) -> str | None:
    """Read a password from where it is kept."""
    if kept is None:
        return None
    if kept.env is not None:
        if kept.env not in os.environ:
            raise _told(f"the environment has no {kept.env}", kept.place, "set it to the password")
        return os.environ[kept.env]
    assert kept.file is not None  # one of the two is written
    try:
        text = (folder / Path(kept.file).expanduser()).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = (error.strerror or str(error)) if isinstance(error, OSError) else "it is not UTF-8"
        raise _told(
            f"the password cannot be read from {kept.file}: {why.lower()}",
            kept.place,
            "write the password into that file, and nothing else",
        ) from None
    return text.rstrip("\r\n")


def _told(message: str, where: str, hint: str) -> CostLensError:
    return CostLensError(
        findings=[Finding(message=message, where=where, hint=hint, code="bad_database")]
    )
