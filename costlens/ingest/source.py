"""Open one file as the view `source`, in a pack's own column names.

Text is parsed once, by all cores, into a Parquet file of text columns beside the work; everything
after reads that: a row's number in it is its number in the file. Parquet is read where it is.
"""

import json
import os
import re
import shutil
import zipfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from costlens.errors import CostLensError, Finding
from costlens.ingest.fetch import SourceFile
from costlens.ingest.formats import packing_of
from costlens.ingest.header import Layout, open_text, read_layout
from costlens.ingest.lines import LINES_A_FILE, line_at, read_error, records
from costlens.ingest.packs import SQL, Pack
from costlens.lake.views import literal, name

if TYPE_CHECKING:
    import duckdb
    from duckdb import DuckDBPyConnection


# Small row groups: they are what the writer keeps in memory while it puts lines in order.
_STAGED = "format parquet, row_group_size 30720"
# Of zipped text one core inflates a piece while others read the last one: pieces are to be small.
_CUT = "buffer_size = 8000000"
_OURS = "read by a connector pack"  # the comment on such a view


@dataclass(frozen=True, kw_only=True)
class Opened:
    """The files of a delivery, ready to be viewed: what selects a pack's columns of their rows."""

    files: tuple[SourceFile, ...]
    pack: Pack
    version: str
    selects: Mapping[str, str]  # view → what selects its rows
    objects: Mapping[str, str] = field(default_factory=dict)  # gathered column → it, of x_gathered
    shadowed: tuple[tuple[str, str], ...]  # a file, and a column of it that the same one hides
    alike: Mapping[tuple[str, ...], str]  # tags that differ in their signs alone, and a file's name
    unended: tuple[
        str, ...
    ]  # files whose last line does not end, so that its last value may be cut
    currency_if_missing: str | None
    columns: tuple[str, ...]  # of the pack's, those that the file has
    line_of: Callable[[int], str]  # where an x_line stands
    notes: tuple[Finding, ...] = ()  # what was left out

    def check_unchanged(self) -> None:
        """Refuse a file that was changed since it was hashed; a database was copied by then."""
        for file in self.files:
            if file.format != "sqlite":
                file.check_unchanged()

    def view(self, con: "DuckDBPyConnection") -> None:
        """Make it the view `source`, or one view a table."""
        missing = (
            "null::varchar"
            if self.currency_if_missing is None
            else literal(self.currency_if_missing)
        )
        given = "".join(
            f" when {literal(setting)} then {literal(value)}"
            for setting, value in self.pack.settings.items()
        )
        objects = "".join(
            f" when {literal(column)} then {made}" for column, made in self.objects.items()
        )
        for macro in (
            f"currency_if_missing() as {missing}",
            f"setting(name) as case name when '' then null::varchar{given} end",
            f"gathered(name, x_gathered) as case name when '' then null::varchar{objects} end",
        ):
            con.cursor().execute(f"create or replace macro {macro}").fetchall()
        for view, select in self.selects.items():
            con.cursor().execute(f"create or replace view {name(view)} as {select}").fetchall()
            con.cursor().execute(f"comment on view {name(view)} is '{_OURS}'").fetchall()


@cache
def _parsed(text: str) -> "list[duckdb.Statement]":
    """Parse statements once: a process makes the macros many times."""
    import duckdb

    return duckdb.extract_statements(text)


