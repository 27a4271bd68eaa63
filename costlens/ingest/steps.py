"""What the SQL files of a pack share: its steps, each worked out once for a delivery."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from costlens.ingest.diagnose import unreadable
from costlens.ingest.source import Opened
from costlens.lake.views import literal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def with_steps(con: "DuckDBPyConnection", opened: Opened, *, staging: Path) -> Opened:
    """Work out the steps of a delivery's pack, in order, and view them beside its tables."""
    import duckdb

    selects = dict(opened.selects)
    for step in opened.pack.description.steps:
        replace(opened, selects=selects).view(con)
        path = literal(str(staging / f"step-{len(list(staging.iterdir()))}.parquet"))
        made_by = opened.pack.sql(step).rstrip().rstrip(";")
        try:
            con.cursor().execute(f"copy (\n{made_by}\n) to {path} (format parquet)").fetchall()
        except duckdb.Error as error:
            raise unreadable(con, opened, error) from error
        selects[step] = f"select * from read_parquet({path})"
    return replace(opened, selects=selects)
