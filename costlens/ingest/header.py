"""The header of a file: which of a pack's columns it has, and where."""

import csv
import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import IO, TYPE_CHECKING

from costlens.config.notes import did_you_mean, listed
from costlens.errors import CostLensError, Finding
from costlens.ingest.fetch import SourceFile
from costlens.ingest.formats import packing_of
from costlens.ingest.packs import Pack
from costlens.lake.views import literal

if TYPE_CHECKING:
    from pathlib import Path

    from duckdb import DuckDBPyConnection


_BEGIN = 100  # lines of a log


@dataclass(frozen=True, kw_only=True)
class Header:
    """The columns of a file in order, and how its text is laid out."""

    names: tuple[str, ...]
    delimiter: str = ","
    lines: int = 0  # of the file before its first row


@dataclass(frozen=True, kw_only=True)
class Layout:
    """A pack's columns in a file: `found` maps each it has to the place in the header."""

    header: Header
    found: dict[str, int]
    filled: dict[str, int]  # columns that another one stands in for
    gathered: dict[str, dict[str, int]]  # column -> name without the prefix -> place
    shadowed: tuple[str, ...]  # gathered columns that a later one of the same name hides
    alike: tuple[tuple[str, ...], ...]  # gathered names that differ in their signs alone
    version: str

    @property
    def columns(self) -> tuple[str, ...]:
        """Name what the file has of the pack's columns, gathered ones by their own names."""
        gathered = (self.header.names[at] for one in self.gathered.values() for at in one.values())
        return (*self.found, *gathered)


def open_text(file: SourceFile, *, errors: str = "strict") -> IO[str]:
    """Open a text file, unzipped, without its byte order mark."""
    if file.member:
        with zipfile.ZipFile(file.path) as packed:  # what it opens keeps the file open
            member = packed.open(file.member)
            return io.TextIOWrapper(member, encoding="utf-8-sig", newline="", errors=errors)
    raw = (gzip.open if file.zipped else open)(file.path, "rb")
    return io.TextIOWrapper(raw, encoding="utf-8-sig", newline="", errors=errors)


def read_layout(con: "DuckDBPyConnection", file: SourceFile, *, link: "Path", pack: Pack) -> Layout:
    """Read a file's header and match it to a pack; raise for each column it needs and lacks."""
    refuse_format(file, pack)
    return layout_of(read_header(con, file, link=link), file, pack=pack)


def refuse_format(file: SourceFile, pack: Pack) -> None:
    """Refuse a file of a format that the pack does not read."""
    if file.format not in pack.description.format:
        raise CostLensError(
            f"is {file.format}, which the pack {pack.name} does not read",
            where=file.name,
            hint=pack.description.export or f"it reads {listed(pack.description.format)}",
        )


def layout_of(header: Header, file: SourceFile, *, pack: Pack) -> Layout:
    """Match a header to what a pack wants; raise for each column it needs and lacks."""
    folded: dict[str, list[int]] = {}
    for place, name in enumerate(header.names):
        folded.setdefault(name.strip().casefold(), []).append(place)
    for place, name in enumerate(header.names):
        translated = re.fullmatch(r".+\((\w+)\)", name.strip())  # Ressourcengruppe (ResourceGroup)
        if translated:
            folded.setdefault(translated[1].casefold(), [place])
    found: dict[str, int] = {}
    doubled: list[str] = []
    for column in pack.columns:
        path = pack.description.paths.get(column, (column,))
        own = (path[0], *pack.description.aliases.get(column, ()))
        for spelling in (pack.mapped[column],) if column in pack.mapped else own:
            places = folded.get(spelling.casefold())
            if places:
                found[column] = places[0]
                doubled += [spelling] if len(places) > 1 else []
                break
    _refuse(
        file,
        pack,
        header,
        missing=_missing(pack, found),
        doubled=doubled,
    )
    gathered, shadowed = _gather(header, pack)
    filled = {
        column: found[other]
        for column, other in pack.description.fill.items()
        if column not in found and other in found
    }
    return Layout(
        header=header,
        found=found,
        filled=filled,
        gathered=gathered,
        shadowed=shadowed,
        alike=tuple(alike for members in gathered.values() for alike in _alike(members)),
        version=_version(pack, folded),
    )


def _gather(header: Header, pack: Pack) -> tuple[dict[str, dict[str, int]], tuple[str, ...]]:
    """Collect columns by their prefixes; of those of one name the last one, and name the others."""
    gathered: dict[str, dict[str, int]] = {}
    shadowed: list[str] = []
    for column, prefix in pack.description.gather.items():
        members = gathered.setdefault(column, {})
        for place, name in enumerate(header.names):
            if name.casefold().startswith(prefix.casefold()) and len(name) > len(prefix):
                shadowed += [name] if name[len(prefix) :] in members else []
                members[name[len(prefix) :]] = place
    return gathered, tuple(shadowed)


def _alike(names: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """Find names that a flat form of the file spells alike: "Cost Center", "cost-center"."""
    found: dict[str, dict[str, str]] = {}
    for name in names:
        flat = re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?=[A-Z])", "_", name).lower()).strip("_")
        found.setdefault(flat, {}).setdefault(name.casefold(), name)
    yield from (tuple(spelled.values()) for spelled in found.values() if len(spelled) > 1)


