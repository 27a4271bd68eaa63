"""Parse files of JSON documents: one document a file, one after another, or one a line.

Each becomes a row of a Parquet file, with its file and its top-level keys: a list those of its
first element.
"""

import gzip
import json
import re
import shutil
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from costlens.errors import CostLensError, Finding
from costlens.ingest.fetch import SourceFile
from costlens.ingest.header import cut_short, open_text
from costlens.ingest.json_rows import STAGED
from costlens.ingest.protobuf import Messages, as_json, is_message
from costlens.lake.views import literal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_ONE_VALUE = 1 << 24  # a document up to this size is read with others; DuckDB's own limit
_LARGE = 1 << 20  # a document from this size on is taken apart by itself
# DuckDB holds a number as a double: one of more digits becomes text before it is parsed. The
# pattern takes whole strings, so that no match begins in one, and the end, which leaves "" behind.
_LONG = r"-?[0-9][0-9.]{17,}(?:[eE][-+]?[0-9]+)?"
_EXACT = (
    f"case when regexp_matches(read.json, '^[{{\\[]') and regexp_matches(read.json, '{_LONG}') "
    rf"""then left(regexp_replace(read.json, '((?:"(?:[^"\\]|\\.)*"|[^"])*?)({_LONG}|\z)', """
    r"""'\1"\2"', 'g'), -2) else read.json::varchar end"""
)


@dataclass(frozen=True, kw_only=True)
class Documents:
    """The documents of a delivery, parsed."""

    files: tuple[SourceFile, ...]
    path: Path
    large: tuple[int, ...]  # the places of those that are taken apart by themselves

    def where(self, staged: Path, row: int) -> str:
        """Say where a row of a table stands: its file, and its path in there."""
        import duckdb

        with duckdb.connect() as con:
            told = con.execute(
                "select d.x_file, r.x_path, "
                "(select count(*) from read_parquet($documents) as o where o.x_file = d.x_file), "
                "(select count(*) from read_parquet($documents, file_row_number = true) as o "
                "where o.x_file = d.x_file and o.file_row_number <= r.x_document) "
                "from read_parquet($rows, file_row_number = true) as r "
                "inner join read_parquet($documents, file_row_number = true) as d "
                "on d.file_row_number = r.x_document where r.file_row_number = $row",
                {"documents": str(self.path), "rows": str(staged), "row": row - 1},
            ).fetchone()
        if told is None:
            return self.files[0].name
        file, path, documents, place = told
        numbered = f" document {place}" if documents > 1 else ""
        return f"{self.files[file].name}{numbered} {path}".rstrip()


def read_documents(
    con: "DuckDBPyConnection",
    files: Sequence[SourceFile],
    *,
    staging: Path,
    messages: Messages | None = None,
) -> Documents:
    """Parse every document of a delivery; raise for each file that holds something else."""
    links = [_link(file, staging, messages or {}) for file in files]
    out = staging / f"documents-{len(list(staging.iterdir()))}.parquet"
    bulk = [at for at, link in enumerate(links) if link.stat().st_size <= _ONE_VALUE]
    alone = [at for at in range(len(links)) if at not in bulk]
    reads = [*([_read(links, bulk)] if bulk else []), *(_read(links, [at]) for at in alone)]
    try:
        _copy(con, reads, out)
    except _duckdb_error() as error:
        if "maximum_object_size" not in str(error):
            raise CostLensError(findings=list(_torn(con, files, links))) from error
        whole = [_read(links, [at], size=links[at].stat().st_size) for at in alone]
        try:
            _copy(con, [*reads[: len(reads) - len(alone)], *whole], out)
        except _duckdb_error() as again:
            raise CostLensError(findings=list(_torn(con, files, links))) from again
    _refuse_blank(con, files, out)
    found = con.cursor().execute(
        f"select file_row_number from read_parquet({literal(str(out))}, file_row_number = true) "
        f"where strlen(document) > {_LARGE}"
    )
    return Documents(files=tuple(files), path=out, large=tuple(n for (n,) in found.fetchall()))


