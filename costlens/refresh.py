"""Bring a workspace's lake up to date: ingest what changed, allocate what that touches, publish."""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from costlens import __version__
from costlens.allocate import steps
from costlens.allocate.book import Book, make_book, tag_keys
from costlens.config.values import FxRate, Workspace
from costlens.engine import MEMORY_LIMIT, connect
from costlens.errors import CostLensError, Finding
from costlens.ingest import load_sources
from costlens.ingest.rates import fix_new_rates, in_force
from costlens.lake import TABLES, Build, Draft, Lake
from costlens.lake.closings import closed_months, read_closings, reopened, write_closings
from costlens.money import plain
from costlens.roi.claims import (
    COUNTED,
    Row,
    check_claims,
    claim_rows,
    counted_rows,
    realised_rows,
    worth_settings,
)
from costlens.roi.metrics import metric_rows
from costlens.roi.traits import budget_rows, correlation_rows, trait_rows

if TYPE_CHECKING:
    import duckdb

Say = Callable[[str], None]
# What activity counts of benefits, beside the lines of realised.csv, which go before it.
_COUNT = """
insert into realised_read by name
select
    c.claim,
    a.month,
    c.measure as metric,
    sum(a.quantity)::decimal(38, 6) as quantity,
    amount((units(sum(a.quantity)) * units(any_value(c.each)) // 1000000000000::hugeint)::hugeint)
        as amount,
    c.currency,
    c.read_from
from counted as c
inner join memory.main.activity as a on c.node = a.target and c.measure = a.measure
where not exists (
    from realised_read as r where r.claim = c.claim and r.month = a.month
)
group by c.claim, a.month, c.measure, c.currency, c.read_from
"""
_PERIOD_TABLES = ("matches", "use_weights", "placements", "stage_costs", "shares", "ledger")


@dataclass(frozen=True, kw_only=True)
class Refreshed:
    """What a refresh came to: the build that now stands, and whether it is a new one."""

    build: Build
    is_new: bool
    findings: tuple[Finding, ...]


def lake_of(workspace: Workspace) -> Lake:
    """Name the lake of a workspace."""
    return Lake(workspace.folder / workspace.settings.lake)


@contextmanager
def engine_of(workspace: Workspace) -> Iterator["duckdb.DuckDBPyConnection"]:
    """Open a connection with the memory that a workspace allows; say where that is too little."""
    import duckdb

    settings = workspace.settings
    with connect(scratch_of(workspace), memory_limit=settings.memory_limit) as con:
        try:
            yield con
        except duckdb.OutOfMemoryException as error:
            raise CostLensError(
                f"this work does not fit into {settings.memory_limit} of memory",
                where="costlens.yaml",
                hint=f"allow it more: memory_limit: 4GB; it is {MEMORY_LIMIT} if left out",
            ) from error


def scratch_of(workspace: Workspace) -> Path:
    """Name the folder for what does not fit into memory: one a lake, as one refresh holds each."""
    lake = lake_of(workspace).folder
    if workspace.settings.scratch is None:
        return lake / ".scratch"
    own = sha256(str(lake).encode()).hexdigest()[:12]
    return workspace.folder / workspace.settings.scratch / f"costlens-{own}"


def refresh(
    workspace: Workspace, *, as_of: datetime, say: Say, reopen: Sequence[str] = (), by: str = ""
) -> Refreshed:
    """Publish a new build, or find that the last one still holds.

    Closed months stay as they are, but for those that are reopened, by somebody. Raises
    CostLensError with every finding that stands in the way; the last build then stays.
    """
    lake = lake_of(workspace)
    keys = tag_keys(workspace.settings, workspace.catalogue)
    with lake.writing() as draft, engine_of(workspace) as con:
        draft.open(con)
        before = read_closings(con)
        closings = fix_new_rates(
            reopened(before, reopen, as_of=as_of, by=by), workspace.fx, as_of=as_of
        )
        closed = closed_months(closings)
        ingested = load_sources(
            workspace, draft, con, tag_keys=keys, as_of=as_of, say=say, closed=closed
        )
        findings = (*ingested.findings, *check_claims(workspace.catalogue, as_of=as_of.date()))
        inputs = {"workspace": workspace.digest, "engine": _engine_digest()}
        is_same = not ingested.changed and closings == before
        if draft.base and is_same and draft.base.inputs == inputs:
            return Refreshed(build=draft.base, is_new=False, findings=findings)
        if closings != before:
            write_closings(con, draft, closings)
        book = make_book(workspace.settings, workspace.catalogue)
        periods = _allocate(draft, con, book, findings, say, kept=closed.keys())
        _write_claims(draft, con, workspace)
        build = draft.publish(
            built_at=as_of,
            engine=__version__,
            inputs=inputs,
            book=book,
            settings=_settings(workspace, in_force(workspace.fx, closed)),
            periods=periods,
            totals=_totals(con),
        )
    return Refreshed(build=build, is_new=True, findings=findings)


