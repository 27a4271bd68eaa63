"""Sources of several tables: databases, a folder with one file a table, or JSON documents.

Each table becomes a file that is read like any other, and then a view of the table's name. Rows of
the tables of one delivery have their x_line apart: the place of the table in the pack, and the row.
"""

import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from costlens.config.notes import listed
from costlens.config.values import Source
from costlens.errors import CostLensError, Finding
from costlens.ingest.documents import Taken, take_tables
from costlens.ingest.fetch import SourceFile, put_as_one
from costlens.ingest.header import open_text, refuse_format
from costlens.ingest.lines import line_of
from costlens.ingest.mlruns import tables_of_store
from costlens.ingest.nested import open_nested
from costlens.ingest.packs import Named, Pack
from costlens.ingest.parsed import Parsed
from costlens.ingest.source import Opened, open_files
from costlens.ingest.sqlite import columns_of, opened_database, write_csv
from costlens.ingest.steps import with_steps
from costlens.ingest.together import Rows, put_together
from costlens.ingest.wanted import refuse_missing, wanted
from costlens.lake.views import literal, name

if TYPE_CHECKING:
    import sqlite3

    from duckdb import DuckDBPyConnection

_LINES_A_TABLE = 10**8  # x_line in a file = place of the table * this + number of the row


def as_deliveries(files: Sequence[SourceFile], pack: Pack, source: Source) -> list[SourceFile]:
    """Put the files of one delivery together: those of a folder that are tables of the pack."""
    if not files:  # an account of AWS in which nothing ran
        return []
    if not pack.description.tables:  # a database in a folder of bills is something else
        return [f for f in files if f.format != "sqlite" or len(files) == 1]
    documents = [file for file in files if is_document(file, pack)]
    files = [file for file in files if file not in documents]
    databases = [file for file in files if file.format in ("sqlite", "database", "mlruns")]
    folders: dict[str, list[tuple[str, SourceFile]]] = {}
    for file in files:
        stem = PurePath(file.name).name.partition(".")[0].casefold()
        if file not in databases and stem in pack.named:
            folder = file.name.rpartition("/")[0] or "."
            folders.setdefault(folder, []).append((pack.named[stem], file))
    if not databases and not folders and not documents:
        raise CostLensError(
            f"{listed([file.name for file in files], most=4)}: no table of the pack {pack.name}",
            where=source.place,
            hint=pack.description.export
            or f"name each file after its table: {listed(list(pack.description.tables))}",
        )
    if pack.description.together and databases:
        tables = [file for parts in folders.values() for _, file in parts]
        databases = _together(databases, [*documents, *tables], source)
    return [
        *databases,
        *(_folder(name, parts) for name, parts in sorted(folders.items())),
        *([_whole(documents, source)] if documents else []),
    ]


def is_document(file: SourceFile, pack: Pack) -> bool:
    """Say whether a file holds JSON documents to its pack, and not the rows of one table."""
    formats = pack.description.format
    if file.format != "jsonl" or "json" not in formats:
        return False
    table = pack.named.get(PurePath(file.name).name.partition(".")[0].casefold())
    if table is None or "jsonl" not in formats:
        return True
    return not _has_row(file, pack.description.tables[table])


def _has_row(file: SourceFile, table: Named) -> bool:
    """Say whether the first line of a file is a row of a table."""
    try:
        with open_text(file) as opened:
            row = json.loads(next((line for line in opened if line.strip()), ""))
    except (ValueError, EOFError, OSError, zlib.error):
        return False
    return isinstance(row, dict) and all(
        {column, *table.aliases.get(column, ())} & row.keys() for column in table.needs
    )


def _together(
    databases: Sequence[SourceFile], others: Sequence[SourceFile], source: Source
) -> list[SourceFile]:
    """Make one delivery of the databases of a source, which tell of all that it has."""
    if others:
        raise CostLensError(
            f"holds databases and files, such as {others[0].name}, which may tell of the same",
            where=source.place,
            hint="name the databases alone, or the files alone",
        )
    return [_whole(databases, source, kind="databases")] if len(databases) > 1 else [*databases]


