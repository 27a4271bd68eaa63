"""What was parsed of logs, kept in the lake so that no log is parsed twice.

The logs that are parsed together lie in one Parquet file, `.parsed/<source>/logs/<name>.parquet`;
told beside it are the hash of each log, its number in the file, and what decided the parsing. As
with the copy of a bucket, a file with that beside it is whole, and the folder may be deleted at any
time: the next refresh then parses the logs that it needs.
"""

import json
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from costlens.ingest.cache import PARSED, cache_of, forget_others, keep, part_of, tag_of
from costlens.ingest.fetch import SourceFile
from costlens.lake.views import literal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

STAGED = "format parquet, row_group_size 30720"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a parsed log lies: a file, the log's number in it, and how large the log was."""

    path: Path
    number: int
    size: int


@dataclass(frozen=True, kw_only=True)
class _Batch:
    """The logs that were parsed together, by their hashes, and the size of all there were."""

    path: Path
    logs: Mapping[str, Place]
    size: int


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """The parsed logs of one source."""

    con: "DuckDBPyConnection"
    cache: Path
    parsing: str  # what decides the parsing: another one finds nothing of this one

    def places(self) -> dict[str, Place]:
        """Name the place of every log that is kept, by its hash."""
        return {log: place for batch in self._batches() for log, place in batch.logs.items()}

    def keep(
        self, staged: Path, logs: Mapping[int, SourceFile], *, of: Sequence[SourceFile]
    ) -> Path:
        """Keep logs by their numbers in a file that was parsed of some more; name its new place."""
        places = {
            file.sha256: Place(path=staged, number=number, size=file.size)
            for number, file in logs.items()
        }
        path = self._named(places)
        shutil.move(staged, part_of(path))
        keep(path, self._told(places, size=sum(file.size for file in of)))
        return path

    def forget(self, present: Collection[str]) -> None:
        """Delete what is none of the present logs; a file that is mostly that is written anew."""
        kept: set[Path] = set()
        for batch in list(self._batches()):
            logs = {log: place for log, place in batch.logs.items() if log in present}
            needed = sum(place.size for place in logs.values())
            if logs:
                is_most = 2 * needed >= batch.size
                kept.add(batch.path if is_most else self._thinned(batch, logs, size=needed))
        forget_others(self.cache, kept)

    def _thinned(self, batch: _Batch, logs: Mapping[str, Place], *, size: int) -> Path:
        path = self._named(logs)
        numbers = ", ".join(str(place.number) for place in logs.values())
        self.con.cursor().execute(
            f"copy (select * from read_parquet({literal(str(batch.path))}) "
            f"where x_file in ({numbers})) to {literal(str(part_of(path)))} ({STAGED})"
        ).fetchall()
        keep(path, self._told(logs, size=size))
        return path

    def _batches(self) -> Iterator[_Batch]:
        for path in sorted(self.cache.glob("*.parquet")):
            told = json.loads(tag_of(path) or "{}")
            if told.get("parsing") == self.parsing:
                logs = {
                    log: Place(path=path, number=number, size=size)
                    for log, (number, size) in told["logs"].items()
                }
                yield _Batch(path=path, logs=logs, size=told["size"])

    def _told(self, places: Mapping[str, Place], *, size: int) -> str:
        logs = {log: (place.number, place.size) for log, place in places.items()}
        return json.dumps({"parsing": self.parsing, "logs": logs, "size": size})

    def _named(self, logs: Collection[str]) -> Path:
        named = sha256(json.dumps([self.parsing, sorted(logs)]).encode()).hexdigest()
        return self.cache / f"{named[:32]}.parquet"


def parsed_folder(lake: Path, source: str) -> Path:
    """Name the folder that a source's parsed logs lie in."""
    return cache_of(lake, source, "logs", kind=PARSED)


def forget_sources(lake: Path, kept: Collection[Path]) -> None:
    """Delete the parsed logs of all sources but those whose folders are named."""
    sources = {folder.parent for folder in kept}
    for folder in (lake.resolve() / PARSED).glob("*"):
        if folder not in sources:
            shutil.rmtree(folder)
