"""Deliver the sample of a pack in any order, parts and format, and see the charges it makes."""

import csv
import gzip
import json
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from costlens.config.values import Source
from costlens.ingest import Pack, find_packs
from costlens.ingest.diagnose import unreadable
from costlens.ingest.fetch import find_files
from costlens.ingest.rows import control, rows_sql
from costlens.ingest.source import macros
from costlens.ingest.tabled import as_deliveries, open_delivery

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

BILLS = [pack for pack in find_packs(None) if pack.makes_charges]
Rows = list[tuple[object, ...]]


@dataclass(frozen=True, kw_only=True)
class Table:
    """A file of a sample: its header, if it has one, and the text of each of its records."""

    stem: str
    suffix: str
    head: str
    records: tuple[str, ...]

    @property
    def text(self) -> str:
        return self.head + "".join(self.records)

    @property
    def rows(self) -> list[dict[str, str]]:
        """Give each record by its columns, what is nested as JSON."""
        if self.head:
            return list(csv.DictReader(self.text.splitlines(keepends=True)))
        return [
            {key: _plain(value) for key, value in json.loads(one, **_EXACT).items()}
            for one in self.records
        ]

    def write(self, folder: Path, stem: str = "") -> Path:
        path = folder / f"{stem or self.stem}{self.suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.text.encode())
        return path


# A number stays the text it was.
_EXACT: Mapping[str, Callable[[str], str]] = {"parse_float": str, "parse_int": str}


def _plain(value: object) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value)


def sample_of(pack: Pack) -> list[Table]:
    """Read a pack's sample: one file, or a folder with one file a table."""
    (place,) = [*pack.folder.glob("sample.*"), *pack.folder.glob("sample/")]
    return [_read(path) for path in (sorted(place.iterdir()) if place.is_dir() else [place])]


def _read(path: Path) -> Table:
    lines = path.read_bytes().decode().splitlines(keepends=True)
    if path.suffix == ".jsonl":
        return Table(stem=path.stem, suffix=path.suffix, head="", records=tuple(lines))
    ends = []  # a record may be folded over several lines
    reader = csv.reader(lines)
    for cells in reader:
        assert cells, "a sample has no blank lines"
        ends.append(reader.line_num)
    records = ["".join(lines[a:b]) for a, b in zip([0, *ends], ends, strict=False)]
    return Table(stem=path.stem, suffix=path.suffix, head=records[0], records=tuple(records[1:]))


def formats_of(pack: Pack) -> list[str]:
    """Name every way in which a file of a pack may be written."""
    zipped = {"csv": ["csv", "csv.gz", "csv.zip"], "jsonl": ["jsonl", "jsonl.gz"]}
    return [way for name in pack.description.format for way in zipped.get(name, [name])]


def written(table: Table, way: str) -> bytes:
    """Write a table in another format, its values as text."""
    name, _, packing = way.partition(".")
    plain = table.text.encode() if table.suffix == f".{name}" else _WRITERS[name](table.rows)
    if packing == "gz":
        return gzip.compress(plain, mtime=0)
    if packing == "zip":
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "packed.zip"
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
                packed.writestr(f"{table.stem}.csv", plain)
            return path.read_bytes()
    return plain


def _csv(rows: Sequence[Mapping[str, str]]) -> bytes:
    columns = list(dict.fromkeys(column for row in rows for column in row))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns, restval="")
            writer.writeheader()
            writer.writerows(rows)
        return path.read_bytes()


def _jsonl(rows: Sequence[Mapping[str, str]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def _parquet(rows: Sequence[Mapping[str, str]]) -> bytes:
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as con:
        plain, path = Path(folder) / "rows.csv", Path(folder) / "rows.parquet"
        plain.write_bytes(_csv(rows))
        con.execute(
            f"copy (from read_csv('{plain}', all_varchar = true, header = true, delim = ',', "
            f"quote = '\"', escape = '\"')) to '{path}' (format parquet)"
        )
        return path.read_bytes()


_WRITERS = {"csv": _csv, "jsonl": _jsonl, "parquet": _parquet}


def deliver(tables: Sequence[Table], folder: Path, stem: str = "") -> Path:
    """Write a delivery: a file under that name, or a folder of that name with a file a table."""
    if len(tables) == 1:
        return tables[0].write(folder, stem)
    place = folder / (stem or "tables")
    for table in tables:
        table.write(place)
    return place


def shuffled(tables: Sequence[Table], order: Callable[[int], Sequence[int]]) -> list[Table]:
    """Put the records of each table in another order: that of the places it gives."""
    return [
        replace(table, records=tuple(table.records[at] for at in order(len(table.records))))
        for table in tables
    ]


def parted(tables: Sequence[Table], cuts: Sequence[int]) -> list[list[Table]]:
    """Cut a delivery of one file into parts, at these records; that of several tables stays whole."""
    if len(tables) > 1:
        return [list(tables)]
    (table,) = tables
    places = [0, *sorted({cut for cut in cuts if 0 < cut < len(table.records)})]
    stops = [*places[1:], len(table.records)]
    return [
        [replace(table, records=table.records[a:b])] for a, b in zip(places, stops, strict=True)
    ]


@dataclass
class Reading:
    """A connection with the packs' macros, to read deliveries without a lake."""

    con: "DuckDBPyConnection"
    folder: Path
    unended: bool = False  # of what was read last

    def rows(self, pack: Pack, path: Path, table: str = "charges") -> Rows:
        """Read what a pack makes of a file or folder, in order, without the number of the line."""
        with tempfile.TemporaryDirectory(dir=self.folder) as staging:
            source = Source(name="sample", type=pack.name, path=path.name)
            files, _ = find_files(source, path.parent, pack.description)
            files = as_deliveries(files, pack, source)
            opened = open_delivery(
                self.con, files, pack=pack, currency="USD", staging=Path(staging)
            )
            opened.view(self.con)
            self.unended = bool(opened.unended)
            made = rows_sql(self.con, pack, table, tag_keys=frozenset({"team"}))
            try:
                rows = self.con.execute(
                    f"select * exclude (x_line, period_start) from ({made}) order by all"
                ).fetchall()
                counted = [one.rows for one in control(self.con, pack) if one.makes == table]
            except duckdb.Error as error:
                raise unreadable(self.con, opened, error) from error
            assert len(rows) == sum(counted)
            return rows

    def of_sample(self, pack: Pack, tables: Sequence[Table]) -> Rows:
        """Read tables as one delivery."""
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            return self.rows(pack, deliver(tables, Path(folder)))


@contextmanager
def reading() -> Iterator[Reading]:
    """Open a connection to read deliveries on."""
    folder = Path(tempfile.mkdtemp(prefix="costlens-test-"))
    try:
        with duckdb.connect() as con, macros(con):
            yield Reading(con=con, folder=folder)
    finally:
        shutil.rmtree(folder)
