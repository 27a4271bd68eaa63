"""Break a step of the engine in a small way, and see whether a proof notices.

Whoever looks splits a batch of worlds once and compares all of it, so a broken step costs a second
or two.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cache

import duckdb
import pytest
from compare import Wanted, disagreements, reference
from made_worlds import nested_world, parted_world, rich_world, told_world
from many import apart, number, together
from random_worlds import make_world
from test_lines import assert_lines_re_add, assert_parts_re_add, built
from test_worked_examples import handed_on, on_cluster
from worlds import (
    PERIOD,
    World,
    attempt,
    by_id,
    by_target,
    charge,
    open_engine,
    output,
    publish,
    rows,
    run,
    took,
)

from costlens.allocate import steps, trace
from costlens.config.dated import Weight
from costlens.config.values import (
    Allocation,
    Catalogue,
    Edge,
    Feature,
    Pipeline,
    Produce,
    Stage,
)

PLAIN = Allocation()
RUN_BY_TRACE = ("matches", "days_kept", "owners_kept", "traced_pools", "chosen_lines", "prefixes")
RUN_BY_TRACE += ("resplit", "line_cells", "line_bases", "line_points", "line_shares")
MONEY = ("matched_lines", "bundles", "pools", "overlapped", "work_placed", "placed", "handed_on")
MONEY += ("landed", "ended", "sliced", "settled", "placements", "stage_costs", "entries", "ledger")
MONEY += ("policy_pieces", "policy_shares", "chosen_lines", "prefixes", "resplit", "line_shares")
MONEY += ("line_policies",)
# Who reads these asks only whether a row is there: twice says no more than once.
ASKED_WHETHER = ("run_nests", "time_nests", "overruled", "set_edges", "resource_names")
ASKED_WHETHER += ("version_uses", "seen_uses", "seen_feeds", "key_terms", "candidates")
ASKED_WHETHER += ("slice_edges", "shared_sets", "all_edges", "reach", "need_sets", "use_weights")
ASKED_WHETHER += ("resplit", "balance")  # differences to the row before; sums that are compared
ALL_STEPS = (
    *steps.RUN_STEPS,
    *steps.MATCH_STEPS,
    "matched_lines",
    "bundles",
    *steps.POOL_STEPS,
    "stated_capacity",
    *steps.SPLIT_STEPS,
    "work_placed",
    "placed",
    "own_costs",
    "use_weights",
    *steps.CASCADE_STEPS,
    *steps.EDGE_STEPS,
    *steps.SET_STEPS,
    *steps.BEAR_STEPS,
    *steps.POLICY_STEPS,
    "matches",
    "balance",
    *RUN_BY_TRACE,
    "line_policies",
)


@dataclass(frozen=True, kw_only=True)
class Broken:
    """One step, wrong in one way."""

    step: str
    how: str
    text: str


@cache
def batch(allocation: Allocation, most: int) -> tuple[World, Wanted]:
    """Put worlds side by side, and work them out by the reference."""
    made = [rich_world(), nested_world(), parted_world()]
    worlds = [*made, *(make_world(seed) for seed in range(most))]
    worlds = [apart(world, number(i), allocation) for i, world in enumerate(worlds)]
    return together(worlds), reference(*worlds)


def noticed(broken: Broken) -> bool:
    """Say whether any proof finds that this step is wrong."""
    whole = steps.sql
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            steps, "sql", lambda name: broken.text if name == broken.step else whole(name)
        )
        return any(_fails(proof) for proof in _proofs(broken.step))


def _proofs(step: str) -> list[Callable[[], object]]:
    if step in (*steps.POLICY_STEPS, "line_policies"):
        return [_policies, _shared_by_cost]
    if step == "measured":
        return [_shared_by_reads]
    if step in (*RUN_BY_TRACE, "matches"):
        return [_lines]
    if step == "seen_feeds":
        return [_told]
    alone: dict[str, list[Callable[[], object]]] = {
        "version_uses": [_told],
        "overruled": [_ruled],
        "use_weights": [_steps_down],
        "rule_days": [_a_weight_ends],
    }
    return [*alone.get(step, []), _few_agree, _agrees, _agrees_by_work, _lines]


def _fails(proof: Callable[[], object]) -> bool:
    """Run a proof. An error of the broken step is a failure, unless it is no SQL at all."""
    try:
        proof()
    except (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException):
        raise
    except (AssertionError, duckdb.Error, KeyError, ValueError):
        return True
    return False


def _few_agree() -> None:
    _agrees(PLAIN, 12)


def _agrees_by_work() -> None:
    _agrees(Allocation(shared_parts="by_work", overlap="occupancy"), 12)


def _agrees(allocation: Allocation = PLAIN, most: int = 40) -> None:
    world, wanted = batch(allocation, most)
    con = run(open_engine(), world)
    steps.assert_balanced(con, PERIOD)
    assert not disagreements(con, wanted)


CLUSTER = on_cluster({"A": (0, 4, 2), "B": (0, 4, 1), "C": (4, 8, 1)}, 96, 8, 4)
SHARED = "select target, sum(effective) from {} where level = 'feature' {} group by all order by 1"


def _policies() -> None:
    """Idle time of 48 is shared by use, 24 to 12 to 12, and so it is when its line is traced."""
    world = replace(CLUSTER, allocation=Allocation(idle="share"))
    con = run(open_engine(), world)
    steps.assert_balanced(con, PERIOD)
    shared = [("(idle)", -48), ("A", 24), ("B", 12), ("C", 12)]
    assert rows(con, SHARED.format("ledger", "and step <> 'own'")) == shared
    publish(con)
    trace.trace_line(con, world.book, trace.LineId(source="bill", period=PERIOD, line=0))
    borne = [("(idle)", 0), ("A", 48), ("B", 24), ("C", 24)]
    assert rows(con, SHARED.format("line_shares", "")) == borne


def _shared_by_cost() -> None:
    """A tax that nobody picks goes by what each costs, 24 to 12 to 12."""
    tax = charge(50, "21.0004", x_class="tax", ServiceName="Tax")
    world = replace(CLUSTER, charges=(*CLUSTER.charges, tax), allocation=Allocation(tax="share"))
    con = run(open_engine(), world)
    steps.assert_balanced(con, PERIOD)
    parts = {"(unmatched)": "-21.0004", "A": "10.5002", "B": "5.2501", "C": "5.2501"}
    shared = [(name, Decimal(part)) for name, part in parts.items()]
    assert rows(con, SHARED.format("ledger", "and step <> 'own'")) == shared
    publish(con)
    trace.trace_line(con, world.book, trace.LineId(source="bill", period=PERIOD, line=50))
    borne = [(name, cost) for name, cost in shared if cost > 0]
    found = rows(con, SHARED.format("line_shares", ""))
    assert [row for row in found if row[1]] == borne


def _shared_by_reads() -> None:
    """It is shared 1 to 3, by reads of a feature by its whole name and of one by its bare name."""
    read = (took(None, "feature:B", 1), took(None, "C", 3))
    con = run(
        open_engine(), replace(CLUSTER, activity=read, allocation=Allocation(idle="by reads"))
    )
    shared = [("(idle)", -48), ("B", 12), ("C", 36)]
    assert rows(con, SHARED.format("ledger", "and step <> 'own'")) == shared


def _told() -> None:
    """What fed features is theirs, and a model's that was handed two of them."""
    con = run(open_engine(), told_world())
    assert by_target(con, "feature") == {"g": 10, "h": 100, "i": 1000}
    assert by_target(con, "model") == {"m": 110, "(no model)": 1000}


