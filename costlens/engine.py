"""The DuckDB connection that everything computes on: UTC, bounded memory, nothing kept open."""

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from costlens.memory import memory_of_machine

if TYPE_CHECKING:
    import duckdb

MEMORY_LIMIT = "60%"


def connect(
    scratch: Path | None = None, *, memory_limit: str = MEMORY_LIMIT
) -> "duckdb.DuckDBPyConnection":
    """Open a connection in memory that may spill to `scratch`.

    `memory_limit` is an amount, or a part in percent of what this machine or its container has.
    """
    import duckdb

    con = duckdb.connect()
    con.execute("set TimeZone = 'UTC'")
    con.execute("set memory_limit = $limit", {"limit": _amount(memory_limit)})
    con.execute("set enable_progress_bar = false")
    if scratch is not None:
        con.execute("set temp_directory = $folder", {"folder": str(scratch)})
    return con


def _amount(memory_limit: str) -> str:
    if not memory_limit.endswith("%"):
        return memory_limit
    share = Decimal(memory_limit.removesuffix("%")) / 100
    return f"{int(memory_of_machine() * share)}B"
