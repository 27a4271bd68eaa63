"""What the tools of a workspace say: the rows that their packs make, and what follows from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from costlens.allocate import steps
from costlens.allocate.book import make_book, open_book
from costlens.config.values import Source, Workspace
from costlens.errors import Finding
from costlens.ingest.delivery import batches
from costlens.ingest.diagnose import unreadable
from costlens.ingest.fetch import SourceFile, deliveries_of, find_files
from costlens.ingest.load import pack_of, staging_folder
from costlens.ingest.packs import Pack, find_packs
from costlens.ingest.remote import remote_of
from costlens.ingest.rows import rows_sql
from costlens.ingest.source import macros
from costlens.ingest.tabled import as_deliveries, open_delivery
from costlens.lake.tables import TABLES
from costlens.lake.views import name
from costlens.money import define

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

TOOLS = ("feast", "dbt", "mlflow", "tecton")
_READ = ("links", "outputs")
_TOLD = Path(__file__).with_name("told.sql")
# A view of a registry is a feature, whatever names it; outputs are made as they are named.
_MADE = "create or replace temp table part_targets as select distinct source, target from outputs"
_KNOWN = """
insert into things by name
select distinct node, 'feature' as kind, substr(node, 9) as name
from (select to_node as node from links union select from_node from links where kind = 'feeds')
where starts_with(node, 'feature:') and node not in (select node from things)
"""


@dataclass(frozen=True, kw_only=True)
class Told:
    """One thing that tools name: its values by key, and what it uses."""

    kind: str
    name: str
    values: dict[str, str]
    uses: list[dict[str, str]]


def tell(
    workspace: Workspace, con: "DuckDBPyConnection", sources: Sequence[Source], *, as_of: datetime
) -> tuple[list[Told], list[Finding]]:
    """Read what every feature store and registry holds, and give what `sources` say.

    The others are read too: which columns of a model are features, and what a service hands out,
    may be theirs to tell. Raises for what a refresh would refuse.
    """
    for table in _READ:
        columns = ", ".join(f"{name(c)} {kind}" for c, kind in TABLES[table].columns.items())
        con.execute(f"create or replace temp table {table} ({columns})")
    packs = {pack.name: pack for pack in find_packs(workspace.folder)}
    found: list[Finding] = []
    with staging_folder(con) as staging, macros(con):
        for source in workspace.settings.sources:
            if source.type not in TOOLS:
                continue
            pack = pack_of(source, packs)
            remote = remote_of(source, workspace, as_of=as_of, say=lambda _: None)
            files, noted = find_files(source, workspace.folder, pack.description, remote)
            found += noted
            for parts in batches(pack, deliveries_of(as_deliveries(files, pack, source))):
                _read(con, parts, pack=pack, source=source, staging=staging)
    return _things(con, workspace, sources), found


def _read(
    con: "DuckDBPyConnection",
    files: Sequence[SourceFile],
    *,
    pack: Pack,
    source: Source,
    staging: Path,
) -> None:
    """Add the links and outputs of one delivery."""
    import duckdb

    opened = open_delivery(con, files, pack=pack, currency="USD", staging=staging)
    opened.view(con)
    try:
        for table in _READ:
            if table in pack.produces:
                rows = rows_sql(con, pack, table, tag_keys=frozenset())
                con.execute(
                    f"insert into {table} by name "
                    f"select * exclude (period_start), $source as source from (\n{rows}\n)",
                    {"source": source.name},
                )
    except duckdb.Error as error:
        raise unreadable(con, opened, error) from error
    opened.check_unchanged()


def _things(
    con: "DuckDBPyConnection", workspace: Workspace, sources: Sequence[Source]
) -> list[Told]:
    """Work out what follows from links, by the steps of the allocation, and gather it by thing."""
    define(con)
    open_book(con, make_book(workspace.settings, workspace.catalogue))
    con.execute("delete from edges where kind = 'uses'")
    con.execute(_MADE)
    con.execute(_KNOWN)
    steps.run(con, ("version_uses", "seen_uses", "seen_feeds"))
    rows = con.execute(
        _TOLD.read_text(encoding="utf-8"), {"sources": [source.name for source in sources]}
    ).fetchall()
    things: dict[str, Told] = {}
    for node, key, value, first, stop in rows:
        kind, _, bare = node.partition(":")
        thing = things.setdefault(node, Told(kind=kind, name=bare, values={}, uses=[]))
        if key == "uses":
            thing.uses.append(_edge(value, first, stop))
        elif key != "name":
            thing.values[key] = value
    return list(things.values())


def _edge(node: str, first: date | None, stop: date | None) -> dict[str, str]:
    kind, _, bare = node.partition(":")
    days = {"from": first, "until": stop - timedelta(days=1) if stop else None}
    return {kind: bare, **{key: str(day) for key, day in days.items() if day}}