def _settings(workspace: Workspace, rates: Iterable[FxRate]) -> dict[str, Any]:  # Any: JSON
    """Say what questions of a build go by: currency, basis, and the rates in force."""
    return {
        "currency": workspace.settings.currency,
        "basis": workspace.settings.allocation.basis,
        "roi": worth_settings(workspace.settings, workspace.catalogue),
        "fx": [
            {"month": one.month, "from": one.currency, "to": one.to, "rate": plain(one.rate)}
            for one in rates
        ],
    }


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
    *,
    kept: Collection[str],
) -> dict[str, str]:
    """Allocate every period that something changed for; return the hash of each one's inputs.

    Periods that are `kept` stay as they were allocated, whatever changed.
    """
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
        digests[period] = base[period] if period in kept else _inputs(con, book, period)
        if base.get(period) == digests[period]:
            _keep_findings(con, period)
            continue
        say(f"allocate {period}")
        _allocate_period(draft, con, period)
    for period in base.keys() - digests.keys():
        for table in _PERIOD_TABLES:
            draft.drop(table, {"billing_period": period})
    _write_whole(draft, con, findings)
    draft.open(con)
    return digests


def _inputs(con: "duckdb.DuckDBPyConnection", book: Book, period: str) -> str:
    """Hash what the result of a period depends on."""
    steps.run(con, ("inputs",), period=period)
    (found,) = con.execute("select digest from inputs").fetchone() or ("",)
    rules = sha256(json.dumps(book, sort_keys=True).encode()).hexdigest()
    return sha256(f"{found};{rules};{_engine_digest()}".encode()).hexdigest()


def _allocate_period(draft: Draft, con: "duckdb.DuckDBPyConnection", period: str) -> None:
    steps.split_period(con, period)
    steps.assert_balanced(con, period)
    for table in _PERIOD_TABLES:
        draft.write(con, table, f"select * from temp.{table}", {"billing_period": period})
    steps.run(con, ("found",), period=period)
    con.execute("insert into all_found by name select * from found")


def _keep_findings(con: "duckdb.DuckDBPyConnection", period: str) -> None:
    con.execute(
        "insert into all_found by name "
        "select * from memory.main.findings where billing_period = $period",
        {"period": period},
    )


def _write_whole(
    draft: Draft, con: "duckdb.DuckDBPyConnection", findings: Iterable[Finding]
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
    draft.write(con, "findings", "select * from all_found order by all")


def _write_claims(draft: Draft, con: "duckdb.DuckDBPyConnection", workspace: Workspace) -> None:
    """Write what people said that decides no cost: claims, measures, traits, budgets."""
    written = {
        "claims": claim_rows(workspace.settings, workspace.catalogue),
        "realised": realised_rows(workspace.settings, workspace.realised),
        "metrics": metric_rows(workspace.catalogue, workspace.readings),
        "traits": trait_rows(workspace.catalogue),
        "budgets": budget_rows(workspace.settings, workspace.catalogue),
        "correlations": correlation_rows(workspace.correlations),
    }
    counted = counted_rows(workspace.settings, workspace.catalogue)
    _read_rows(con, "counted", counted, COUNTED)
    for name, rows in written.items():
        _read_rows(con, f"{name}_read", rows, TABLES[name].columns)
        if name == "realised":
            con.execute(_COUNT)
        draft.write(con, name, f"select * from {name}_read")


def _read_rows(
    con: "duckdb.DuckDBPyConnection", table: str, rows: Iterable[Row], columns: Mapping[str, str]
) -> None:
    con.execute(
        f"create or replace temp table {table} as "
        "select unnest(from_json($rows, $shape), recursive := true)",
        {"rows": json.dumps(list(rows)), "shape": json.dumps([columns])},
    )


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