@contextmanager
def macros(con: "DuckDBPyConnection") -> Iterator[None]:
    """Have the packs' macros in a database while it reads sources; they shadow nothing after."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in SQL)
    names = re.findall(r"create or replace macro (\w+)", text)
    cursor = con.cursor()
    for statement in _parsed(text):
        cursor.execute(statement)
    try:
        yield
    finally:
        views = f"select view_name from duckdb_views() where comment = '{_OURS}'"
        for (view,) in cursor.execute(views).fetchall():
            cursor.execute(f"drop view if exists {name(view)}")
        for macro in (*names, "currency_if_missing", "setting", "gathered"):
            cursor.execute(f"drop macro if exists {macro}")


def open_files(
    con: "DuckDBPyConnection",
    files: Sequence[SourceFile],
    *,
    pack: Pack,
    currency: str,
    staging: Path,
    limit: int | None = None,
) -> Opened:
    """Match the files of a delivery to their pack and make them readable as one.

    Raise what is wrong with any. `currency` is what a bill without a currency column is in. A limit
    reads only the first rows of each.
    """
    staged = _stage_all(con, files, pack=pack, staging=staging, limit=limit)
    spelled = [
        _may_spell_nothing(con, path, of=file)
        for file, (_, path) in zip(files, staged, strict=True)
    ]
    known = {column for layout, _ in staged for column in layout.found}
    gathered = _gathered(layout for layout, _ in staged)
    objects = {column: _object(gathered, column) for column in pack.description.gather}
    cut = f" where file_row_number < {limit}" if limit else ""
    selects = [
        f"select {_columns(layout, pack, file, known=known, spelled=spelled[number])}"
        f"{_kind(file, pack)}, {_values(layout, file, gathered)} as x_gathered, "
        f"file_row_number + {number * LINES_A_FILE + 1} as x_line from read_parquet("
        f"{literal(str(path))}, file_row_number = true, hive_partitioning = false){cut}"
        for number, (file, (layout, path)) in enumerate(zip(files, staged, strict=True))
    ]
    missing = pack.makes_charges and "BillingCurrency" not in {
        *known,
        *pack.fixed,
        *pack.description.values,
    }
    return Opened(
        files=tuple(files),
        pack=pack,
        version=staged[0][0].version,
        selects={"source": _with_objects("\nunion all ".join(selects), objects)},
        objects=objects,
        shadowed=tuple(
            (file.name, column)
            for file, (layout, _) in zip(files, staged, strict=True)
            for column in layout.shadowed
        ),
        alike={
            names: file.name
            for file, (layout, _) in reversed(list(zip(files, staged, strict=True)))
            for names in layout.alike
        },
        unended=tuple(file.name for file in files if _is_unended(file)),
        currency_if_missing=currency if missing else None,
        columns=tuple(dict.fromkeys(one for layout, _ in staged for one in layout.columns)),
        line_of=lambda line: line_at(files, line),
    )


def _stage_all(
    con: "DuckDBPyConnection",
    files: Sequence[SourceFile],
    *,
    pack: Pack,
    staging: Path,
    limit: int | None,
) -> list[tuple[Layout, Path]]:
    staged: list[tuple[Layout, Path]] = []
    findings: list[Finding] = []
    for file in files:
        try:
            staged.append(_stage(con, file, pack=pack, staging=staging, limit=limit))
        except CostLensError as error:
            findings.extend(error.findings)
    if findings:
        raise CostLensError(findings=findings)
    return staged


def _stage(
    con: "DuckDBPyConnection", file: SourceFile, *, pack: Pack, staging: Path, limit: int | None
) -> tuple[Layout, Path]:
    """Match a file to its pack, and give the Parquet file that has its rows."""
    link = staging / f"{file.sha256[:16]}-{len(list(staging.iterdir()))}"
    try:
        if file.member:
            with zipfile.ZipFile(file.path).open(file.member) as packed, link.open("wb") as plain:
                shutil.copyfileobj(packed, plain)
        else:
            link.symlink_to(file.path.resolve())  # a name without marks of a glob to DuckDB
        layout = read_layout(con, file, link=link, pack=pack)
        if file.format == "parquet":
            _check_rows(con, file, link, limit=limit)
            return layout, link
        path = link.with_suffix(".parquet")
        reader = _reader(file, layout, link=link)
        if pack.description.padded and file.format == "csv" and _leaves_out(file, layout):
            reader = reader[:-1] + ", null_padding = true, parallel = false)"
        rows = f"select {_text_columns(layout, file)} from {reader}"
        rows += f" limit {limit}" if limit else ""
        con.cursor().execute(f"copy ({rows}) to {literal(str(path))} ({_STAGED})").fetchall()
        _check_rows(con, file, path, limit=limit)
    except Exception as error:
        raise read_error(error, file) from error
    return layout, path


def _may_spell_nothing(
    con: "DuckDBPyConnection", path: Path, *, of: SourceFile
) -> frozenset[str] | None:
    """Name the columns of a file in which a spelling of nothing may stand; None: any.

    Of most columns of text that was staged it is known that none does, by the least and the
    greatest of each piece of them. What others wrote into Parquet about it is not relied on.
    """
    if of.format == "parquet":
        return None
    sql = (
        "select distinct path_in_schema from parquet_metadata($path) "
        "where case when stats_min_value is null or stats_max_value is null "
        "then stats_null_count is distinct from num_values "
        "else len(list_filter(map_keys(nothings()), lambda text: text >= stats_min_value "
        "and text <= stats_max_value)) > 0 end"
    )
    return frozenset(row[0] for row in con.cursor().execute(sql, {"path": str(path)}).fetchall())


def _check_rows(
    con: "DuckDBPyConnection", file: SourceFile, path: Path, *, limit: int | None
) -> None:
    """Refuse a file that has not as many rows as its manifest says."""
    if file.rows is None or limit:
        return
    counted = f"select count(*) from read_parquet({literal(str(path))}, hive_partitioning = false)"
    ((rows,),) = con.cursor().execute(counted).fetchall()
    if rows != file.rows:
        raise CostLensError(
            f"has {rows:,} lines, its manifest says {file.rows:,}",
            where=file.name,
            hint="copy it again: it is cut short, or the manifest is of another run",
        )


def _is_unended(file: SourceFile) -> bool:
    """Say whether a file may be cut within the last value of a line, where no column is missed.

    What is zipped has a checksum, and a line of JSON that is cut is none.
    """
    if file.format != "csv" or file.zipped or file.member:
        return False
    with file.path.open("rb") as opened:
        opened.seek(-1, os.SEEK_END)
        return opened.read(1) not in (b"\n", b"\r")


def _kind(file: SourceFile, pack: Pack) -> str:
    """Write what tells a pack of several kinds of files which one this is; null where unknown."""
    kind = literal(file.kind) if file.kind else "null::varchar"
    return f", {kind} as x_kind" if pack.description.kinds else ""


def _leaves_out(file: SourceFile, layout: Layout) -> bool:
    """Say whether the first line leaves out the end; raise if the last one ends in the middle."""
    headed = len(layout.header.names)
    columns = next(islice((columns for _, columns in records(file)), 1, None), headed)
    if columns >= headed:
        return False
    with open_text(file) as opened:
        (last,) = deque(opened, maxlen=1)
    if last.endswith(("\n", "\r")):
        return True
    raise CostLensError(
        "is cut short: its last line does not end", where=file.name, hint="deliver it again, whole"
    )


def _columns(
    layout: Layout, pack: Pack, file: SourceFile, *, known: set[str], spelled: frozenset[str] | None
) -> str:
    """Select a pack's columns; those of Parquet keep their types, text that says nothing is null.

    What another part of the delivery has takes its type from there: a null without one.
    """
    names = [
        f"said({name(column)})" if spelled is None or column in spelled else name(column)
        for column in _names(layout, file)
    ]
    found = {column: literal(value) for column, value in pack.description.values.items()}
    found |= {column: names[at] for column, at in {**layout.filled, **layout.found}.items()}
    found |= {column: f"{literal(value)}::varchar" for column, value in pack.fixed.items()}
    nothing = {column: "null" if column in known else "null::varchar" for column in pack.columns}
    columns = [f"{found.get(column, nothing[column])} as {name(column)}" for column in pack.columns]
    return ", ".join(columns)


def _names(layout: Layout, file: SourceFile) -> list[str]:
    """Name the columns of a file as what is read of it has them, in their order."""
    headed = layout.header.names
    is_parquet = file.format == "parquet"
    return [headed[at] if is_parquet else f"c{at}" for at in range(len(headed))]


def _gathered(layouts: Iterable[Layout]) -> dict[tuple[str, str], int]:
    """Give the place in x_gathered of what any file of a delivery gathers: column and key."""
    members = {
        (column, key)
        for layout in layouts
        for column, places in layout.gathered.items()
        for key in places
    }
    return {member: number for number, member in enumerate(sorted(members), start=1)}


def _values(layout: Layout, file: SourceFile, gathered: Mapping[tuple[str, str], int]) -> str:
    """Write x_gathered, all values of a line that are gathered: a key for what they mean."""
    if not gathered:
        return "null::varchar"
    names = [name(column) for column in _names(layout, file)]
    places = [layout.gathered.get(column, {}).get(key) for column, key in gathered]
    values = ("null::varchar" if at is None else f"{names[at]}::varchar" for at in places)
    return f"row({', '.join(values)})"


def _object(gathered: Mapping[tuple[str, str], int], column: str) -> str:
    """Write the JSON object of a gathered column, of x_gathered; without what is null."""
    pairs = ", ".join(
        f"{literal(json.dumps(key, ensure_ascii=False) + ':')} || to_json(words(x_gathered[{at}]))"
        for (of, key), at in gathered.items()
        if of == column
    )
    return f"nullif('{{' || concat_ws(',', {pairs}) || '}}', '{{}}')" if pairs else "null::varchar"


def _with_objects(rows: str, objects: Mapping[str, str]) -> str:
    """Select the gathered columns beside the others."""
    if not objects:
        return rows
    made = ", ".join(f"{made} as {name(column)}" for column, made in objects.items())
    return f"select *, {made} from (\n{rows}\n)"


def _text_columns(layout: Layout, file: SourceFile) -> str:
    """Select the known columns of a text file, under the names the staged file has."""
    headed = layout.header.names
    names = [name(f"c{at}" if file.format == "csv" else headed[at]) for at in range(len(headed))]
    gathered = (at for members in layout.gathered.values() for at in members.values())
    wanted = sorted({*layout.found.values(), *gathered})
    return ", ".join(f"{names[at]} as {name(f'c{at}')}" for at in wanted)


def _reader(file: SourceFile, layout: Layout, *, link: Path) -> str:
    packing = "gzip" if file.zipped else "none"
    header = layout.header
    if file.format == "csv":
        columns = ", ".join(f"'c{at}': 'VARCHAR'" for at in range(len(header.names)))
        return (
            f"read_csv({literal(str(link))}, columns = {{{columns}}}, auto_detect = false, "
            f"header = false, skip = {header.lines}, delim = {literal(header.delimiter)}, "
            f"quote = '\"', escape = '\"', compression = '{packing}', {_CUT})"
        )
    wanted = {*layout.found.values(), *(at for m in layout.gathered.values() for at in m.values())}
    columns = ", ".join(f"{literal(header.names[at])}: 'VARCHAR'" for at in sorted(wanted))
    packing = packing_of(file.path)
    return (
        f"read_json({literal(str(link))}, format = 'newline_delimited', "
        f"columns = {{{columns}}}, compression = '{packing}')"
    )
