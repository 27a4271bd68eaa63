"""Recognise files by the packs' own descriptions: which pack reads them, or what it misses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

from costlens.config.notes import listed
from costlens.errors import CostLensError
from costlens.ingest.fetch import SourceFile
from costlens.ingest.header import Header, layout_of, refuse_format
from costlens.ingest.packs import Pack
from costlens.start import foreign
from costlens.start.documents import Held, Together, together, why_not
from costlens.start.walk import Peeked


@dataclass(frozen=True, kw_only=True)
class Fit:
    """A file, or the tables in one folder, that a pack reads."""

    shown: str  # a folder of tables ends in a slash
    files: tuple[str, ...]
    pack: Pack
    version: str
    header: frozenset[str]
    needed: int  # how many columns the pack insists on: the more, the surer
    known: int

    @property
    def folder(self) -> str:
        """The folder it stands in, or is."""
        return self.shown.rpartition("/")[0]


@dataclass(frozen=True, kw_only=True)
class Unknown:
    """A file that no pack reads, and why."""

    shown: str
    why: str


def recognise(
    peeked: Sequence[Peeked], packs: Sequence[Pack], *, documents: Mapping[str, Held]
) -> tuple[list[Fit], list[Unknown]]:
    """Find the pack of every file; where several fit, the one that insists on most columns.

    A pack that is like another one, such as generic, fits what a person says: it is never found.
    `documents` are the files that hold JSON documents of a pack's tables.
    """
    packs = [pack for pack in packs if not pack.description.like]
    fits, used = _folders(peeked, packs)
    unknown: list[Unknown] = []
    held: list[Held] = []
    for one in peeked:
        if one.shown in used:
            continue
        if one.file is None:
            unknown.append(Unknown(shown=one.shown, why=one.why))
            continue
        found = [fit for pack in packs if (fit := _fit(one, one.file, pack))]
        document = documents.get(one.shown)
        if document and all(document.score > (fit.needed, fit.known) for fit in found):
            held.append(document)
        elif found:
            fits.append(max(found, key=lambda fit: (fit.needed, fit.known)))
        else:
            unknown.append(Unknown(shown=one.shown, why=_why_not(one, one.file, packs)))
    for source in together(held):
        if source.lacks:
            why = why_not(source)
            unknown += [Unknown(shown=one.shown, why=why) for one in source.held]
        else:
            fits.append(_of_documents(source))
    return sorted(fits, key=lambda fit: fit.shown), unknown


def _of_documents(source: Together) -> Fit:
    only = source.held[0].shown if len(source.held) == 1 else ""
    scores = [one.score for one in source.held]
    return Fit(
        shown=only or (f"{source.root}/" if source.root else ""),
        files=tuple(one.shown for one in source.held),
        pack=source.pack,
        version="",
        header=frozenset(source.pack.description.tables),
        needed=max(needed for needed, _ in scores),
        known=max(known for _, known in scores),
    )


def _fit(one: Peeked, file: SourceFile, pack: Pack) -> Fit | None:
    if file.format == "mlruns":
        return _fit_store(one, pack) if "mlruns" in pack.description.format else None
    if pack.description.tables and file.format == "sqlite":
        tables = {table.casefold(): header for table, header in one.tables.items()}
        parts = {t: (file, tables[t.casefold()]) for t in pack.views if t.casefold() in tables}
        return _fit_tables(one.shown, (one.shown,), parts, pack)
    if pack.description.tables or file.format == "sqlite":
        return None
    try:
        refuse_format(file, pack)
        layout = layout_of(one.tables[""], file, pack=pack)
    except CostLensError:
        return None
    return Fit(
        shown=one.shown,
        files=(one.shown,),
        pack=pack,
        version=layout.version,
        header=frozenset(name.casefold() for name in layout.header.names),
        needed=len(pack.description.needs),
        known=len(layout.found),
    )


def _fit_store(one: Peeked, pack: Pack) -> Fit:
    tables = pack.description.tables
    return Fit(
        shown=one.shown,
        files=(one.shown,),
        pack=pack,
        version="",
        header=frozenset(tables),
        needed=sum(len(table.needs) for table in tables.values()),
        known=len(tables),
    )


def _fit_tables(
    shown: str,
    files: tuple[str, ...],
    parts: Mapping[str, tuple[SourceFile, Header]],
    pack: Pack,
) -> Fit | None:
    """Hold tables, each with its header, against a pack of several tables."""
    wanted = pack.description.tables
    if not parts or any(t not in parts for t, one in wanted.items() if not one.optional):
        return None
    known = 0
    for table, (file, header) in parts.items():
        try:
            refuse_format(file, pack)
            known += len(layout_of(header, file, pack=pack.of_table(table)).found)
        except CostLensError:
            return None
    return Fit(
        shown=shown,
        files=files,
        pack=pack,
        version="",
        header=frozenset(wanted),
        needed=sum(len(wanted[table].needs) for table in parts),
        known=known,
    )


def _folders(peeked: Sequence[Peeked], packs: Sequence[Pack]) -> tuple[list[Fit], set[str]]:
    """Find the folders that hold one file a table of a pack."""
    fits: list[Fit] = []
    used: set[str] = set()
    folders: dict[str, list[Peeked]] = {}
    for one in peeked:
        if one.file is not None and one.file.format != "sqlite":
            folders.setdefault(one.folder, []).append(one)
    for folder, members in folders.items():
        found = [fit for pack in packs if (fit := _fit_folder(folder, members, pack))]
        if found:
            best = max(found, key=lambda fit: (fit.needed, fit.known))
            fits.append(best)
            used.update(best.files)
    return fits, used


def _fit_folder(folder: str, members: Sequence[Peeked], pack: Pack) -> Fit | None:
    parts: dict[str, tuple[SourceFile, Header]] = {}
    files: list[str] = []
    for one in members:
        table = pack.named.get(PurePath(one.shown).name.partition(".")[0].casefold())
        if table is not None and one.file is not None:
            if table in parts:
                return None
            parts[table] = one.file, one.tables[""]
            files.append(one.shown)
    return _fit_tables(f"{folder}/" if folder else "", tuple(files), parts, pack)


def _why_not(one: Peeked, file: SourceFile, packs: Sequence[Pack]) -> str:
    """Say what a file is, or which pack comes nearest and what it misses."""
    if file.format == "sqlite":
        known = foreign.by_tables(one.tables)
        tables = listed(list(one.tables), most=5)
        return known or f"a database that no pack reads, of the tables {tables}"
    header = one.tables[""]
    columns = {name.strip().casefold() for name in header.names}
    single = [pack for pack in packs if pack.description.needs]
    lacking = {pack.name: _missing(pack, columns) for pack in single}
    single.sort(key=lambda pack: len(lacking[pack.name]) - len(pack.description.needs))
    for pack in single:
        needs, lacks = pack.description.needs, lacking[pack.name]
        if not lacks:
            return f"{pack.description.title} ({pack.name}), but {_refusal(header, file, pack)}"
        for column, other in pack.description.mistaken.items():
            if column.casefold() in columns and file.format in pack.description.format:
                return other
        if 2 * len(lacks) <= len(needs):
            title = pack.description.title
            return f"nearest is {title} ({pack.name}): it lacks {listed(lacks)}"
    known = foreign.by_columns(columns)
    if not known and foreign.is_json(one.shown):
        return foreign.by_suffix(one.shown)
    return known or f"no pack knows its columns: {listed(list(header.names), most=4)}"


def _missing(pack: Pack, columns: set[str]) -> list[str]:
    """List the columns that a pack needs and a file lacks."""
    aliases = pack.description.aliases
    return [
        column
        for column in pack.description.needs
        if not columns & {name.casefold() for name in (column, *aliases.get(column, ()))}
    ]


def _refusal(header: Header, file: SourceFile, pack: Pack) -> str:
    try:
        refuse_format(file, pack)
        layout_of(header, replace(file, name=""), pack=pack)
    except CostLensError as error:
        return error.findings[0].message
    return "it cannot be read"
