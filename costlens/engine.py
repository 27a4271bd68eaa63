"""The DuckDB connection that everything computes on: UTC, bounded memory, nothing kept open."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb


def connect(scratch: Path | None = None) -> "duckdb.DuckDBPyConnection":
    """Open a connection in memory that may spill to `scratch`, with at most 60 % of RAM."""
    import duckdb

    con = duckdb.connect()
    con.execute("set TimeZone = 'UTC'")
    con.execute("set memory_limit = '60%'")
    con.execute("set enable_progress_bar = false")
    if scratch is not None:
        con.execute("set temp_directory = $folder", {"folder": str(scratch)})
    return con
