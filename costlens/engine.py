"""The DuckDB connection that everything computes on: UTC, bounded memory, nothing kept open."""

import os
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING

from costlens.memory import memory_of_machine

if TYPE_CHECKING:
    import duckdb

MEMORY_LIMIT = "60%"


def connect(
    scratch: Path | None = None, *, memory_limit: str = MEMORY_LIMIT
) -> "duckdb.DuckDBPyConnection":
    """Open a connection in memory that may spill to `scratch`, else to a folder for passing things.

    `memory_limit` is an amount, or a part in percent of what this machine or its container has.
    """
    import duckdb

    con = duckdb.connect()
    con.execute("set TimeZone = 'UTC'")
    con.execute("set memory_limit = $limit", {"limit": _amount(memory_limit)})
    with suppress(duckdb.InvalidInputException):  # in a notebook that has no widgets for one
        con.execute("set enable_progress_bar = false")
    folder = scratch or Path(gettempdir()) / f"costlens-{os.getpid()}"  # not `.tmp` where one is
    con.execute("set temp_directory = $folder", {"folder": str(folder)})
    return con


def _amount(memory_limit: str) -> str:
    if not memory_limit.endswith("%"):
        return memory_limit
    share = Decimal(memory_limit.removesuffix("%")) / 100
    return f"{int(memory_of_machine() * share)}B"