def _ruled() -> None:
    """The catalogue says what a part makes, so the path that it wrote is no feature beside it."""
    day = ("2026-05-01 00:00:00", "2026-05-02 00:00:00")
    world = World(
        charges=(charge(1, 8, ResourceId="job"),),
        attempts=(attempt(1, "p", "r", *day, part="write", resource_id="job"),),
        outputs=(output("p", "r", "feature:/tmp/f", part="write"),),
        catalogue=Catalogue(
            pipelines=(Pipeline(name="p", produces=(Produce(part="write", feature="f"),)),),
            features=(Feature(name="f"),),
        ),
    )
    assert by_target(run(open_engine(), world), "feature") == {"f": 8}


def _steps_down() -> None:
    """What b takes of a is not given back: b has nobody left, and is stranded with its own."""
    world = handed_on({"a": 60, "b": 40}, {"a": {"a": 1, "b": 2, "x": 1}, "b": {"a": 5, "b": 1}})
    order = Allocation(cascade="step_down", cascade_order=("a", "b"))
    con = run(open_engine(), replace(world, allocation=order))
    assert by_target(con, "product") == {"x": 20, "(stranded)": 80}


def _a_weight_ends() -> None:
    """A weight of 3 to 1 holds for a day; on the next one it is no longer known, and all is even."""
    (first, second) = (
        {
            "ChargePeriodStart": f"2026-05-0{day} 00:00:00",
            "ChargePeriodEnd": f"2026-05-0{day + 1} 00:00:00",
        }
        for day in (1, 2)
    )
    weight = Weight(weight=Decimal(3), valid_until=date(2026, 5, 1))
    world = World(
        charges=(charge(1, 4, ResourceId="t", **first), charge(2, 4, ResourceId="t", **second)),
        catalogue=Catalogue(
            stages=(
                Stage(name="t", billed_by=by_id("t"), feeds=(Edge(feature="a"), Edge(feature="b"))),
            ),
            features=(
                Feature(name="a", weight=(weight,)),
                Feature(name="b", weight=(Weight(weight=Decimal(1)),)),
            ),
        ),
    )
    assert by_target(run(open_engine(), world), "feature") == {"a": 5, "b": 3}


def _lines() -> None:
    """Lines re-add to the bill and to the ledger, and so do the parts of an explanation."""
    world, _ = batch(PLAIN, 12)
    con = open_engine()
    built(con, world)
    assert_parts_re_add(con, most=4)
    assert_lines_re_add(con, world)


def broken_by_rule() -> Iterator[Broken]:
    """Break every step in every way that can be had by rule."""
    for step in ALL_STEPS:
        text = steps.sql(step)
        numbered = f"(select *, row_number() over () as nth from (\n{text}\n)) as m"
        lost = f"select * exclude (nth) from {numbered} where nth % 3 <> 1"
        yield Broken(step=step, how="loses rows", text=lost)
        if step not in ASKED_WHETHER:
            twice = (
                f"select m.* exclude (nth) from {numbered} "
                "inner join (values (1), (2)) as c (copy) on copy = 1 or nth % 3 = 1"
            )
            yield Broken(step=step, how="has rows twice", text=twice)
        if step in MONEY:
            early = (
                "select * replace (round(billed, 2)::decimal(38, 12) as billed, "
                f"round(effective, 2)::decimal(38, 12) as effective) from (\n{text}\n)"
            )
            yield Broken(step=step, how="rounds early", text=early)
        for at, join in enumerate(re.finditer(r"\bleft join\b", text), start=1):
            inner = text[: join.start()] + "inner join" + text[join.end() :]
            yield Broken(step=step, how=f"joins inner at its left join {at}", text=inner)
        for at, join in enumerate(re.finditer(r"\banti join\b", text), start=1):
            semi = text[: join.start()] + "semi join" + text[join.end() :]
            yield Broken(step=step, how=f"joins semi at its anti join {at}", text=semi)
