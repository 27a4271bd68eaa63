"""Connector packs: folders of SQL that say what the columns of a source mean."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, get_args

from costlens.config.marks import Map, parse
from costlens.config.notes import Notes, did_you_mean, listed
from costlens.config.read import read
from costlens.config.value import Value, required, setting
from costlens.errors import CostLensError, Finding
from costlens.lake.tables import TABLES
from costlens.paths import bundled

Makes = Literal["charges", "attempts", "outputs", "activity", "links"]
Format = Literal["csv", "parquet", "jsonl", "sqlite"]
SQL = Path(__file__).with_name("macros.sql")


@dataclass(frozen=True, kw_only=True)
class Version(Value):
    """A version of the source's format, known by its header."""

    version: str = required("what it is called")
    any: tuple[str, ...] = setting("it has at least one of these columns", ())
    none: tuple[str, ...] = setting("it has none of these columns", ())


@dataclass(frozen=True, kw_only=True)
class Named(Value):
    """One of several tables that a pack reads, by its name."""

    needs: tuple[str, ...] = required("columns without which it is not read")
    columns: tuple[str, ...] = setting("further columns; null where the table lacks them", ())
    aliases: Mapping[str, tuple[str, ...]] = setting("column to its other spellings", {})
    optional: bool = setting("read as empty where a source has no such table", False)


@dataclass(frozen=True, kw_only=True)
class Description(Value):
    """`connector.yaml`."""

    name: str = required("the name of its folder; sources name it as their type")
    title: str = required("what it reads, for people")
    produces: tuple[str, ...] = required("the tables it makes, one <table>.sql each")
    format: tuple[str, ...] = required("csv, parquet, jsonl or sqlite, or several of them")
    needs: tuple[str, ...] = setting("columns without which a file is not read", ())
    columns: tuple[str, ...] = setting("further columns it knows; null where a file lacks them", ())
    aliases: Mapping[str, tuple[str, ...]] = setting("column to its other spellings", {})
    like: str = setting("another pack, whose columns, aliases and SQL this one shares", "")
    fill: Mapping[str, str] = setting("column to the one that stands in where a file has none", {})
    values: Mapping[str, str] = setting("column to its value where a file has none", {})
    gather: Mapping[str, str] = setting("column to the prefix of the columns it collects", {})
    tables: Mapping[str, Named] = setting("in place of needs: each table it reads, by name", {})
    manifest: str = setting("pattern of the manifests that say which files count", "")
    kinds: Mapping[str, str] = setting(
        "kind of file, told in x_kind, to the pattern of its manifest's type or its path", {}
    )
    padded: bool = setting("lines may leave out what is empty at their end", False)
    parts: bool = setting("a month comes in several files, all of which count", False)
    stamp: str = setting("column that says when a line was exported: never twice the same line", "")
    versions: tuple[Version, ...] = setting("versions of the format; the first that fits", ())
    mistaken: Mapping[str, str] = setting(
        "a column that only another kind of file has, and which", {}
    )


