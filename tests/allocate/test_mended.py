"""Small worlds in which the reference once found the engine wrong."""

from datetime import date
from decimal import Decimal

import pytest
from compare import differences
from worlds import (
    Con,
    World,
    attempt,
    by_id,
    by_target,
    charge,
    open_engine,
    output,
    rows,
    run,
    took,
)

from costlens.config.values import (
    Allocation,
    Capacity,
    Catalogue,
    Edge,
    Endpoint,
    Feature,
    Model,
    Pipeline,
    Produce,
    Resource,
)

HOURS = ("2026-05-01 00:00:00", "2026-05-01 04:00:00", "2026-05-01 08:00:00")


@pytest.fixture(scope="module")
def con() -> Con:
    return open_engine()


def test_two_pipelines_may_use_the_same_run_id(con: Con) -> None:
    """Airflow's run ids are the same in every DAG."""
    world = World(
        charges=(charge(1, 100, ResourceId="c"),),
        attempts=(
            attempt(1, "pa", "scheduled_1", *HOURS[:2], resource_id="c"),
            attempt(2, "pb", "scheduled_1", *HOURS[:2], resource_id="c"),
        ),
    )
    run(con, world)
    assert sum(by_target(con, "feature").values()) == 100


def test_by_work_counts_a_part_that_made_one_thing(con: Con) -> None:
    """`joint` (4 h) made f1 and f2 by rows; `x` (4 h) made f3 alone, unmeasured. `prep` serves all:
    f1 and f2 a quarter each, f3 half."""
    patterns = (Produce(part="prep", shared=True), Produce(part="x", feature="f3"))
    world = World(
        charges=(charge(1, 60, ResourceId="arn:1"),),
        attempts=tuple(
            attempt(i, "p", "r", start, stop, part=part, resource_id=on)
            for i, (part, on, start, stop) in enumerate(
                [
                    ("joint", None, *HOURS[:2]),
                    ("x", None, *HOURS[:2]),
                    ("prep", "arn:1", *HOURS[1:]),
                ]
            )
        ),
        outputs=tuple(
            output("p", "r", f"feature:{f}", part="joint", measure="rows") for f in ("f1", "f2")
        ),
        catalogue=Catalogue(
            pipelines=(Pipeline(name="p", produces=patterns),),
            features=tuple(Feature(name=name) for name in ("f1", "f2", "f3")),
        ),
        allocation=Allocation(shared_parts="by_work"),
    )
    run(con, world)
    bears = rows(
        con,
        "select sum(numerator) filter (target = 'f3') * 2 = sum(numerator) from shares "
        "where level = 'feature' and need_set in "
        "(select feature_set from stage_costs where stage like '%prep')",
    )
    assert bears == [(True,)]


def test_reads_of_the_month_are_measured_also_where_a_target_reads_itself(con: Con) -> None:
    """m1 reads itself, m2 reads m1: all edges are measured, so the grade is B."""
    world = World(
        charges=(
            charge(
                1,
                100,
                ResourceId="arn:1",
                ChargePeriodStart="2026-05-02 00:00:00",
                ChargePeriodEnd="2026-05-03 00:00:00",
            ),
            charge(2, 0, ChargePeriodStart="2026-05-01 00:00:00", ServiceName="pin"),
        ),
        attempts=(attempt(1, "p", "r", *HOURS[:2], resource_id="arn:1"),),
        outputs=(output("p", "r", "model:m1"),),
        activity=(took("model:m1", "model:m1", 1), took("model:m2", "model:m1", 1)),
        catalogue=Catalogue(models=(Model(name="m1"), Model(name="m2"))),
    )
    run(con, world)
    assert differences(con, world) == []


def test_two_models_may_have_endpoints_of_one_name(con: Con) -> None:
    world = World(
        charges=(charge(1, 100, ResourceId="a"), charge(2, 10, ResourceId="b")),
        catalogue=Catalogue(
            models=tuple(
                Model(name=f"m{x}", endpoints=(Endpoint(name="prod", billed_by=by_id(x)),))
                for x in ("a", "b")
            )
        ),
    )
    run(con, world)
    assert by_target(con, "model") == {"ma": Decimal(100), "mb": Decimal(10)}


def test_a_cluster_of_two_machine_types_is_half_idle_when_half_of_it_is_used(con: Con) -> None:
    """Four slots of each type for a day; runs hold four. Each type alone looks fully used."""
    sizes = ("2 GiB", "4 GiB")
    world = World(
        charges=tuple(
            charge(
                i,
                48,
                ResourceId="c",
                ConsumedQuantity=24,
                ConsumedUnit="Hours",
                SkuPriceDetails=f'{{"CoreCount":"4","MemorySize":"{size}"}}',
            )
            for i, size in enumerate(sizes)
        ),
        attempts=(
            attempt(
                1,
                "p",
                "r",
                "2026-05-01 00:00:00",
                "2026-05-02 00:00:00",
                resource_id="c",
                size=39,
                size_unit="weighted",
            ),
        ),
        catalogue=Catalogue(
            resources=(Resource(name="c", billed_by=by_id("c")),),
        ),
    )
    run(con, world)
    idle = rows(con, "select sum(effective) > 40 from stage_costs where outcome = 'idle'")
    assert idle == [(True,)]


def test_measured_reads_are_a_need_after_a_declared_edge_expired(con: Con) -> None:
    world = World(
        charges=(charge(1, 10, ResourceId="f"),),
        activity=(took("model:m", "feature:f", 5),),
        catalogue=Catalogue(
            features=(Feature(name="f", billed_by=by_id("f")),),
            models=(Model(name="m", uses=(Edge(feature="f", valid_until=date(2026, 4, 30)),)),),
        ),
    )
    run(con, world)
    assert by_target(con, "model") == {"m": Decimal(10)}


def test_parents_that_go_round_are_within_what_holds_one_of_them(con: Con) -> None:
    """`outer` (8 h) holds `into` of r2; r2 holds r1, that r3, and that r2 again, with `last` (1 h)."""
    world = World(
        charges=(charge(1, 80, ResourceId="c", ChargePeriodEnd=HOURS[2]),),
        attempts=(
            attempt(1, "out", "r", HOURS[0], HOURS[2], part="outer", resource_id="c"),
            attempt(2, "in", "r2", HOURS[0], HOURS[0], part="into", parent="out/r/outer"),
            attempt(3, "in", "r1", HOURS[0], HOURS[0], parent="r2"),
            attempt(4, "in", "r3", HOURS[0], HOURS[0], parent="r1"),
            attempt(5, "in", "r2", "2026-05-01 07:00:00", HOURS[2], part="last", parent="r3"),
        ),
        catalogue=Catalogue(
            resources=(
                Resource(name="c", billed_by=by_id("c"), capacity=Capacity(slots=Decimal(1))),
            ),
        ),
    )
    run(con, world)
    assert not differences(con, world)
    own = "from segments where attempt in (select attempt from tries where part = 'outer')"
    assert rows(con, f"select count(*), sum(date_diff('hour', start, stop)) {own}") == [(1, 7)]
