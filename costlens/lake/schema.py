"""The Delta schema of a table, made from its declared DuckDB types.

Delta has a spelling of its own for types; other engines read the tables by it. Only what
`tables.py` declares is spelled here: a type without a Delta equal (HUGEINT, UBIGINT) is a bug.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from costlens.lake.tables import Table

if TYPE_CHECKING:
    from deltalake import Schema
    from deltalake.schema import DataType

_DELTA = {
    "VARCHAR": "string",
    "BIGINT": "long",
    "INTEGER": "integer",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "timestamp_ntz",
}


def delta_schema(table: Table) -> "Schema":
    """Spell the declared columns of a table as a Delta schema, every column nullable."""
    from deltalake import Field, Schema

    return Schema([Field(name, _delta_type(duck)) for name, duck in table.columns.items()])


def _delta_type(duck: str) -> "DataType":
    from deltalake import Field
    from deltalake.schema import ArrayType, PrimitiveType, StructType

    if duck.endswith("[]"):
        return ArrayType(_delta_type(duck[:-2]))
    if inner := re.fullmatch(r"STRUCT\((.*)\)", duck):
        parts = (part.split(" ", 1) for part in _members(inner[1]))
        return StructType([Field(name, _delta_type(kind)) for name, kind in parts])
    if re.fullmatch(r"DECIMAL\(\d+,\d+\)", duck):
        return PrimitiveType(duck.lower())
    return PrimitiveType(_DELTA[duck])


def _members(inside: str) -> Iterator[str]:
    """Cut the members of a struct at the commas that no bracket holds."""
    depth, begun = 0, 0
    for at, letter in enumerate(inside):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            yield inside[begun:at].strip()
            begun = at + 1
    yield inside[begun:].strip()
