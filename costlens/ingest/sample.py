"""Run a pack over one file, as its own test does, and as whoever writes a pack wants to."""

import tempfile
from pathlib import Path

from costlens.config.values import Source
from costlens.ingest.diagnose import unreadable
from costlens.ingest.fetch import find_files
from costlens.ingest.packs import Pack
from costlens.ingest.rows import rows_sql
from costlens.ingest.source import macros
from costlens.ingest.tabled import as_deliveries, open_delivery
from costlens.lake.views import literal, name


def write_rows(
    pack: Pack, sample: Path, out: Path, *, table: str, tag_keys: frozenset[str] = frozenset()
) -> None:
    """Write what a pack makes of a sample, a file or a folder, as CSV, in the sample's order.

    Columns that no row fills are left out.
    """
    import duckdb

    with duckdb.connect() as con, tempfile.TemporaryDirectory() as folder, macros(con):
        source = Source(name="sample", type=pack.name, path=sample.name)
        files, _ = find_files(source, sample.parent, pack.description)
        files = as_deliveries(files, pack, source)
        opened = open_delivery(con, files, pack=pack, currency="USD", staging=Path(folder))
        opened.view(con)
        rows = rows_sql(con, pack, table, tag_keys=tag_keys)
        try:
            con.execute(f"create table made as {rows}").fetchall()
        except duckdb.Error as error:
            raise unreadable(con, opened, error) from error
        columns = [row[0] for row in con.execute("describe made").fetchall()]
        columns.remove("period_start")
        counts = ", ".join(f"count({name(column)})" for column in columns)
        (filled,) = con.execute(f"select {counts} from made").fetchall()
        kept = [name(column) for column, n in zip(columns, filled, strict=True) if n]
        kept = kept or [name(column) for column in columns]
        ordered = f"select {', '.join(kept)} from made order by all"
        con.execute(f"copy ({ordered}) to {literal(str(out))} (format csv, header)").fetchall()
