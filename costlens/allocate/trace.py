"""Follow billing lines through a published build: each line's part in every amount, exactly.

A pool of lines is split once, so a line has no split of its own. Its part of an amount is the
difference it makes: what the same steps make of the pool's lines up to and with it, less what they
make of those before it. So parts re-add to the line and to the amount, to the last unit.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from costlens.allocate import steps
from costlens.allocate.book import Book
from costlens.errors import CostLensError

if TYPE_CHECKING:
    import duckdb


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
    found = con.execute(
        "select count(*) from charges where source = ? and billing_period = ? and x_line = ?",
        [line.source, line.period, line.line],
    ).fetchall()
    if found != [(1,)]:
        raise CostLensError(
            f"no line {line.source}:{line.period}:{line.line} in this build",
            hint="line ids: costlens explain feature:NAME --lines",
        )
    _match(con, book, line.period)
    con.execute(
        "create or replace temp table chosen_bundles as select bundle from bundles as b "
        "semi join (select * from matched_lines where source = $source and x_line = $line) as m "
        "on m.source = b.source and m.owner = b.owner and m.service = b.service "
        "and m.span_start = b.span_start and m.currency = b.currency",
        {"source": line.source, "line": line.line},
    )
    steps.run(con, ("chosen_lines",))
    con.execute(
        "create or replace temp table wanted_lines as "
        "select c.bundle, c.line_number from chosen_lines as c "
        "semi join (select bundle, line_number from chosen_lines where x_line = $line) as w "
        "on c.bundle = w.bundle and c.line_number in (w.line_number, w.line_number - 1)",
        {"line": line.line},
    )
    _follow(con, line.period)
    con.execute("delete from line_shares where x_line <> $line", {"line": line.line})


def trace_placements(con: "duckdb.DuckDBPyConnection", book: Book, period: str) -> None:
    """Make `line_shares` for every line behind the pools in the table `explain_parts`."""
    _match(con, book, period)
    con.execute(
        "create or replace temp table chosen_bundles as select distinct p.bundle from pools as p "
        "semi join explain_parts as e on p.pool = e.pool and e.billing_period = $period",
        {"period": period},
    )
    steps.run(con, ("chosen_lines",))
    con.execute(
        "create or replace temp table wanted_lines as select bundle, line_number from chosen_lines"
    )
    _follow(con, period)


def _match(con: "duckdb.DuckDBPyConnection", book: Book, period: str) -> None:
    steps.prepare(con, book)
    steps.match(con, period)
    steps.run(con, ("bundles", *steps.POOL_STEPS, "stated_capacity"))


def _follow(con: "duckdb.DuckDBPyConnection", period: str) -> None:
    """Send the prefixes of the chosen lines through the steps that made the build."""
    con.execute("create or replace temp table whole_pools as select pool, bundle, day from pools")
    steps.run(con, ("prefixes",))
    con.execute(
        "create or replace temp table bundles as "
        "select * exclude (whole_bundle, line_number) from prefixes"
    )
    steps.run(con, steps.POOL_STEPS)  # capacity stays that of the whole pools
    steps.place(con)
    steps.run(con, ("use_weights",))
    steps.solve_flows(con)
    con.execute(
        f"create or replace temp table own_costs as {steps.sql('own_costs_kept')}",
        {"period": period},
    )
    steps.run(
        con, (*steps.CASCADE_STEPS, "line_cells", "line_points", "line_shares"), period=period
    )
