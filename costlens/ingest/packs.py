"""Connector packs: folders of SQL that say what the columns of a source mean."""

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Literal, get_args

from costlens.config.keys import keys_of
from costlens.config.marks import Map, parse
from costlens.config.notes import Notes, did_you_mean, listed
from costlens.config.read import read
from costlens.config.value import Value, required, setting
from costlens.config.values import Source
from costlens.errors import CostLensError, Finding
from costlens.ingest.json_path import cell_of, row_path
from costlens.lake.tables import TABLES
from costlens.paths import bundled

Makes = Literal["charges", "attempts", "outputs", "activity", "links"]
Format = Literal["csv", "parquet", "jsonl", "sqlite", "json", "mlruns"]
SQL = tuple(Path(__file__).with_name(f"{name}.sql") for name in ("macros", "words_of_aws"))


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
    gather: Mapping[str, str] = setting("column to the prefix of the columns it collects", {})
    names: tuple[str, ...] = setting("other names it has", ())
    optional: bool = setting("read as empty where a source has no such table", False)
    instead_of: str = setting("the table in whose place this one does, as in another form", "")
    rows: tuple[str, ...] = setting(
        "where its rows lie in a JSON document: keys parted by dots, [] for each element of a "
        "list, {} for each value of an object, . for the document itself. Of such a row a column "
        "is the key of its name, or an alias: a path of keys in the row (info.run_id), with [] or "
        "{} one in an element around it (runs[].info.run_id), with / one from the top "
        "(/metadata.id). x_key is the key of a value of {} or the place in a list, x_value the "
        "row itself",
        (),
    )
    document: tuple[str, ...] = setting(
        "further top-level keys that a JSON document with its rows has", ()
    )


@dataclass(frozen=True, kw_only=True)
class Description(Value):
    """`connector.yaml`."""

    name: str = required("the name of its folder; sources name it as their type")
    title: str = required("what it reads, for people")
    produces: tuple[str, ...] = required("the tables it makes, one <table>.sql each")
    format: tuple[str, ...] = required(
        "csv, parquet or jsonl; for tables: also sqlite, json for documents with their rows, and "
        "mlruns for MLflow's file store; or several of them"
    )
    needs: tuple[str, ...] = setting("columns without which a file is not read", ())
    columns: tuple[str, ...] = setting("further columns it knows; null where a file lacks them", ())
    aliases: Mapping[str, tuple[str, ...]] = setting("column to its other spellings", {})
    like: str = setting("another pack, whose columns, aliases and SQL this one shares", "")
    fill: Mapping[str, str] = setting("column to the one that stands in where a file has none", {})
    values: Mapping[str, str] = setting("column to its value where a file has none", {})
    gather: Mapping[str, str] = setting("column to the prefix of the columns it collects", {})
    tables: Mapping[str, Named] = setting("in place of needs: each table it reads, by name", {})
    paths: Mapping[str, tuple[str, ...]] = setting("columns of nested JSON: keys from the top", {})
    types: Mapping[str, str] = setting("columns of nested JSON that are BIGINT or BOOLEAN", {})
    documents: bool = setting("nested JSON may be whole documents or lists, not only lines", False)
    protobuf: Mapping[str, tuple[str, ...]] = setting(
        "messages that a file may be in place of JSON, the outermost first: to their fields, each "
        "`name number type`",
        {},
    )
    names: str = setting("pattern of the paths of files that are read whatever their suffix", "")
    whole: str = setting("pattern of what the paths of the parts of one delivery share", "")
    rolled: str = setting(
        "pattern of the path of a log in parts, with the groups log, number and compact", ""
    )
    repack: str = setting("how to have files written whose packing is not read", "")
    manifest: tuple[str, ...] = setting("patterns of the manifests that say which files count", ())
    kinds: Mapping[str, str] = setting(
        "kind of file, told in x_kind, to the pattern of its manifest's type or its path", {}
    )
    export: str = setting("how to write a file that it reads, where it cannot read another", "")
    together: bool = setting(
        "the databases of a source are one delivery, of each table the rows of all of them", False
    )
    padded: bool = setting("lines may leave out what is empty at their end", False)
    parts: bool = setting("a month comes in several files, all of which count", False)
    steps: tuple[str, ...] = setting(
        "selects that its tables read, one <step>.sql each; a step reads those before it", ()
    )
    settings: tuple[str, ...] = setting("settings of its source that its SQL asks for", ())
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
    settings: Mapping[str, str] = field(default_factory=dict)  # setting of the source to its value
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

    def spelled(self, column: str) -> str:
        """Give the file's own name for a column, where its source says it."""
        other = self.description.fill.get(column, column)
        return self.mapped.get(column) or self.mapped.get(other, column)

    @property
    def views(self) -> dict[str, tuple[str, ...]]:
        """The views its SQL reads, each with its columns."""
        return {
            name: (*self.of_table(name).columns, *table.gather)
            for name, table in self.description.tables.items()
        } or {"source": self.columns}

    @property
    def named(self) -> dict[str, str]:
        """Give the table of each name that one may have, in lower case."""
        tables = self.description.tables
        other = {name.casefold(): table for table, one in tables.items() for name in one.names}
        return {table.casefold(): table for table in tables} | other

    def of_table(self, name: str) -> "Pack":
        """Give what it wants of one of its tables, as a pack that reads a file."""
        table = self.description.tables[name]
        described = replace(
            self.description,
            needs=table.needs,
            columns=table.columns,
            aliases=table.aliases,
            gather=table.gather,
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
        """Read one of its SQL files: `<name>.<value>.sql` where a setting has that value."""
        folder = self.sql_folder or self.folder
        named = [folder / f"{name}.{value}.sql" for value in self.settings.values()]
        found = next((path for path in named if path.is_file()), folder / f"{name}.sql")
        return found.read_text(encoding="utf-8")


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
        steps=other.description.steps,
    )
    digest = hashlib.sha256(f"{pack.digest}{other.digest}".encode()).hexdigest()
    return replace(pack, description=whole, digest=digest, sql_folder=other.folder)


