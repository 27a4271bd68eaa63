"""One table's Delta log: which files a version has, and one commit to the next version.

The log is the only truth about which files a table has. A writer holds the lake's lock, so a
commit that finds another writer's version in its place fails instead of trying again.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from costlens.errors import CostLensError
from costlens.lake.schema import delta_schema
from costlens.lake.tables import Table

if TYPE_CHECKING:
    from deltalake import DeltaTable

# History is the product: Delta's own clean-up must never take a version that a build names.
_CONFIGURATION = {
    "delta.logRetentionDuration": "interval 36500 days",
    "delta.deletedFileRetentionDuration": "interval 36500 days",
    "delta.enableExpiredLogCleanup": "false",
    "delta.checkpointInterval": "10",  # opening replays at most so many commits
}


@dataclass(frozen=True, kw_only=True)
class DataFile:
    """One Parquet file of a table: its path inside the table's folder, and what the log says."""

    path: str
    partition: tuple[str, ...]
    size: int
    rows: int
    written_ms: int


def milliseconds(at: datetime) -> int:
    """Turn a UTC time, naive or not, into the milliseconds that Delta writes."""
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)


def files_at(folder: Path, table: Table, version: int | None) -> dict[str, DataFile]:
    """List a version's files by path; a table that was not there at that version has none."""
    return {} if version is None else _files(_load(folder, table, version=version), table)


def paths_at(folder: Path, table: Table, version: int | None) -> list[str]:
    """List a version's paths alone: what a reader needs, in half the time."""
    if version is None:
        return []
    paths = _load(folder, table, version=version).get_add_actions()["path"].to_pylist()
    return sorted(str(path) for path in paths)


def files_at_head(folder: Path, table: Table) -> dict[str, DataFile]:
    """List the newest version's files, published or not, by path."""
    newest = _newest(folder, table)
    return _files(newest, table) if newest else {}


def settle(
    folder: Path, table: Table, wanted: Mapping[str, DataFile], *, at: datetime, note: str
) -> int | None:
    """Make a table's newest version hold exactly the wanted files, in one commit; return it.

    Whatever the newest version is, also one that a dead refresh left, the commit holds just the
    difference; no difference, no commit. A table that would be created empty is not created.
    """
    newest = _newest(folder, table)
    present = _files(newest, table) if newest else {}
    added = [file for path, file in wanted.items() if path not in present]
    gone = [file for path, file in present.items() if path not in wanted]
    if added or gone:
        newest = newest or _create(folder, table)
        return _commit(newest, table, added, gone, folder=folder, at=at, note=note)
    return newest.version() if newest else None


def _newest(folder: Path, table: Table) -> "DeltaTable | None":
    begun = any((folder / "_delta_log").glob("0*.json"))
    return _load(folder, table) if begun else None


def _load(folder: Path, table: Table, *, version: int | None = None) -> "DeltaTable":
    from deltalake import DeltaTable

    found = DeltaTable(folder, version=version)
    if found.schema() != delta_schema(table):
        raise CostLensError(
            f"table {table.name!r} has other columns than this version of CostLens writes",
            where=str(folder),
            hint="use the version that wrote this lake, or refresh into a new folder",
        )
    return found


def _files(found: "DeltaTable", table: Table) -> dict[str, DataFile]:
    actions = found.get_add_actions()
    paths, sizes, rows, written = (
        actions.column(name).to_pylist()
        for name in ("path", "size_bytes", "num_records", "modification_time")
    )
    keys: list[tuple[str, ...]] = [()] * len(paths)
    if table.partitions and paths:
        values = actions.column("partition").to_pylist()
        keys = [tuple(value[name] for name in table.partitions) for value in values]
    listed = zip(paths, keys, sizes, rows, written, strict=True)
    return {
        path: DataFile(path=path, partition=key, size=size, rows=count, written_ms=ms)
        for path, key, size, count, ms in sorted(listed)
    }


def _create(folder: Path, table: Table) -> "DeltaTable":
    from deltalake import DeltaTable

    return DeltaTable.create(
        folder,
        delta_schema(table),
        partition_by=list(table.partitions),
        description=table.grain,
        configuration=_CONFIGURATION,
    )


def _commit(
    newest: "DeltaTable",
    table: Table,
    added: Iterable[DataFile],
    gone: Iterable[DataFile],
    *,
    folder: Path,
    at: datetime,
    note: str,
) -> int:
    """Add and remove files in one version.

    Mode "append" with removals of our own replaces several partitions at once; the one filter of
    "overwrite" cannot name two pairs of values exactly.
    """
    from deltalake import CommitProperties, PostCommitHookProperties
    from deltalake.transaction import AddAction, RemoveAction

    def values(file: DataFile) -> dict[str, str | None]:
        return dict(zip(table.partitions, file.partition, strict=True))

    adds = [
        AddAction(f.path, f.size, values(f), f.written_ms, True, f'{{"numRecords":{f.rows}}}')
        for f in added
    ]
    removes = [RemoveAction(f.path, True, milliseconds(at), f.size, values(f)) for f in gone]
    _to_disk([folder / add.path for add in adds])
    version = newest.version() + 1
    newest.create_write_transaction(
        [*adds, *removes],
        "append",
        delta_schema(table),
        list(table.partitions),
        commit_properties=CommitProperties({"userMetadata": note}, max_commit_retries=0),
        post_commithook_properties=PostCommitHookProperties(cleanup_expired_logs=False),
    )
    _to_disk([folder / "_delta_log" / f"{version:020}.json"])
    return version


def _to_disk(paths: Iterable[Path]) -> None:
    """Wait until files, and the folders that name them, would survive a power cut."""
    wanted = list(paths)
    for path in [*wanted, *{path.parent for path in wanted}]:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