def _whole(files: Sequence[SourceFile], source: Source, *, kind: str = "documents") -> SourceFile:
    """Make one delivery of the documents of a source, or of its databases."""
    path = (source.path or source.name).rstrip("/")
    is_one = len(files) == 1 and files[0].name in (path, PurePath(path).as_posix())
    return put_as_one(
        path if is_one or any(mark in path for mark in "*?[") else f"{path}/",
        kind,
        [("", file) for file in files],
        path=files[0].path.parent,
    )


def _folder(folder: str, parts: Sequence[tuple[str, SourceFile]]) -> SourceFile:
    """Make one delivery of the files of a folder."""
    parts = sorted(parts, key=lambda part: (part[0], part[1].name))
    names = [table for table, _ in parts]
    findings = [
        Finding(
            message=f"is the table {table} a second time",
            where=file.name,
            hint="keep one of the two",
            code="table_twice",
        )
        for at, (table, file) in enumerate(parts)
        if table in names[:at]
    ]
    if findings:
        raise CostLensError(findings=findings)
    return put_as_one(f"{folder}/", "folder", parts, path=parts[0][1].path.parent)


def open_delivery(
    con: "DuckDBPyConnection",
    files: Sequence[SourceFile],
    *,
    pack: Pack,
    currency: str,
    staging: Path,
    limit: int | None = None,
    parsed: Parsed | None = None,
) -> Opened:
    """Match a delivery to its pack and make it readable; raise what is wrong with it.

    `parsed` is where what is parsed of logs is kept.
    """
    if pack.description.paths:
        logs = open_nested(con, files, pack=pack, staging=staging, limit=limit, parsed=parsed)
        return with_steps(con, logs, staging=staging)
    if not pack.description.tables:
        return open_files(con, files, pack=pack, currency=currency, staging=staging, limit=limit)
    opened = _open(con, files[0], pack=pack, currency=currency, staging=staging, limit=limit)
    return with_steps(con, opened, staging=staging)


def _open(
    con: "DuckDBPyConnection",
    file: SourceFile,
    *,
    pack: Pack,
    currency: str,
    staging: Path,
    limit: int | None,
) -> Opened:
    def open_table(table: str, part: SourceFile) -> Opened:
        return open_files(
            con,
            [part],
            pack=pack.of_table(table),
            currency=currency,
            staging=staging,
            limit=limit,
        )

    if file.format == "documents":
        taken = take_tables(con, [one for _, one in file.parts], pack, staging=staging, limit=limit)
        return _of_documents(file, pack, taken)
    if file.format == "databases":
        rows = put_together(file, pack, staging=staging, limit=limit)
        return _joined(file, pack, {t: one.file for t, one in rows.items()}, open_table, rows)
    if file.format == "sqlite":
        refuse_format(file, pack)
        with opened_database(file, staging) as database:
            parts = _staged(database, file, pack=pack, staging=staging, limit=limit)
    elif file.format == "mlruns":
        refuse_format(file, pack)
        found = tables_of_store(con, file, pack=pack, staging=staging, limit=limit)
        opened = _joined(file, pack, {table: one for table, (one, _) in found.items()}, open_table)
        return replace(opened, line_of=lambda line: _row_of_store(found, pack, line))
    else:
        parts = dict(file.parts)
        refuse_missing(file, pack, list(parts), f"the {file.format}")
    return _joined(file, pack, parts, open_table)


