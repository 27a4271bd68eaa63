"""Placements, shares, lines and the ledger agree: every view of an amount adds up to it with ==."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from random_worlds import make_world
from test_worked_examples import in_slices
from worlds import LEVELS, PERIOD, Con, World, open_engine, publish, rows, run

import costlens.questions
from costlens.allocate import trace
from costlens.config.values import Edge
from costlens.questions.window import ALWAYS

EXPLAIN, STAGES = (
    (Path(costlens.questions.__file__).parent / f"{question}.sql").read_text()
    for question in ("explain_parts", "stages_borne")
)
ALL = {"stage": None, "service": None, "class": None}
NOTHING = (Decimal(0), Decimal(0))
Sums = dict[tuple[Any, ...], tuple[Decimal, Decimal]]


@pytest.fixture(scope="module")
def con() -> Con:
    return open_engine()


def sums(con: Con, query: str) -> Sums:
    """Read (key …, billed, effective), without what is nothing in both bases."""
    return {row[:-2]: row[-2:] for row in rows(con, query) if row[-2:] != NOTHING}


def built(con: Con, world: World) -> None:
    run(con, world)
    publish(con)


def assert_parts_re_add(con: Con, most: int = 1000) -> None:
    """Compare the explanation of some targets of each level with the ledger, and stage by stage."""
    for level in LEVELS:
        for (target,) in rows(
            con,
            f"select distinct target from shares where level = '{level}' order by all limit {most}",
        ):
            given = {"level": level, "target": target, **ALL, **ALWAYS.given}
            con.execute(f"create or replace temp table explain_parts as {EXPLAIN}", given)
            by = "day, source, service, class, grade, currency, sum(billed), sum(effective)"
            parts = sums(con, f"select {by} from explain_parts group by all")
            bears = f"from ledger where level = '{level}' and target = '{target}' group by all"
            assert parts == sums(con, f"select {by} {bears}"), (level, target)
            con.execute(f"create or replace temp table stage_amounts as {STAGES}", given)
            by = "stage, service, class, rung, currency, sum(placed_billed), sum(billed), sum(effective)"
            stages, placements = (
                sums(con, f"select {by} from {table} group by all")
                for table in ("stage_amounts", "explain_parts")
            )
            assert stages == placements, (level, target)


def assert_lines_re_add(con: Con, world: World) -> None:
    """Compare all lines with the bill and with the ledger. The build must be published."""
    con.execute(
        "create or replace temp table explain_parts as "
        "select distinct billing_period, pool from placements"
    )
    trace.trace_placements(con, PERIOD)
    by = "sum(billed), sum(effective) from {} where level = '{}' group by all"
    costs = {
        (line["source"], line["x_line"]): (line["BilledCost"], line["EffectiveCost"])
        for line in world.charges
        if line["BilledCost"] or line["EffectiveCost"]
    }
    for level in LEVELS:
        lines = sums(con, f"select source, x_line, {by.format('line_shares', level)}")
        assert lines == costs, level
        keys = "day, source, target, service, class, grade, currency, "
        assert sums(con, f"select {keys}{by.format('line_shares', level)}") == sums(
            con, f"select {keys}{by.format('ledger', level)}"
        ), level


@pytest.mark.few(3)
@pytest.mark.parametrize("seed", range(300, 310))
def test_the_parts_of_every_amount_re_add_to_it(con: Con, seed: int) -> None:
    built(con, make_world(seed))
    assert_parts_re_add(con)


@pytest.mark.few(3)
@pytest.mark.parametrize("seed", range(320, 330))
def test_lines_re_add_to_the_bill_and_to_the_ledger(con: Con, seed: int) -> None:
    world = make_world(seed)
    built(con, world)
    assert_lines_re_add(con, world)


@pytest.mark.few(1)
@pytest.mark.parametrize("seed", range(340, 344))
def test_a_line_traced_alone_is_the_line_traced_with_all_others(con: Con, seed: int) -> None:
    world = make_world(seed)
    built(con, world)
    con.execute(
        "create or replace temp table explain_parts as "
        "select distinct billing_period, pool from placements"
    )
    trace.trace_placements(con, PERIOD)
    all_cells = (
        "select level, target, stage, class, grade, day, sum(billed), sum(effective) "
        "from line_shares where source = '{}' and x_line = {} group by all"
    )
    lines = [(line["source"], line["x_line"]) for line in world.charges if line["BilledCost"]][:3]
    wanted = [sums(con, all_cells.format(*line)) for line in lines]
    assert all(wanted)
    for (source, number), cells in zip(lines, wanted, strict=True):
        line = trace.LineId(source=source, period=PERIOD, line=number)
        trace.trace_line(con, world.book, line)
        assert sums(con, all_cells.format(source, number)) == cells


def test_the_lines_of_a_stage_in_slices_re_add(con: Con) -> None:
    """Example C14: a scan that three read to 10, 30 and 100."""
    sizes = {"a": 10, "b": 30, "c": 100}
    world = in_slices(tuple(Edge(feature=f, size=Decimal(n)) for f, n in sizes.items()))
    built(con, world)
    assert_lines_re_add(con, world)
