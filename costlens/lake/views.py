"""One view a table over exactly the files of one state of the lake."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from costlens.lake.partitions import decoded, is_coded
from costlens.lake.tables import TABLES, Table

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# What the views of a connection show, whoever made them: binding one anew reads its files' footers.
_shown: "WeakKeyDictionary[DuckDBPyConnection, dict[str, list[Path]]]" = WeakKeyDictionary()


def literal(text: str) -> str:
    """Quote a text for SQL."""
    return "'" + text.replace("'", "''") + "'"


def name(text: str) -> str:
    """Quote a column's or table's name for SQL."""
    return '"' + text.replace('"', '""') + '"'


def create_views(con: "DuckDBPyConnection", files: Mapping[str, Sequence[Path]]) -> None:
    """Create or replace one view for every given table, typed also where it has no files.

    A view that shows these files already is left as it is.
    """
    shown = _shown.setdefault(con, {})
    for name_of, paths in files.items():
        if shown.get(name_of) == list(paths):
            continue
        table = TABLES[name_of]
        select = _over(table, paths) if paths else _empty(table)
        con.execute(f"create or replace view {name(table.name)} as {select}").fetchall()
        shown[name_of] = list(paths)


def _over(table: Table, paths: Sequence[Path]) -> str:
    """Select a table's columns from files; those of the partition stand in the folders' names.

    They are decoded only where a name needs it: a bare one groups faster.
    """
    coded = any(map(is_coded, paths))
    columns = ", ".join(
        f"{decoded(name(column))} as {name(column)}"
        if coded and column in table.partitions
        else name(column)
        for column in table.columns
    )
    listed = ", ".join(literal(str(path)) for path in paths)
    hive = "hive_partitioning = false"
    if table.partitions:
        types = ", ".join(f"{literal(column)}: VARCHAR" for column in table.partitions)
        hive = f"hive_partitioning = true, hive_types = {{{types}}}"
    return f"select {columns} from read_parquet([{listed}], {hive})"


def _empty(table: Table) -> str:
    columns = (f"cast(null as {kind}) as {name(key)}" for key, kind in table.columns.items())
    return f"select {', '.join(columns)} where false"
