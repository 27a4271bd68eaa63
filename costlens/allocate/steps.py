"""Run the steps of the allocation: each is one `.sql` file and makes the table of its name."""

import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from costlens.allocate.book import Book, open_book
from costlens.allocate.cascade import solve
from costlens.money import define

if TYPE_CHECKING:
    import duckdb

_FOLDER = Path(__file__).parent

# Whose time was whose.
TIME_STEPS = ("logged", "run_nests", "time_nests", "hosts", "tries", "segments", "own_time")
# What the runs say, once for all periods.
RUN_STEPS = (
    *TIME_STEPS,
    "tried_units",
    "overruled",
    "part_targets",
    "run_weights",
    "part_weights",
    "shared_sets",
    "jobs",
    "job_targets",
    "set_edges",
    "run_members",
    "resource_names",
    "version_uses",
    "seen_uses",
    "seen_feeds",
    "slice_edges",
    "known_nodes",
    "consumption",
    "measured",
)
# Who owns each line of a period.
MATCH_STEPS = (
    "charge_keys",
    "key_terms",
    "rule_days",
    "candidates",
    "ran_on",
    "resource_sizes",
    "winners",
)
# The split of its money.
POOL_STEPS = ("pools", "machines", "unit_capacity")
SPLIT_STEPS = (
    "span_times",
    "span_uses",
    "span_occupied",
    "span_work",
    "pool_capacity",
    "overlapped",
)
CASCADE_STEPS = ("handed_on", "landed", "ended", "slices", "sliced", "settled")
# Who needs each stage; then what each bears.
EDGE_STEPS = ("all_edges",)
SET_STEPS = ("reach", "need_edges", "need_weights", "need_sets", "shares", "node_sets")
BEAR_STEPS = ("placements", "stage_costs", "entries", "ledger")
# What policies share out, once all is where it belongs.
POLICY_STEPS = ("policy_pieces", "policy_members", "policy_shares")


_STRETCH = 100_000  # rows of `overlapped` that are placed at a time
# Unions of tables that are there: a copy of millions of rows would cost more than reading twice.
_VIEWS = ("placed", "ended", "settled")


@cache
def sql(name: str) -> str:
    """Read the SQL of one step."""
    return (_FOLDER / f"{name}.sql").read_text(encoding="utf-8")


def parameters(text: str, given: dict[str, object]) -> dict[str, object]:
    """Pick the parameters that a statement names: DuckDB refuses one that it does not use."""
    return {name: value for name, value in given.items() if re.search(rf"\${name}\b", text)}


def run(con: "duckdb.DuckDBPyConnection", steps: tuple[str, ...], **given: object) -> None:
    """Make the tables of some steps, in order."""
    for step in steps:
        kind = "view" if step in _VIEWS else "table"
        text = f"create or replace temp {kind} {step} as {sql(step)}"
        con.execute(text, parameters(sql(step), given))


def prepare(
    con: "duckdb.DuckDBPyConnection", book: Book, *, of: tuple[str, ...] = RUN_STEPS
) -> None:
    """Open the book and the macros, and work out what the runs say."""
    define(con)
    open_book(con, book)
    run(con, of)


def match(con: "duckdb.DuckDBPyConnection", period: str) -> None:
    """Find the one owner of every line of a period; `matched_lines` is a view over them."""
    run(con, MATCH_STEPS, period=period)
    lines = sql("matched_lines").replace("$period", _quoted(period))
    con.execute(f"create or replace temp view matched_lines as {lines}")


def split_period(con: "duckdb.DuckDBPyConnection", period: str) -> None:
    """Split the bill of a period into placements, stage_costs, shares and ledger."""
    bring_to_stages(con, period)
    run(con, ("matches",), period=period)
    run(con, (*EDGE_STEPS, *SET_STEPS), period=period)
    bear(con, period)


def bring_to_stages(con: "duckdb.DuckDBPyConnection", period: str) -> None:
    """Bring every charge of a period to the stages whose cost it is."""
    match(con, period)
    run(con, ("bundles", *POOL_STEPS, "stated_capacity"))
    place(con)
    run(con, ("own_costs", "use_weights"))
    solve_flows(con)
    run(con, CASCADE_STEPS)


