"""Recognise JSON documents: which pack's tables lie in a file, and which files are one source."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from costlens.config.notes import listed
from costlens.errors import CostLensError
from costlens.ingest.documents import held_by_files, kinds_of
from costlens.ingest.json_files import read_documents
from costlens.ingest.packs import Pack
from costlens.start.names import is_partition
from costlens.start.walk import Peeked

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True, kw_only=True)
class Held:
    """What a file of documents holds of a pack: its tables, and the columns known of each."""

    shown: str
    pack: Pack
    tables: Mapping[str, int]

    @property
    def score(self) -> tuple[int, int]:
        """Say how sure it is: how many columns are needed, and known."""
        needs = self.pack.description.tables
        return sum(len(needs[table].needs) for table in self.tables), sum(self.tables.values())


@dataclass(frozen=True, kw_only=True)
class Together:
    """Files of documents that are one source, below one folder."""

    root: str
    held: tuple[Held, ...]

    @property
    def pack(self) -> Pack:
        """The pack that reads them."""
        return self.held[0].pack

    @property
    def lacks(self) -> list[str]:
        """Name the tables that the pack needs and none of them has."""
        has = {table for one in self.held for table in one.tables}
        return [
            table
            for table, one in self.pack.description.tables.items()
            if not one.optional and table not in has
        ]


def held_by(
    con: "DuckDBPyConnection", peeked: Sequence[Peeked], packs: Sequence[Pack], *, staging: Path
) -> dict[str, Held]:
    """Find the pack that knows most of each file of documents; a file that none knows is left."""
    packs = [pack for pack in packs if "json" in pack.description.format]
    files = {one.shown: one.file for one in peeked if one.file and one.file.format == "jsonl"}
    best: dict[str, Held] = {}
    try:
        documents = read_documents(con, list(files.values()), staging=staging) if files else None
    except CostLensError as error:
        torn = {finding.where.rpartition(":")[0] or finding.where for finding in error.findings}
        torn |= {finding.where for finding in error.findings}
        whole = [one for one in peeked if one.shown not in torn]
        return held_by(con, whole, packs, staging=staging) if len(whole) < len(peeked) else {}
    if documents is None:
        return {}
    kinds = kinds_of(con, documents)
    shown = list(files)
    for pack in packs:
        held: dict[str, dict[str, int]] = {}
        for table in pack.views:
            if any(kind.has_rows(pack, table) for kind in kinds):
                for at, known in held_by_files(con, documents, pack, table).items():
                    held.setdefault(shown[at], {})[table] = known
        for file, tables in held.items():
            found = Held(shown=file, pack=pack, tables=tables)
            if file not in best or found.score > best[file].score:
                best[file] = found
    return best


def together(held: Sequence[Held]) -> Iterator[Together]:
    """Put the files of each pack together: a folder, with what its monthly folders hold.

    What lacks a table that its pack needs is put together with what lies beside it.
    """
    for name in dict.fromkeys(one.pack.name for one in held):
        roots: dict[str, list[Held]] = {}
        for one in held:
            if one.pack.name == name:
                roots.setdefault(_root(one.shown), []).append(one)
        whole: list[Together] = []
        while roots:
            deepest = max(roots, key=lambda root: (root.count("/") + bool(root), root))
            members = Together(root=deepest, held=tuple(roots.pop(deepest)))
            if not members.lacks or not deepest:
                whole.append(members)
            else:
                roots.setdefault(deepest.rpartition("/")[0], []).extend(members.held)
        yield from sorted(whole, key=lambda one: one.root)


def why_not(one: Together) -> str:
    """Say which tables documents lack that their pack could read."""
    lacks = listed(one.lacks, most=3)
    many = "s" if len(one.lacks) > 1 else ""
    return f"{one.pack.description.title} ({one.pack.name}), but without the table{many} {lacks}"


def _root(shown: str) -> str:
    """Climb out of folders that only name a month or a delivery."""
    inside = shown.rpartition("/")[0]
    while inside and is_partition(inside.rpartition("/")[2]):
        inside = inside.rpartition("/")[0]
    return inside
