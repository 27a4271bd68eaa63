"""Bring a workspace's lake up to date: ingest what changed, allocate what that touches, publish."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from costlens import __version__
from costlens.allocate import steps
from costlens.allocate.book import Book, make_book, tag_keys
from costlens.config.values import Workspace
from costlens.engine import connect
from costlens.errors import Finding
from costlens.ingest import load_sources
from costlens.lake import TABLES, Build, Draft, Lake
from costlens.money import plain
from costlens.roi.claims import check_claims

if TYPE_CHECKING:
    import duckdb

Say = Callable[[str], None]
_PERIOD_TABLES = ("placements", "stage_costs", "shares", "ledger")


@dataclass(frozen=True, kw_only=True)
class Refreshed:
    """What a refresh came to: the build that now stands, and whether it is a new one."""

    build: Build
    is_new: bool
    findings: tuple[Finding, ...]


def lake_of(workspace: Workspace) -> Lake:
    """Name the lake of a workspace."""
    return Lake(workspace.folder / workspace.settings.lake)


def refresh(workspace: Workspace, *, as_of: datetime, say: Say) -> Refreshed:
    """Publish a new build, or find that the last one still holds.

    Raises CostLensError with every finding that stands in the way; the last build then stays.
    """
    lake = lake_of(workspace)
    keys = tag_keys(workspace.settings, workspace.catalogue)
    with lake.writing() as draft, connect(lake.folder / ".scratch") as con:
        ingested = load_sources(workspace, draft, con, tag_keys=keys, as_of=as_of, say=say)
        findings = (*ingested.findings, *check_claims(workspace.catalogue))
        inputs = {"workspace": workspace.digest, "engine": _engine_digest()}
        if draft.base and not ingested.changed and draft.base.inputs == inputs:
            return Refreshed(build=draft.base, is_new=False, findings=findings)
        book = make_book(workspace.settings, workspace.catalogue)
        periods = _allocate(draft, con, book, findings, say)
        build = draft.publish(
            built_at=as_of,
            engine=__version__,
            inputs=inputs,
            book=book,
            settings={
                "currency": workspace.settings.currency,
                "basis": workspace.settings.allocation.basis,
                "fx": [
                    {"month": r.month, "from": r.currency, "to": r.to, "rate": plain(r.rate)}
                    for r in workspace.fx
                ],
            },
            periods=periods,
            totals=_totals(con),
        )
    return Refreshed(build=build, is_new=True, findings=findings)


def _engine_digest() -> str:
    """Hash what decides a number besides the inputs: every SQL file and module of the engine."""
    folder = Path(steps.__file__).parent
    found = sha256()
    for file in sorted([*folder.glob("*.sql"), *folder.glob("*.py"), folder.parent / "money.sql"]):
        found.update(file.read_bytes())
    return found.hexdigest()


def _allocate(
    draft: Draft,
    con: "duckdb.DuckDBPyConnection",
    book: Book,
    findings: Iterable[Finding],
    say: Say,
) -> dict[str, str]:
    """Allocate every period that something changed for; return the hash of each one's inputs."""
    draft.open(con)
    con.execute("set preserve_insertion_order = false")  # a step that needs an order says so
    steps.prepare(con, book)
    rows = con.execute("select distinct billing_period from charges order by all").fetchall()
    base = draft.base.periods if draft.base else {}
    digests: dict[str, str] = {}
    con.execute(
        "create or replace temp table all_found as select * from memory.main.findings limit 0"
    )
    for (period,) in rows:
        steps.run(con, ("inputs",), period=period)
        (found,) = con.execute("select digest from inputs").fetchone() or ("",)
        digests[period] = sha256(f"{found};{_digest(book)};{_engine_digest()}".encode()).hexdigest()
        if base.get(period) == digests[period]:
            _keep_findings(con, period)
            continue
        say(f"allocate {period}")
        _allocate_period(draft, con, period)
    for period in base.keys() - digests.keys():
        for table in _PERIOD_TABLES:
            draft.drop(table, {"billing_period": period})
    _write_whole(draft, con, book, findings)
    draft.open(con)
    return digests


def _digest(book: Book) -> str:
    return sha256(json.dumps(book, sort_keys=True).encode()).hexdigest()


def _allocate_period(draft: Draft, con: "duckdb.DuckDBPyConnection", period: str) -> None:
    steps.split_period(con, period)
    assert_balanced(con, period)
    for table in _PERIOD_TABLES:
        draft.write(con, table, f"select * from temp.{table}", {"billing_period": period})
    steps.run(con, ("found",), period=period)
    con.execute("insert into all_found by name select * from found")


def assert_balanced(con: "duckdb.DuckDBPyConnection", period: str) -> None:
    """Compare the money after every step with the bill's, to the last unit; a bug if it differs."""
    steps.run(con, ("balance",), period=period)
    rows = con.execute("from balance").fetchall()
    bill = {row[1:] for row in rows if row[0] == "charges"}
    for step in {row[0] for row in rows}:
        found = {row[1:] for row in rows if row[0] == step}
        if found != bill:
            raise AssertionError(f"{period}: {step} does not add up: {found ^ bill}")


def _keep_findings(con: "duckdb.DuckDBPyConnection", period: str) -> None:
    con.execute(
        "insert into all_found by name "
        "select * from memory.main.findings where billing_period = $period",
        {"period": period},
    )


def _write_whole(
    draft: Draft, con: "duckdb.DuckDBPyConnection", book: Book, findings: Iterable[Finding]
) -> None:
    """Write the tables that every build has whole."""
    steps.run(con, ("catalogue", "graph", "found_in_runs"))
    con.execute("insert into all_found by name select * from found_in_runs")
    for one in findings:
        money = (text or None for text in (one.currency, one.billed, one.effective))
        con.execute(
            "insert into all_found (severity, code, message, place, hint, currency, billed, "
            "effective) values (?, ?, ?, ?, ?, ?, ?, ?)",
            [one.severity, one.code, one.message, one.where, one.hint, *money],
        )
    draft.write(con, "catalogue", "select * from temp.catalogue")
    draft.write(con, "graph", "select * from temp.graph")
    draft.write(con, "claims", _claims(con, book))
    draft.write(con, "findings", "select * from all_found order by all")


def _claims(con: "duckdb.DuckDBPyConnection", book: Book) -> str:
    shape = TABLES["claims"].columns
    con.execute(
        "create or replace temp table claims_read as "
        "select unnest(from_json($rows, $shape), recursive := true)",
        {"rows": json.dumps(book["claims"]), "shape": json.dumps([shape])},
    )
    return "select * from claims_read"


def _totals(con: "duckdb.DuckDBPyConnection") -> dict[str, list[dict[str, str]]]:
    """Sum the bill by source, period and currency, for the list of builds."""
    rows = con.execute(
        "select source, billing_period, currency, sum(billed), sum(effective) "
        "from memory.main.stage_costs group by all order by all"
    ).fetchall()
    names = ("source", "period", "currency", "billed", "effective")
    return {
        "bill": [
            dict(zip(names, (*row[:3], plain(row[3]), plain(row[4])), strict=True)) for row in rows
        ]
    }