def read_pack(folder: Path, *, shown: str = "") -> Pack:
    """Read and check the pack in a folder."""
    with os.scandir(folder) as files:
        stamps = [(one.name, one.stat()) for one in files]
    stamp = tuple(sorted((name, stat.st_mtime_ns, stat.st_size) for name, stat in stamps))
    return _read_pack(folder, shown or str(folder / "connector.yaml"), stamp)


@lru_cache(maxsize=256)
def _read_pack(folder: Path, shown: str, _stamp: tuple[tuple[str, int, int], ...]) -> Pack:
    """Read a pack once for every state of its files: one process reads many packs many times."""
    text = (folder / "connector.yaml").read_text(encoding="utf-8")
    described, findings = _described(text, shown)
    notes = Notes(findings=list(findings))
    if described is not None:
        notes.findings.extend(_misfits(described, folder, shown))
    notes.finish()
    assert described is not None  # else there is a finding about it
    return Pack(folder=folder, description=described, digest=_digest(folder, described))


def _described(text: str, shown: str) -> tuple[Description | None, tuple[Finding, ...]]:
    """Read a description, and what is wrong with it."""
    node, findings = parse(text, file=shown)
    notes = Notes(findings=findings)
    if not isinstance(node, Map):
        raise CostLensError(
            "is no description of a pack", where=shown, hint="write name: and what it produces"
        )
    return read(node, Description, notes), tuple(notes.findings)


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
    tabled = ("sqlite", "json", "mlruns")
    formats = [name for name in get_args(Format) if name not in tabled or described.tables]
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
    for name in (
        *(table for table in own if table in makes),
        *described.steps,
        *(("control",) if own else ()),
    ):
        if not (folder / f"{name}.sql").is_file():
            yield finding(f"{name}.sql is missing", f"write {name}.sql beside connector.yaml")
    if not described.like and bool(described.needs) == bool(described.tables):
        yield finding(
            "says not what it reads", "write needs: for one file, or tables: for several tables"
        )
    asked = [key.name for key in keys_of(Source).values() if key.asked]
    for name in described.settings:
        if name not in asked:
            yield finding(f'no setting "{name}" of a source to ask for', f"write: {listed(asked)}")
    if taken := sorted({*described.tables, *described.steps} & {*TABLES, "source"}):
        yield finding(f'a table cannot be read as "{taken[0]}"', "the lake has that name")
    yield from (
        finding(f'aliases of "{name}", which is no column', f"add {name} to columns")
        for one in _column_lists(described)
        for name in one.aliases
        if name not in {*one.needs, *one.columns}
    )
    for message, hint in _misplaced(described):
        yield finding(message, hint)


def _misplaced(described: Description) -> Iterator[tuple[str, str]]:
    """Find what is wrong with the places of tables, and of their rows in documents."""
    reads = "json" in described.format
    if reads and described.tables and not any(one.rows for one in described.tables.values()):
        yield "says not where rows lie in a document", "give a table rows:, such as runs[]"
    for name, one in described.tables.items():
        if one.instead_of and one.instead_of not in described.tables:
            yield (
                f'{name} is in place of "{one.instead_of}", which is no table',
                "write one of them",
            )
        if not reads and (one.rows or one.document):
            yield f"{name} says where rows lie in a document", "add json to format"
        paths = {text: row_path(text) for text in one.rows}
        for text in (text for text, path in paths.items() if path is None):
            yield f'no path "{text}" to the rows of {name}', "write keys, as in runs[].data.tags[]"
        known = [path for path in paths.values() if path is not None]
        for alias in (alias for aliases in one.aliases.values() for alias in aliases):
            if known and not any(cell_of(alias, path) for path in known):
                yield (
                    f'no path "{alias}" for a column of {name}',
                    f"begin it in the row, with / at the top, or with a part of {listed(one.rows)}",
                )


def _column_lists(described: Description) -> list[Description | Named]:
    own: list[Description | Named] = [] if described.like else [described]
    return [*own, *described.tables.values()]


def _digest(folder: Path, described: Description) -> str:
    """Hash what decides how a file is read: the pack's own files and our macros."""
    hashed = hashlib.sha256()
    names = [
        "connector.yaml",
        *(
            f"{name}.sql"
            for name in ("control", *sorted({*described.produces, *described.steps}))
            if not described.like
        ),
        *(path.name for path in folder.glob("findings.sql")),
        *sorted(path.name for path in folder.glob("*.*.sql")),
    ]
    for path in (*(folder / name for name in names), *SQL):
        hashed.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return hashed.hexdigest()


def macro_calls(sql: str) -> list[tuple[str, str]]:
    """List the (macro, column) pairs a pack's SQL reads typed values by."""
    bare = re.sub(r"--[^\n]*", "", sql)
    calls = re.findall(
        r'\b(money|exact|utc|instant|quantity|whole|elements|month_of)\(\s*("[^"]+"|\w+)\s*\)', bare
    )
    return list(dict.fromkeys((macro, column.strip('"')) for macro, column in calls))
