"""Follow billing lines through a published build: each line's part in every amount, exactly.

A pool of lines is split once, so a line has no split of its own. Its part of an amount is the
difference it makes: what the same splits make of the pool's lines up to and with it, less what they
make of those before it. So parts re-add to the line and to the amount, to the last unit.

Nothing is allocated again: a build keeps who owns which charges, and the weights of every hop.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

from costlens.allocate import steps
from costlens.allocate.book import Book, open_book
from costlens.errors import CostLensError
from costlens.lake.views import literal
from costlens.money import define

if TYPE_CHECKING:
    import duckdb

_SHARED = ("idle", "unused_commitment", "tax", "credit", "support")  # what policies may share out


@dataclass(frozen=True, kw_only=True)
class LineId:
    """A billing line as it is printed: `source:period:number`."""

    source: str
    period: str
    line: int


def read_line_id(text: str) -> LineId:
    """Read `source:period:number`, as explain and trace print it."""
    source, _, rest = text.partition(":")
    period, _, line = rest.partition(":")
    if not line.isdigit() or not period:
        raise CostLensError(
            f'"{text}" is no line', hint="write source:period:number, for example bill:2026-05:17"
        )
    return LineId(source=source, period=period, line=int(line))


def trace_line(con: "duckdb.DuckDBPyConnection", book: Book, line: LineId) -> None:
    """Make `line_shares` for one line. The build's tables must be open on `con`."""
    define(con)
    rows = con.execute(
        "select ServiceName, BillingCurrency, date_trunc('day', ChargePeriodStart)::varchar, "
        "(date_trunc('day', ChargePeriodEnd) + interval 1 day)::varchar "
        "from memory.main.charges where source = ? and billing_period = ? and x_line = ?",
        [line.source, line.period, line.line],
    ).fetchall()
    if len(rows) != 1:
        raise CostLensError(
            f"no line {line.source}:{line.period}:{line.line} in this build",
            hint="line ids: costlens explain feature:NAME --lines",
        )
    service, currency, first, after = rows[0]
    # A line of several days is cut into them, and each part is told from others of that day.
    near = (
        f"source = {literal(line.source)} and billing_period = {literal(line.period)} "
        f"and ServiceName {'is null' if service is None else '= ' + literal(service)} "
        f"and BillingCurrency = {literal(currency)} "
        f"and ChargePeriodStart < timestamp {literal(after)} "
        f"and ChargePeriodEnd >= timestamp {literal(first)}"
    )
    with _views(con, charges=near):
        _match(con, line.period)
    # With all that placements cannot tell from its pool.
    con.execute(
        "delete from traced_lines as t where not exists ("
        "select 1 from traced_lines as l where l.x_line = $line and l.owner = t.owner "
        "and t.span_start <= l.span_stop and t.span_stop >= l.span_start)",
        {"line": line.line},
    )
    _remake_pools(con, line.period)
    con.execute(
        "create or replace temp table chosen_bundles as select b.bundle from bundles as b "
        "inner join traced_lines as l on l.x_line = $line and b.rule is not distinct from l.rule "
        "and b.tier is not distinct from l.tier and b.reason is not distinct from l.reason "
        "and b.charge_class is not distinct from l.charge_class "
        "and b.unit is not distinct from l.unit "
        "and b.machine_details is not distinct from l.machine_details",
        {"line": line.line},
    )
    steps.run(con, ("chosen_lines",))
    con.execute(
        "create or replace temp table told_lines as "
        "select bundle, line_number from chosen_lines where x_line = $line",
        {"line": line.line},
    )
    follow_lines(con, line.period)
    _follow_policies(con, book, line.period)


def trace_placements(
    con: "duckdb.DuckDBPyConnection",
    period: str,
    *,
    level: str | None = None,
    target: str | None = None,
) -> None:
    """Make `line_shares` for every line behind the pools in the table `explain_parts`.

    Of one level and target, or of all. Policies are not followed.
    """
    choose_lines(con, period)
    con.execute(
        "create or replace temp table told_lines as select bundle, line_number from chosen_lines"
    )
    follow_lines(con, period, level=level, target=target)


def trace_bundles(con: "duckdb.DuckDBPyConnection", book: Book, period: str, *, level: str) -> None:
    """Make `chosen_lines` of all lines of a billing period, and `line_shares` of their bundles.

    In these a bundle stands for its lines, which are split alike: its number is their `x_line`.
    """
    define(con)
    _match(con, period)
    _remake_pools(con, period)
    con.execute(
        "create or replace temp table chosen_bundles as select distinct bundle from bundles"
    )
    steps.run(con, ("chosen_lines",))
    con.execute(
        "create or replace temp table line_cells as select '' as x_load, w.bundle as x_line, "
        "w.bundle, 0::bigint as line_number, p.placement, "
        "0::decimal(38, 12) as billed_before, p.billed as billed_after, "
        "0::decimal(38, 12) as effective_before, p.effective as effective_after "
        "from memory.main.placements as p inner join whole_pools as w on p.pool = w.pool "
        "where p.billing_period = $period",
        {"period": period},
    )
    steps.run(
        con, ("line_bases", "line_points", "line_shares"), period=period, level=level, target=None
    )
    _follow_policies(con, book, period)


