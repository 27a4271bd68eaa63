"""What can be said about sources without writing anything: `costlens check`."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from costlens.config.values import Workspace
from costlens.errors import CostLensError, Finding
from costlens.ingest.delivery import batches
from costlens.ingest.diagnose import unknown_states, unreadable
from costlens.ingest.fetch import SourceFile, deliveries_of
from costlens.ingest.load import pack_of, staging_folder
from costlens.ingest.packs import Pack, find_packs
from costlens.ingest.remote import files_of
from costlens.ingest.rows import control, rows_sql
from costlens.ingest.source import macros
from costlens.ingest.tabled import as_deliveries, open_delivery

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_ROWS = 1000


def check_sources(
    workspace: Workspace, con: "DuckDBPyConnection", *, as_of: datetime
) -> list[Finding]:
    """Find what is wrong with the sources by their first rows: packs, paths, headers, values."""
    try:
        packs = {pack.name: pack for pack in find_packs(workspace.folder)}
    except CostLensError as error:
        return list(error.findings)
    findings: list[Finding] = []
    with staging_folder(con) as staging, macros(con):
        for source in workspace.settings.sources:
            try:
                pack = pack_of(source, packs)
                files, noted = files_of(
                    source, pack, workspace, as_of=as_of, say=lambda _: None, sample=staging
                )
                wholes = deliveries_of(as_deliveries(files, pack, source))
            except CostLensError as error:
                findings += error.findings
                continue
            findings += noted
            currency = source.currency or workspace.settings.currency
            for parts in batches(pack, wholes):
                findings += _check(con, parts, pack=pack, currency=currency, staging=staging)
    return findings


def _check(
    con: "DuckDBPyConnection",
    files: Sequence[SourceFile],
    *,
    pack: Pack,
    currency: str,
    staging: Path,
) -> list[Finding]:
    """Read the first rows of a delivery's files as their pack would."""
    import duckdb

    try:
        opened = open_delivery(
            con, files, pack=pack, currency=currency, staging=staging, limit=_ROWS
        )
        opened.view(con)
        try:
            control(con, pack)
            for table in pack.produces:
                rows = rows_sql(con, pack, table, tag_keys=frozenset())
                con.cursor().execute(f"select count(hash(columns(*))) from (\n{rows}\n)").fetchall()
            return unknown_states(con, opened)
        except duckdb.Error as error:
            raise unreadable(con, opened, error) from error
    except CostLensError as error:
        return list(error.findings)