def _row_of_store(found: Mapping[str, tuple[SourceFile, list[str]]], pack: Pack, line: int) -> str:
    """Name the file of a store that a row comes from."""
    _, names = found[list(pack.description.tables)[line // _LINES_A_TABLE]]
    return names[line % _LINES_A_TABLE - 1]


def _staged(
    database: "sqlite3.Connection",
    file: SourceFile,
    *,
    pack: Pack,
    staging: Path,
    limit: int | None,
) -> dict[str, SourceFile]:
    """Write the tables of a pack out of a database, only the columns it knows."""
    found: dict[str, SourceFile] = {}
    for one in wanted(columns_of(database), file, pack):
        out = staging / f"{file.sha256[:16]}-{len(list(staging.iterdir()))}.csv"
        write_csv(database, one.real, one.columns, out, limit=limit)
        found[one.table] = replace(file, name=one.shown, path=out, format="csv", zipped=False)
    return found


def _joined(
    file: SourceFile,
    pack: Pack,
    parts: dict[str, SourceFile],
    open_table: Callable[[str, SourceFile], Opened],
    rows: Mapping[str, Rows] | None = None,
) -> Opened:
    """Open every table; what is wrong with any of them is raised together."""
    selects: dict[str, str] = {}
    columns: list[str] = []
    unended: list[str] = []
    findings: list[Finding] = []
    for place, table in enumerate(pack.description.tables):
        if table not in parts:
            selects[table] = _empty(pack.views[table])
            continue
        try:
            opened = open_table(table, parts[table])
        except CostLensError as error:
            findings += [_with_columns(one, pack.views[table]) for one in error.findings]
            continue
        columns += [f"{table}.{column}" for column in opened.columns]
        unended += opened.unended
        first = place * _LINES_A_TABLE
        selects[table] = (
            f"select * replace (x_line + {first} as x_line) from ({opened.selects['source']})"
        )
    if findings:
        raise CostLensError(findings=findings)

    def where(line: int) -> str:
        table = list(pack.description.tables)[line // _LINES_A_TABLE]
        part, row = parts[table], line % _LINES_A_TABLE
        if rows:
            return rows[table].where(row)
        is_file = file.format == "folder"
        return line_of(part, row) if is_file else f"{part.name} row {row}"

    return Opened(
        files=(file,),
        pack=pack,
        version="",
        selects=selects,
        shadowed=(),
        alike={},
        unended=tuple(unended),
        currency_if_missing=None,
        columns=tuple(columns),
        line_of=where,
    )


def _of_documents(file: SourceFile, pack: Pack, taken: Taken) -> Opened:
    """View the tables that were taken out of documents."""
    selects: dict[str, str] = {}
    for place, (table, columns) in enumerate(pack.views.items()):
        if table not in taken.tables:
            selects[table] = _empty(columns)
            continue
        gathered = pack.description.tables[table].gather
        named = ", ".join(
            f"null::varchar as {name(column)}" if column in gathered else name(column)
            for column in columns
        )
        selects[table] = (
            f"select {named}, file_row_number + {place * _LINES_A_TABLE + 1} as x_line from "
            f"read_parquet({literal(str(taken.tables[table]))}, file_row_number = true)"
        )

    def where(line: int) -> str:
        table = list(pack.views)[line // _LINES_A_TABLE]
        return taken.documents.where(taken.tables[table], line % _LINES_A_TABLE)

    return Opened(
        files=(file,),
        pack=pack,
        version="",
        selects=selects,
        shadowed=(),
        alike={},
        unended=(),
        currency_if_missing=None,
        columns=taken.columns,
        line_of=where,
        notes=taken.notes,
    )


def _empty(columns: Sequence[str]) -> str:
    typed = ", ".join(f"null::varchar as {name(column)}" for column in columns)
    return f"select {typed}, null::bigint as x_line where false"


def _with_columns(finding: Finding, columns: Sequence[str]) -> Finding:
    """Say which columns to export where one that no pack reads keeps a file from being read."""
    if "not UTF-8" not in finding.message:
        return finding
    return replace(finding, hint=f"export these columns, not *: {', '.join(columns)}")
