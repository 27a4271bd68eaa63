"""Where a partition's files stand, and how its values are read back from there."""

import re
from pathlib import Path

from costlens.errors import CostLensError
from costlens.lake.tables import TABLES, Table

_COLUMNS = {column.lower() for table in TABLES.values() for column in table.columns}
_LONGEST = 255  # bytes a file system takes for one name


def folder_of(table: Table, partition: tuple[str, ...]) -> str:
    """Name the folder of a partition, `source=aws/billing_period=2026-05`.

    Whatever is not plain in a value is written as `@` and two hex digits a byte: delta-rs, DuckDB
    and Spark disagree on how often a `%` in a path is decoded, and none of them touches these.
    """
    named = zip(table.partitions, partition, strict=True)
    return "/".join(_folder(column, value) for column, value in named)


def _folder(column: str, value: str) -> str:
    odd = re.compile(rb"[^A-Za-z0-9_.-]|^_")  # __HIVE_DEFAULT_PARTITION__ would be null
    coded = odd.sub(lambda byte: b"@%02X" % byte[0][0], value.encode()).decode()
    if len(folder := f"{column}={coded}") > _LONGEST:
        raise CostLensError(
            f"the {column} {value!r} is too long for a folder's name", hint="take a shorter name"
        )
    return folder


def is_coded(path: Path) -> bool:
    """Say whether a file stands in a folder whose name must be decoded."""
    return any("@" in part for part in path.parts if "=" in part)


def decoded(column: str) -> str:
    """Write the SQL that reads a partition's value from its folder's name."""
    return f"url_decode(replace({column}, '@', '%'))"


def check_place(folder: Path) -> None:
    """Refuse a lake in a folder whose name would be misread.

    DuckDB takes a column's value from a folder like `day=1`, also one above the lake; delta-rs
    decodes `%20` and turns a backslash around, and then looks in another folder.
    """
    for part in folder.parts:
        key = re.match(r"([^=]+)=", part)
        if (key and key[1].lower() in _COLUMNS) or re.search(
            r"%[0-9A-Fa-f]{2}|[\\\x00-\x1f]", part
        ):
            raise CostLensError(
                f"a lake cannot be in a folder named {part!r}",
                where=str(folder),
                hint="its name would be read as something else: take another folder",
            )