def bear(con: "duckdb.DuckDBPyConnection", period: str) -> None:
    """Split the cost of stages over those who need them, and what policies share out."""
    run(con, BEAR_STEPS, period=period)
    run(con, POLICY_STEPS, period=period)
    con.execute("insert into temp.ledger by name select * from policy_shares")


def assert_balanced(con: "duckdb.DuckDBPyConnection", period: str) -> None:
    """Compare the money after every step with the bill's, to the last unit; a bug if it differs."""
    run(con, ("balance",), period=period)
    rows = con.execute("from balance").fetchall()
    bill = {row[1:] for row in rows if row[0] == "charges"}
    for step in {row[0] for row in rows}:
        found = {row[1:] for row in rows if row[0] == step}
        if found != bill:
            raise AssertionError(f"{period}: {step} does not add up: {found ^ bill}")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"  # a view takes no parameters


def place(con: "duckdb.DuckDBPyConnection") -> None:
    """Bring the pools to stages; the outputs of runs a stretch of pools at a time."""
    run(con, SPLIT_STEPS)
    stretches = con.execute(
        "select min(pool), max(pool) from ("
        "select pool, sum(count(*)) over (order by pool) // $rows as stretch "
        "from overlapped group by pool) as counted group by stretch order by stretch",
        {"rows": _STRETCH},
    ).fetchall()
    text = sql("work_placed")
    empty = {"first_pool": 0, "last_pool": -1}
    con.execute(f"create or replace temp table work_placed as {text}", empty)
    for first, last in stretches:
        con.execute(f"insert into work_placed {text}", {"first_pool": first, "last_pool": last})
    run(con, ("placed",))


def solve_flows(con: "duckdb.DuckDBPyConnection") -> None:
    """Solve the cascade of each day; days of equal consumption are solved once."""
    days = [day for (day,) in con.execute("select day from rule_days order by day").fetchall()]
    stages = [n for (n,) in con.execute("select node from things where split = 'use'").fetchall()]
    taken: dict[object, list[tuple[str, str, int, str, str]]] = {day: [] for day in days}
    for day, *row in con.execute("from use_weights order by all").fetchall():
        taken[day].append(tuple(row))
    solved: dict[tuple[tuple[str, str, int, str, str], ...], list[dict[str, object]]] = {}
    rows: list[dict[str, object]] = []
    for day in days if stages else []:
        pattern = tuple(taken[day])
        if pattern not in solved:
            solved[pattern] = _solve_pattern(stages, pattern)
        rows += [{"day": str(day), **row} for row in solved[pattern]]
    shape = {"day": "DATE", "origin": "VARCHAR", "sink": "VARCHAR", "numerator": "HUGEINT"}
    shape |= {"measure": "VARCHAR", "grade": "VARCHAR"}
    con.execute(
        "create or replace temp table flows as "
        "select unnest(from_json($rows, $shape), recursive := true)",
        {"rows": json.dumps(rows), "shape": json.dumps([shape])},
    )


def _solve_pattern(
    stages: list[str], pattern: tuple[tuple[str, str, int, str, str], ...]
) -> list[dict[str, object]]:
    weights: dict[str, dict[str, int]] = {}
    for origin, consumer, weight, _, _ in pattern:
        weights.setdefault(origin, {})[consumer] = int(weight)
    flows = solve(stages, weights)
    grades = _worst_downstream(stages, pattern)
    measures = {origin: measure for origin, _, _, measure, _ in pattern}
    return [
        {
            "origin": flow.origin,
            "sink": flow.sink,
            "numerator": str(flow.numerator),
            "measure": measures.get(flow.origin, "none") + ("" if flow.exact else ", rounded"),
            "grade": grades[flow.origin],
        }
        for flow in flows
    ]


def _worst_downstream(
    stages: list[str], pattern: tuple[tuple[str, str, int, str, str], ...]
) -> dict[str, str]:
    """Find the worst grade on any edge that a stage's cost can pass."""
    own: dict[str, str] = dict.fromkeys(stages, "A")
    feeds: dict[str, set[str]] = {stage: set() for stage in stages}
    for origin, consumer, _, _, grade in pattern:
        own[origin] = max(own[origin], grade)
        if consumer in feeds:
            feeds[origin].add(consumer)
    worst = dict(own)
    for _ in stages:  # as many rounds as the longest way
        worst = {s: max([worst[s], *(worst[to] for to in feeds[s])]) for s in stages}
    return worst
