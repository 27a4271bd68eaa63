"""Tables out of JSON documents: pages of a REST API, manifests, events, one a file or one a line.

All documents of a source are one delivery. They are parsed once, into a Parquet file of one row a
document; out of that each table of the pack takes its rows, into a file of its own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from costlens.config.notes import listed
from costlens.errors import CostLensError, Finding
from costlens.ingest.fetch import SourceFile
from costlens.ingest.json_files import Documents, read_documents
from costlens.ingest.json_path import RowPath, row_path
from costlens.ingest.json_rows import STAGED, Columns, present, rows_sql, strangers
from costlens.ingest.packs import Pack
from costlens.lake.views import literal, name

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True, kw_only=True)
class Kind:
    """Documents of the same top-level keys, and the files that hold some."""

    keys: tuple[str, ...]
    is_list: bool  # of elements with these keys
    files: tuple[str, ...]

    def has_rows(self, pack: Pack, table: str) -> bool:
        """Say whether such a document has rows of a table."""
        document = pack.description.tables[table].document
        return any(
            path.is_list == self.is_list and {*self.keys}.issuperset(path.keys_of(document))
            for path in paths_of(pack, table).values()
        )

    @property
    def told(self) -> str:
        """Say what they are, for people."""
        keys = f"the keys {listed(self.keys, most=6)}" if self.keys else "no keys"
        return f"a list of elements with {keys}" if self.is_list else keys


@dataclass(frozen=True, kw_only=True)
class Taken:
    """The tables that a delivery's documents hold, each in a file, and what was left out."""

    documents: Documents
    tables: dict[str, Path]
    columns: tuple[str, ...]  # as table.column, those that any row has
    notes: tuple[Finding, ...]


def take_tables(
    con: "DuckDBPyConnection",
    files: Sequence[SourceFile],
    pack: Pack,
    *,
    staging: Path,
    limit: int | None,
) -> Taken:
    """Take the tables of a pack out of documents; raise what is wrong with any."""
    once = {file.sha256: file for file in reversed(files)}
    kept = [file for file in files if once[file.sha256] is file]
    notes = [
        Finding(
            message=f"holds the same as {once[file.sha256].name}: it counts once",
            where=file.name,
            hint="remove one of the two",
            code="same_file",
            severity="warning",
        )
        for file in files
        if file not in kept
    ]
    messages = pack.description.protobuf
    documents = read_documents(con, kept, staging=staging, messages=messages)
    kinds = kinds_of(con, documents)
    held = {table: [kind for kind in kinds if kind.has_rows(pack, table)] for table in pack.views}
    findings = _without_tables(pack, kinds, held)
    notes += _unread(
        pack, [kind for kind in kinds if not any(kind in one for one in held.values())]
    )
    tables: dict[str, Path] = {}
    columns: list[str] = []
    for table in (table for table, of in held.items() if of):
        try:
            tables[table], found = stage_table(
                con, documents, pack, table=table, staging=staging, limit=limit
            )
        except CostLensError as error:
            findings += error.findings
            continue
        columns += [f"{table}.{column}" for column in found]
    if findings:
        raise CostLensError(findings=findings)
    return Taken(documents=documents, tables=tables, columns=tuple(columns), notes=tuple(notes))


def _without_tables(
    pack: Pack, kinds: Sequence[Kind], held: Mapping[str, Sequence[Kind]]
) -> list[Finding]:
    """Find the tables that the pack needs and no document has."""
    seen = listed([kind.told for kind in kinds], most=4)
    return [
        Finding(
            message=f"the table {table} is missing",
            where=kinds[0].files[0] if len(kinds[0].files) == 1 and len(kinds) == 1 else "",
            hint=f"its rows lie at {' or '.join(one.rows)} of a document; here are documents "
            f"with {seen}",
            code="missing_table",
        )
        for table, one in pack.description.tables.items()
        if not one.optional and not held[table]
    ]


def _unread(pack: Pack, kinds: Sequence[Kind]) -> Iterator[Finding]:
    """Tell of the documents that have no rows of any table."""
    for kind in kinds:
        yield Finding(
            message=f"is not read: no table of the pack {pack.name} lies in a document with "
            f"{kind.told}",
            where=listed(kind.files, most=3),
            hint="leave it, or move it to the source that reads it",
            code="left_out",
            severity="info",
        )