@dataclass(frozen=True, kw_only=True)
class Pack:
    """A connector pack, read and checked."""

    folder: Path
    description: Description
    digest: str
    sql_folder: Path | None = None  # of the pack it is like
    mapped: Mapping[str, str] = field(default_factory=dict)  # column to the file's own name for it
    fixed: Mapping[str, str] = field(default_factory=dict)  # column to its value on every line
    fitted_at: str = ""  # where the source says so
    dropped_tags: str = ""  # pattern of the tag keys that are not stored

    @property
    def name(self) -> str:
        """What sources name as their type."""
        return self.description.name

    @property
    def produces(self) -> tuple[str, ...]:
        """The tables it makes."""
        return self.description.produces

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column its SQL may name."""
        described = self.description
        return tuple(dict.fromkeys((*described.needs, *described.columns)))

    @property
    def views(self) -> dict[str, tuple[str, ...]]:
        """The views its SQL reads, each with its columns."""
        tables = self.description.tables
        return {name: self.of_table(name).columns for name in tables} or {"source": self.columns}

    def of_table(self, name: str) -> "Pack":
        """Give what it wants of one of its tables, as a pack that reads a file."""
        table = self.description.tables[name]
        described = replace(
            self.description,
            needs=table.needs,
            columns=table.columns,
            aliases=table.aliases,
            tables={},
        )
        return replace(self, description=described)

    @property
    def makes_charges(self) -> bool:
        """Whether it reads bills."""
        return "charges" in self.produces

    @property
    def has_findings(self) -> bool:
        """Whether it says more about a file than whether its totals are right."""
        return (self.folder / "findings.sql").is_file()

    def sql(self, name: str) -> str:
        """Read one of its SQL files."""
        return ((self.sql_folder or self.folder) / f"{name}.sql").read_text(encoding="utf-8")


def find_packs(workspace_folder: Path | None) -> list[Pack]:
    """Read every pack: the user's own beside costlens.yaml, then ours, each by name.

    Two packs of one name are refused, so that nobody changes what a bill means by accident.
    """
    places = [bundled("connectors")]
    if workspace_folder is not None and (workspace_folder / "connectors").is_dir():
        places.append(workspace_folder / "connectors")
    found: dict[str, Pack] = {}
    findings: list[Finding] = []
    for place in dict.fromkeys(place.resolve() for place in places):
        for folder in _folders(place):
            shown = _shown(folder / "connector.yaml", workspace_folder)
            try:
                pack = read_pack(folder, shown=shown)
            except CostLensError as error:
                findings.extend(error.findings)
                continue
            if pack.name in found:
                findings.append(
                    Finding(
                        message=f'the pack "{pack.name}" exists already',
                        where=shown,
                        hint=f'give it another name, such as "own_{pack.name}", and its folder too',
                        code="duplicate_pack",
                    )
                )
                continue
            found[pack.name] = pack
    linked = [_linked(pack, found, findings) for pack in found.values()]
    if findings:
        raise CostLensError(findings=findings)
    return linked


def _linked(pack: Pack, packs: Mapping[str, Pack], findings: list[Finding]) -> Pack:
    """Give a pack the columns, aliases and SQL of the pack it is like."""
    mine = pack.description
    if not mine.like:
        return pack
    other = packs.get(mine.like)
    if other is None or other.description.like:
        findings.append(
            Finding(
                message=f'no pack "{mine.like}" to be like',
                where=mine.place,
                hint="name a pack that has SQL of its own",
                code="bad_pack",
            )
        )
        return pack
    whole = replace(
        mine,
        columns=(*mine.columns, *(c for c in other.columns if c not in pack.columns)),
        aliases={**other.description.aliases, **mine.aliases},
    )
    digest = hashlib.sha256(f"{pack.digest}{other.digest}".encode()).hexdigest()
    return replace(pack, description=whole, digest=digest, sql_folder=other.folder)


def read_pack(folder: Path, *, shown: str = "") -> Pack:
    """Read and check the pack in a folder."""
    path = folder / "connector.yaml"
    shown = shown or str(path)
    node, findings = parse(path.read_text(encoding="utf-8"), file=shown)
    notes = Notes(findings=findings)
    if not isinstance(node, Map):
        raise CostLensError(
            "is no description of a pack", where=shown, hint="write name: and what it produces"
        )
    described = read(node, Description, notes)
    if described is not None:
        notes.findings.extend(_misfits(described, folder, shown))
    notes.finish()
    assert described is not None  # else there is a finding about it
    return Pack(folder=folder, description=described, digest=_digest(folder, described))


def _folders(place: Path) -> Iterator[Path]:
    if place.is_dir():
        yield from sorted(path.parent for path in place.glob("*/connector.yaml"))


def _shown(path: Path, workspace_folder: Path | None) -> str:
    if workspace_folder is not None and path.is_relative_to(workspace_folder.resolve()):
        return path.relative_to(workspace_folder.resolve()).as_posix()
    return str(path)


def _misfits(described: Description, folder: Path, shown: str) -> Iterator[Finding]:
    """Find what does not fit the folder, the tables or itself."""

    def finding(message: str, hint: str) -> Finding:
        return Finding(message=message, where=described.place or shown, hint=hint, code="bad_pack")

    if described.name != folder.name:
        yield finding(
            f'the pack "{described.name}" stands in a folder named "{folder.name}"',
            f"write name: {folder.name}",
        )
    makes = [name for name in TABLES if name in get_args(Makes)]
    formats = [name for name in get_args(Format) if name != "sqlite" or described.tables]
    for wanted, known, what in (
        (described.produces, makes, "table"),
        (described.format, formats, "format"),
    ):
        for word in wanted:
            if word not in known:
                near = did_you_mean(word, known)
                hint = f'did you mean "{near}"?' if near else f"write one of: {listed(known)}"
                yield finding(
                    f'no {what} "{word}" to {"produce" if what == "table" else "read"}', hint
                )
    own = () if described.like else described.produces
    for name in (*(table for table in own if table in makes), *(("control",) if own else ())):
        if not (folder / f"{name}.sql").is_file():
            yield finding(f"{name}.sql is missing", f"write {name}.sql beside connector.yaml")
    if not described.like and bool(described.needs) == bool(described.tables):
        yield finding(
            "says not what it reads", "write needs: for one file, or tables: for several tables"
        )
    if taken := sorted({*described.tables} & {*TABLES, "source"}):
        yield finding(f'a table cannot be read as "{taken[0]}"', "the lake has that name")
    yield from (
        finding(f'aliases of "{name}", which is no column', f"add {name} to columns")
        for one in _column_lists(described)
        for name in one.aliases
        if name not in {*one.needs, *one.columns}
    )


def _column_lists(described: Description) -> list[Description | Named]:
    own: list[Description | Named] = [] if described.like else [described]
    return [*own, *described.tables.values()]


def _digest(folder: Path, described: Description) -> str:
    """Hash what decides how a file is read: the pack's own files and our macros."""
    hashed = hashlib.sha256()
    names = [
        "connector.yaml",
        *(f"{name}.sql" for name in ("control", *sorted(described.produces)) if not described.like),
        *(path.name for path in folder.glob("findings.sql")),
    ]
    for path in (*(folder / name for name in names), SQL):
        hashed.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return hashed.hexdigest()


def macro_calls(sql: str) -> list[tuple[str, str]]:
    """List the (macro, column) pairs a pack's SQL reads typed values by."""
    bare = re.sub(r"--[^\n]*", "", sql)
    calls = re.findall(
        r'\b(money|exact|utc|quantity|whole|elements|month_of)\(\s*("[^"]+"|\w+)\s*\)', bare
    )
    return list(dict.fromkeys((macro, column.strip('"')) for macro, column in calls))
