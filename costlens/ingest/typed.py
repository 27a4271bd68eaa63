"""The columns that a pack reads of nested JSON: where they lie, and of what type they are.

A parser is much faster where it is told the type. A file with a value of another type cannot be
read so: its values are read as text, and what is no value of its type is found.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from costlens.errors import Finding
from costlens.ingest.diagnose import and_more
from costlens.ingest.fetch import SourceFile
from costlens.ingest.lines import line_of
from costlens.ingest.packs import Pack
from costlens.lake.views import literal, name

if TYPE_CHECKING:
    from pathlib import Path

    from duckdb import DuckDBPyConnection

How = Literal["typed", "cast", "text"]  # by the parser; of text, with null for what is none; not
_WANTED = {
    "BIGINT": ("a whole number", "write digits only, such as 2"),
    "BOOLEAN": ("true or false", "write true or false"),
}
_Tree = dict[str, "_Tree | str"]


def path_of(pack: Pack, column: str) -> tuple[str, ...]:
    """Name the keys that lead to a column, from the top."""
    if column in pack.mapped:
        return (pack.mapped[column],)
    return pack.description.paths.get(column, (column,))


def kinds_of(pack: Pack, how: How) -> str:
    """Write the type of every key at the top of an event, as `read_json` takes them."""
    types = pack.description.types if how == "typed" else {}
    tree: _Tree = {}
    for column in pack.columns:
        *above, last = path_of(pack, column)
        below = tree
        for key in above:
            more = below.get(key)
            if not isinstance(more, dict):
                more = below[key] = {}
            below = more
        below.setdefault(last, types.get(column, "VARCHAR"))
    return ", ".join(f"{literal(key)}: {literal(_kind(more))}" for key, more in tree.items())


def _kind(below: "_Tree | str") -> str:
    if isinstance(below, str):
        return below
    return f"STRUCT({', '.join(f'{name(key)} {_kind(more)}' for key, more in below.items())})"


def columns_of(pack: Pack, how: How) -> str:
    """Write the select list of a pack's columns."""
    types: Mapping[str, str] = pack.description.types if how == "cast" else {}
    return ", ".join(
        f"{_cast(_value(path_of(pack, one)), types.get(one))} as {name(one)}"
        for one in pack.columns
    )


def _value(path: Sequence[str]) -> str:
    return ".".join(name(key) for key in path)


def _cast(value: str, kind: str | None) -> str:
    return f"try_cast(words({value}) as {kind})" if kind else value


def misfits(
    con: "DuckDBPyConnection", pack: Pack, *, texts: "Path", file: SourceFile
) -> list[Finding]:
    """Find the first value of each column that is not of its type; `texts` has them as text."""
    findings = []
    for column, kind in pack.description.types.items():
        value = name(column)
        rows = (
            con.cursor()
            .execute(
                f"select file_row_number + 1, {value}, count(*) over () "
                f"from read_parquet({literal(str(texts))}, file_row_number = true) "
                f"where words({value}) is not null and {_cast(value, kind)} is null "
                "order by all limit 1"
            )
            .fetchall()
        )
        what, hint = _WANTED[kind]
        findings += [
            Finding(
                message=f'"{said}" in the column {column} is not {what}' + and_more(lines),
                where=line_of(file, row),
                hint=hint,
                code="unreadable",
            )
            for row, said, lines in rows
        ]
    return findings