def stage_table(
    con: "DuckDBPyConnection",
    documents: Documents,
    pack: Pack,
    *,
    table: str,
    staging: Path,
    limit: int | None,
) -> tuple[Path, tuple[str, ...]]:
    """Take the rows of a table out of the documents; give the file and the columns it has."""
    wanted = pack.of_table(table)
    columns = _columns(pack, table)
    source = literal(str(documents.path))
    findings = [
        Finding(
            message=f"the rows of {table} lie in {wanted_there} at {path}; here is {kind}",
            where=documents.files[file].name,
            hint="deliver it as its tool writes it",
            code="bad_file",
        )
        for file, path, wanted_there, kind in con.cursor()
        .execute(strangers(columns, source))
        .fetchall()
    ]
    if findings:
        raise CostLensError(findings=findings)
    out = staging / f"table-{len(list(staging.iterdir()))}.parquet"
    rows = rows_sql(columns, source, large=documents.large)
    rows += f" limit {limit}" if limit else ""
    con.cursor().execute(f"copy ({rows}) to {literal(str(out))} ({STAGED})").fetchall()
    counts = ", ".join(f"count({name(column)})" for column in wanted.columns)
    (counted,) = (
        con.cursor().execute(f"select count(*), {counts} from {literal(str(out))}").fetchall()
    )
    filled = {c for c, n in zip(wanted.columns, counted[1:], strict=True) if n}
    unfilled = [column for column in wanted.description.needs if column not in filled]
    if counted[0] and unfilled:
        _refuse_missing(con, documents, columns, table=table, unfilled=unfilled)
    return out, tuple(column for column in wanted.columns if column in filled)


def paths_of(pack: Pack, table: str) -> dict[str, RowPath]:
    """Give the paths of a table's rows, each by its text."""
    found = {text: row_path(text) for text in pack.description.tables[table].rows}
    return {text: path for text, path in found.items() if path is not None}


def kinds_of(con: "DuckDBPyConnection", documents: Documents) -> list[Kind]:
    """List the kinds of documents, by their top-level keys."""
    rows = con.cursor().execute(
        "select x_keys, x_is_list, list(distinct x_file order by x_file) "
        f"from read_parquet({literal(str(documents.path))}) group by all order by min(x_file)"
    )
    return [
        Kind(
            keys=tuple(keys), is_list=is_list, files=tuple(documents.files[at].name for at in files)
        )
        for keys, is_list, files in rows.fetchall()
    ]


def held_by_files(
    con: "DuckDBPyConnection", documents: Documents, pack: Pack, table: str
) -> dict[int, int]:
    """Count the columns that a table knows in each file that has rows with all it needs."""
    columns = _columns(pack, table)
    needs = pack.description.tables[table].needs
    sql = present(
        columns, literal(str(documents.path)), large=documents.large, wanted=columns.names
    )
    return {
        file: sum(has)
        for file, _, _, *has in con.cursor().execute(sql).fetchall()
        if all(has[columns.names.index(column)] for column in needs)
    }


def _columns(pack: Pack, table: str) -> Columns:
    wanted = pack.of_table(table)
    return Columns(
        names=wanted.columns,
        aliases=wanted.description.aliases,
        paths=paths_of(pack, table),
        document=pack.description.tables[table].document,
    )


def _refuse_missing(
    con: "DuckDBPyConnection",
    documents: Documents,
    columns: Columns,
    *,
    table: str,
    unfilled: Sequence[str],
) -> None:
    """Refuse rows none of which has a column they need; one that is null everywhere is there."""
    sql = present(columns, literal(str(documents.path)), large=documents.large, wanted=unfilled)
    files = con.cursor().execute(sql).fetchall()
    file, _, keys, *_ = files[0]
    has = [any(column) for column in zip(*(one[3:] for one in files), strict=True)]
    findings = [
        Finding(
            message=f"{table}: the column {column} is missing",
            where=documents.files[file].name,
            hint=f"its rows have {listed(keys, most=8)}" if keys else "its rows have no keys",
            code="missing_column",
        )
        for column, there in zip(unfilled, has, strict=True)
        if not there
    ]
    if findings:
        raise CostLensError(findings=findings)