def _link(file: SourceFile, staging: Path, messages: Messages) -> Path:
    """Give a plain file of JSON without marks of a glob in its name."""
    link = staging / f"{file.sha256[:16]}-{len(list(staging.iterdir()))}.json"
    with file.path.open("rb") as opened:
        is_packed = not file.zipped and is_message(opened.read(64), messages)
    if is_packed:
        link.write_text(as_json(file.path.read_bytes(), messages, shown=file.name))
        return link
    if not file.zipped:
        link.symlink_to(file.path.resolve())
        return link
    try:
        with gzip.open(file.path, "rb") as packed, link.open("wb") as plain:
            shutil.copyfileobj(packed, plain)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise cut_short(file) from None
    return link


def _read(links: Sequence[Path], places: Sequence[int], *, size: int = 0) -> str:
    """Write the select of the documents of some files, each with its place among all."""
    listed_links = ", ".join(literal(str(links[at])) for at in places)
    files = ", ".join(f"{literal(str(links[at]))}: {at}" for at in places)
    most = f", maximum_object_size = {size + 1}" if size else ""
    return (
        f"select (map {{{files}}})[filename] as x_file, read.json "
        f"from read_json_objects([{listed_links}], format = 'unstructured', "
        f"compression = 'uncompressed', filename = true{most}) as read"
    )


def _copy(con: "DuckDBPyConnection", reads: Sequence[str], out: Path) -> None:
    rows = "\nunion all ".join(reads)
    con.cursor().execute(
        f"copy (select x_file, {_EXACT} as document, "
        "coalesce(json_keys(read.json, case json_type(read.json) when 'ARRAY' then '$[0]' "
        "else '$' end), []) as x_keys, json_type(read.json) = 'ARRAY' as x_is_list "
        f"from ({rows}) as read) to {literal(str(out))} ({STAGED})"
    ).fetchall()


def _refuse_blank(con: "DuckDBPyConnection", files: Sequence[SourceFile], out: Path) -> None:
    rows = con.cursor().execute(f"select distinct x_file from {literal(str(out))}").fetchall()
    filled = {at for (at,) in rows}
    findings = [
        Finding(
            message="holds no JSON document",
            where=file.name,
            hint="deliver it again, or remove it",
            code="bad_file",
        )
        for at, file in enumerate(files)
        if at not in filled
    ]
    if findings:
        raise CostLensError(findings=findings)


def _torn(
    con: "DuckDBPyConnection", files: Sequence[SourceFile], links: Sequence[Path]
) -> Iterator[Finding]:
    """Find the files that are no JSON, each with the line where it stops being that."""
    for at, (file, link) in enumerate(zip(files, links, strict=True)):
        read = _read(links, [at], size=max(_ONE_VALUE, link.stat().st_size))
        try:
            con.cursor().execute(f"select count(json_type(json)) from ({read})").fetchall()
        except _duckdb_error() as error:
            yield _where_torn(file, str(error))


def _where_torn(file: SourceFile, said: str) -> Finding:
    decoder = json.JSONDecoder()
    try:
        with open_text(file) as opened:
            text = opened.read()
    except UnicodeDecodeError:
        return Finding(
            message="is not UTF-8 text", where=file.name, hint="save it as UTF-8", code="bad_file"
        )
    at = 0
    try:
        while at < len(text):
            at = re.compile(r"\s*").match(text, at).end()  # type: ignore[union-attr]  # always one
            if at < len(text):
                _, at = decoder.raw_decode(text, at)
    except json.JSONDecodeError as error:
        if error.pos >= len(text.rstrip()) or "Unterminated string" in error.msg:
            return Finding(
                message="is cut short: its last JSON value does not end",
                where=f"{file.name}:{text.count(chr(10)) + 1}",
                hint="deliver it again, whole",
                code="bad_file",
            )
        return Finding(
            message=f"is not JSON: {error.msg[0].lower()}{error.msg[1:]}, column {error.colno}",
            where=f"{file.name}:{error.lineno}",
            hint="deliver it as its tool writes it",
            code="bad_file",
        )
    told = re.sub(r' in file "[^"]*"', "", said.partition("\n")[0])
    return Finding(
        message=f"cannot be read: {told}",
        where=file.name,
        hint="deliver it again, whole",
        code="bad_file",
    )


def _duckdb_error() -> type[Exception]:
    import duckdb

    return duckdb.Error
