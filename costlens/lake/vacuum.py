"""Delete what no kept build needs: the one place where files of the lake go away."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from costlens.lake.builds import Build, number_of
from costlens.lake.log import DataFile, files_at, files_at_head, settle
from costlens.lake.tables import TABLES, Table


@dataclass(frozen=True, kw_only=True)
class Vacuumed:
    """What a vacuum did: the builds it forgot, the files it deleted, and their size."""

    builds: tuple[int, ...]
    files: tuple[Path, ...]
    bytes: int


def vacuum(
    folder: Path, builds: Sequence[Build], *, kept: Sequence[Build], as_of: datetime
) -> Vacuumed:
    """Forget builds, then delete what the kept ones do not need; the caller holds the writing lock.

    Files go last: dying half-way leaves files too many, never a build without its files. Every
    table's newest version first becomes the latest build's, so that no reader of the tables
    themselves misses a file.
    """
    needed: set[Path] = set()
    for table in TABLES.values():
        place = folder / table.name
        wanted, newest = _wanted(place, table, kept)
        settle(place, table, newest, at=as_of, note="costlens vacuum")
        needed |= {place / path for path in wanted}
    files, size = _delete(path for path in _deletable(folder) if path not in needed)
    forgotten = tuple(build.number for build in builds if build not in kept)
    return Vacuumed(builds=forgotten, files=files, bytes=size)


def _wanted(
    place: Path, table: Table, kept: Sequence[Build]
) -> tuple[set[str], dict[str, DataFile]]:
    """Name the files any kept build needs, and those of the latest build."""
    if table.name == "builds":
        numbers = {build.number for build in kept}
        listed = files_at_head(place, table)
        newest = {path: file for path, file in listed.items() if number_of(path) in numbers}
        return set(newest), newest
    versions = {build.versions.get(table.name) for build in kept}
    files = {version: files_at(place, table, version) for version in versions}
    newest = files[kept[-1].versions.get(table.name)] if kept else {}
    return {path for found in files.values() for path in found}, newest


def _deletable(folder: Path) -> Iterable[Path]:
    """Walk over data files and the commits that were never finished, never over the log."""
    for table in TABLES:
        for path in sorted((folder / table).rglob("*")):
            in_log = "_delta_log" in path.relative_to(folder).parts
            if path.is_file() and path.suffix == (".tmp" if in_log else ".parquet"):
                yield path


def _delete(paths: Iterable[Path]) -> tuple[tuple[Path, ...], int]:
    gone, size = [], 0
    for path in paths:
        size += path.stat().st_size
        path.unlink()
        gone.append(path)
    for parent in sorted({path.parent for path in gone}, reverse=True):
        with suppress(OSError):  # not empty
            parent.rmdir()
            parent.parent.rmdir()
    return tuple(gone), size