def _missing(pack: Pack, found: Collection[str]) -> list[str]:
    """Name the columns a file has to have and has not, by the names it should have them under."""
    wanted = dict.fromkeys((*pack.description.needs, *pack.mapped))
    return [column for column in wanted if column not in found and column not in pack.fixed]


def _refuse(
    file: SourceFile, pack: Pack, header: Header, *, missing: Sequence[str], doubled: Sequence[str]
) -> None:
    where = f"{file.name}:{max(1, header.lines)}"
    if file.format in ("parquet", "sqlite", "database"):
        where = file.name
    folded = {name.strip().casefold() for name in header.names}
    if missing:
        for column, other in pack.description.mistaken.items():
            if column.casefold() in folded:
                raise CostLensError(
                    f"is {other}", where=where, hint="take it out of this source's path"
                )
    findings = [
        Finding(
            message=f"the column {name} stands twice in the header",
            where=where,
            hint="rename one of the two",
            code="double_column",
        )
        for name in doubled
    ]
    for column in missing:
        spelled = pack.mapped.get(column, column)
        findings.append(
            Finding(
                message=f"the column {spelled} is missing",
                where=where,
                hint=_instead(column, spelled, pack=pack, header=header),
                code="missing_column",
            )
        )
    if findings:
        raise CostLensError(findings=findings)


def _instead(column: str, spelled: str, *, pack: Pack, header: Header) -> str:
    """Say what to write where a column is missing: in the file, or in what names its columns."""
    near = did_you_mean(spelled, header.names)
    known = listed(header.names, most=8)
    if column in pack.mapped:
        has = f'"{near}"' if near else known
        return f"columns: of {pack.fitted_at} names it as {column}; the file has {has}"
    if pack.description.like:
        return f"write columns: {{{column}: <one of {known}>}} at {pack.fitted_at}"
    return f'rename the column "{near}"' if near else f"the file has {known}"


def _version(pack: Pack, folded: dict[str, list[int]]) -> str:
    for version in pack.description.versions:
        has = any(column.casefold() in folded for column in version.any)
        if has and not any(column.casefold() in folded for column in version.none):
            return version.version
    return ""


def header_of(file: SourceFile) -> Header:
    """Read the header of a file by itself."""
    import duckdb

    if file.format == "sqlite":
        raise CostLensError(
            "is a database", where=file.name, hint="export the table of the bill to CSV"
        )
    try:
        with duckdb.connect() as con:
            return read_header(con, file, link=file.path)
    except duckdb.Error as error:
        raise CostLensError(
            f"cannot be read: {str(error).partition(chr(10))[0]}",
            where=file.name,
            hint="write one JSON object a line"
            if file.format == "jsonl"
            else "deliver it again, whole",
        ) from error


def read_header(
    con: "DuckDBPyConnection", file: SourceFile, *, link: "Path", begin: bool = False
) -> Header:
    """Read the columns of a file; `link` is a name for it without marks of a glob.

    Of a long log `begin` reads no more than its first lines.
    """
    if file.format == "csv":
        return csv_header(file)
    cursor = con.cursor()
    if file.format == "parquet":
        described = cursor.execute(
            f"describe select * from read_parquet({literal(str(link))}, hive_partitioning = false)"
        ).fetchall()
        return Header(names=tuple(row[0] for row in described))
    lines = f"read_ndjson_objects({literal(str(link))}, compression = '{packing_of(file.path)}')"
    if begin:
        lines = f"(select json from {lines} limit {_BEGIN})"
    keys = cursor.execute(
        "select key from ("
        f"select unnest(json_keys(json)) as key, row_number() over () as place from {lines}"
        ") group by key order by min(place), key"
    ).fetchall()
    return Header(names=tuple(row[0] for row in keys))


def csv_header(file: SourceFile) -> Header:
    """Read the first line that is not blank, split at whichever of , ; and tab gives most."""
    try:
        with open_text(file) as opened:
            start = [opened.readline() for _ in range(100)]
    except UnicodeDecodeError:
        raise CostLensError("is not UTF-8 text", where=file.name, hint="save it as UTF-8") from None
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise cut_short(file) from None
    best = Header(names=())
    for delimiter in ",;\t":
        reader = csv.reader(start, delimiter=delimiter)
        names = next((row for row in reader if any(cell.strip() for cell in row)), [])
        if len(names) > len(best.names):
            best = Header(names=tuple(names), delimiter=delimiter, lines=reader.line_num)
    if not best.names:
        raise CostLensError(
            "holds nothing but blank lines", where=file.name, hint="deliver it again"
        )
    for name in best.names:
        if "\n" in name or "\r" in name:  # DuckDB would count other lines than there are
            raise CostLensError(
                f"the name {' '.join(name.split())} in its header is broken over lines",
                where=f"{file.name}:{best.lines}",
                hint="write the header on one line",
            )
    return replace(best, names=tuple(name.strip() for name in best.names))


def cut_short(file: SourceFile) -> CostLensError:
    """Say that a zipped file ends too early."""
    return CostLensError(
        "is cut short: its gzip data ends too early",
        where=file.name,
        hint="deliver it again, whole",
    )
