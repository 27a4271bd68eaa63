"""Machine time that stands on several lines re-adds when single lines are traced."""

from decimal import Decimal

import pytest
from worlds import (
    PERIOD,
    Con,
    Row,
    World,
    attempt,
    by_id,
    by_target,
    charge,
    open_engine,
    publish,
    rows,
    run,
)

from costlens.allocate import trace
from costlens.config.values import Catalogue, Pipeline, Resource, RunsOf

DAY = ("2026-05-01 00:00:00", "2026-05-02 00:00:00")
NOON = "2026-05-01 12:00:00"


@pytest.fixture(scope="module")
def con() -> Con:
    return open_engine()


def machine(line: int, memory: str) -> Row:
    """Bill one machine of four cores for a day, in hours."""
    return charge(
        line,
        48,
        ResourceId="c",
        ConsumedQuantity=24,
        ConsumedUnit="Hours",
        SkuPriceDetails=f'{{"CoreCount":"4","MemorySize":"{memory}"}}',
    )


def half_used(*memories: str) -> World:
    used = {"resource_id": "c", "size": 39, "size_unit": "weighted"}
    return World(
        charges=tuple(machine(line, memory) for line, memory in enumerate(memories, start=1)),
        attempts=(attempt(1, "p", "r", DAY[0], NOON, **used),),
        catalogue=Catalogue(resources=(Resource(name="c", billed_by=by_id("c")),)),
    )


def test_two_lines_of_machine_hours_re_add_when_all_lines_are_traced(con: Con) -> None:
    world = half_used("3 GiB", "3 GiB")
    publish(run(con, world))
    con.execute(
        "create or replace temp table explain_parts as "
        "select distinct billing_period, pool from memory.main.placements"
    )
    trace.trace_placements(con, PERIOD)
    traced = "select x_line, sum(effective) from line_shares where level = 'feature' group by all"
    assert dict(rows(con, traced)) == {1: 48, 2: 48}


def test_one_line_of_a_cluster_of_two_machine_types_re_adds_when_traced(con: Con) -> None:
    world = half_used("3 GiB", "4 GiB")
    publish(run(con, world))
    trace.trace_line(con, world.book, trace.LineId(source="bill", period=PERIOD, line=1))
    traced = "select sum(effective) from line_shares where level = 'feature'"
    assert rows(con, traced) == [(48,)]


def test_tags_may_give_the_attempts_of_one_part_to_two_pipelines(con: Con) -> None:
    """Both pipelines join the one job: 100 becomes 200."""
    world = World(
        charges=(charge(1, 100, ResourceId="c"),),
        attempts=tuple(
            attempt(i, "dag", "r", DAY[0], NOON, resource_id="c", tags=f'{{"team":"{team}"}}')
            for i, team in enumerate("ab")
        ),
        catalogue=Catalogue(
            pipelines=tuple(
                Pipeline(name=f"p{team}", runs=RunsOf(match={"team": (team,)})) for team in "ab"
            )
        ),
    )
    run(con, world)
    assert sum(by_target(con, "feature").values()) == Decimal(100)