def choose_lines(con: "duckdb.DuckDBPyConnection", period: str) -> None:
    """Make `chosen_lines` of the lines behind the pools in the table `explain_parts`."""
    define(con)
    con.execute(
        "create or replace temp table wanted_pools as "
        "select distinct pool from explain_parts where billing_period = $period",
        {"period": period},
    )
    con.execute(
        "create or replace temp table wanted_owners as select distinct source, owner "
        "from memory.main.placements where billing_period = $period "
        "and pool in (select pool from wanted_pools)",
        {"period": period},
    )
    _match(con, period, owners="select source, owner from wanted_owners")
    _remake_pools(con, period)
    con.execute(
        "create or replace temp table chosen_bundles as select distinct bundle from whole_pools "
        "where pool in (select pool from wanted_pools)"
    )
    steps.run(con, ("chosen_lines",))


def follow_lines(
    con: "duckdb.DuckDBPyConnection",
    period: str,
    *,
    level: str | None = None,
    target: str | None = None,
) -> None:
    """Make `line_shares` of the lines in `told_lines`, which are some of `chosen_lines`."""
    _follow(con, period)
    if level is None:
        steps.run(con, ("line_bases",), period=period)
    else:
        con.execute(
            "create or replace temp table line_bases as select placement, $level as level, "
            "billed_base, effective_base from explain_parts where billing_period = $period",
            {"level": level, "period": period},
        )
    steps.run(con, ("line_points", "line_shares"), period=period, level=level, target=target)


def follow_whole(con: "duckdb.DuckDBPyConnection", period: str) -> None:
    """Make `line_shares` of the lines in `told_lines`, where targets share nothing."""
    _follow(con, period)
    con.execute(
        f"create or replace temp table line_shares as {steps.sql('line_wholes')}",
        {"period": period},
    )


@contextmanager
def _views(con: "duckdb.DuckDBPyConnection", **tables: str) -> Iterator[None]:
    """Let steps read some rows of a build's tables only: a condition for each."""
    for table, condition in tables.items():
        con.execute(
            f"create temp view {table} as select * from memory.main.{table} where {condition}"
        )
    try:
        yield
    finally:
        for table in tables:
            con.execute(f"drop view temp.{table}")


def _match(con: "duckdb.DuckDBPyConnection", period: str, *, owners: str = "") -> None:
    """Make `traced_lines` of the lines there are, by what the build kept of whose they are."""
    unkept = con.execute(
        "select 1 from memory.main.placements where billing_period = $period "
        "and $period not in (select billing_period from memory.main.matches) limit 1",
        {"period": period},
    ).fetchall()
    if unkept:
        raise CostLensError(
            f"the build of {period} does not say whose its lines are",
            hint=f"it was made by an older version: costlens refresh --reopen {period}",
        )
    given = {"period": period}
    for table, step in (("rule_days", "days_kept"), ("winners", "owners_kept")):
        con.execute(f"create or replace temp table {table} as {steps.sql(step)}", given)
    if owners:
        con.execute(f"delete from winners where (source, owner) not in ({owners})")
    con.execute(
        "create or replace temp table charge_keys as select distinct "
        "* exclude (billing_period, stretch, owner, place, kind, tier, rule, reason) from winners"
    )
    # One column tells most lines of others apart, sooner than all that rules see.
    resource = "coalesce(AllocatedResourceId, ResourceId)"
    likely = f"{resource} in (select resource_id from charge_keys)"
    if con.execute("select 1 from charge_keys where resource_id is null limit 1").fetchall():
        likely += f" or {resource} is null"
    with _views(con, charges=likely) if owners else nullcontext():
        con.execute(
            "create or replace temp table traced_lines as "
            f"select * from ({steps.sql('matched_lines')}) where owner is not null",
            given,
        )


def _remake_pools(con: "duckdb.DuckDBPyConnection", period: str) -> None:
    """Make `bundles`, and `whole_pools`: which pools of the build they are."""
    con.execute("create or replace temp view matched_lines as select * from traced_lines")
    steps.run(con, ("bundles", "pools"))
    con.execute(
        f"create or replace temp table whole_pools as {steps.sql('traced_pools')}",
        {"period": period},
    )


def _follow(con: "duckdb.DuckDBPyConnection", period: str) -> None:
    """Send the prefixes of the told lines through the splits that made the build."""
    con.execute(
        "create or replace temp table wanted_lines as "
        "select bundle, line_number, bool_or(is_told) as is_told from ("
        "select *, true as is_told from told_lines union all "
        "select bundle, line_number - 1, false from told_lines) group by all"
    )
    steps.run(con, ("prefixes",))
    con.execute(
        "create or replace temp table bundles as "
        "select * exclude (whole_bundle, line_number) from prefixes"
    )
    steps.run(con, ("pools", "resplit", "line_cells"), period=period)


def _follow_policies(con: "duckdb.DuckDBPyConnection", book: Book, period: str) -> None:
    """Add to `line_shares` what policies shared out of it."""
    modes = {row["value"] for row in book["policies"] if row["name"] in _SHARED}
    if modes <= {"show"}:
        return
    if any(mode.startswith("by ") for mode in modes):  # what activity counted comes of all runs
        steps.prepare(con, book)
    else:
        open_book(con, book)
        con.execute(
            "create or replace temp table measured "
            "(node varchar, measure varchar, month varchar, weight hugeint)"
        )
    of_period = f"billing_period = {literal(period)}"
    tables = ("placements", "stage_costs", "shares", "ledger")
    with _views(con, **dict.fromkeys(tables, of_period)):
        steps.run(con, ("policy_pieces",), period=period)
        con.execute(
            "delete from policy_pieces where (level, day, source, target, service, class) not in "
            "(select (level, day, source, residual, service, class) from line_points)"
        )
        steps.run(con, ("policy_members",), period=period)
        con.execute(
            f"insert into line_shares by name {steps.sql('line_policies')}", {"period": period}
        )
