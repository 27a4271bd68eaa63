"""The worked examples of methods.md §9, on the engine: every figure is exact."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from worlds import (
    PERIOD,
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
)

from costlens.allocate import steps
from costlens.config.dated import Weight
from costlens.config.values import (
    Allocation,
    Capacity,
    Catalogue,
    Edge,
    Feature,
    Overlap,
    Pipeline,
    Produce,
    Product,
    Resource,
    RunsOn,
    Stage,
)

SCAN = {
    "stages": {"scan": ["clean"], "clean": ["join_tx", "agg_web"], "join_tx": ["f1", "f2", "f4"]},
    "costs": {"scan": 120, "clean": 60, "join_tx": 90, "agg_web": 40, "f1": 10, "f2": 5, "f3": 8},
}
SCAN["stages"]["agg_web"] = ["f3", "f4"]
SCAN["costs"]["f4"] = 20
UNIT = Fraction(1, 10**12)
C6 = {"A": (0, 4, 2), "B": (2, 6, 1), "C": (3, 5, 1)}


@pytest.fixture(scope="module")
def con() -> Con:
    return open_engine()


def needed(costs: dict[str, Any], feeds: dict[str, list[str]], **weights: int) -> World:
    """Stages that are shared once, and features f…; each pays its own charges too."""
    features = sorted({to for ends in feeds.values() for to in ends if to.startswith("f")})
    return World(
        charges=tuple(
            charge(i, str(cost), ResourceId=name) for i, (name, cost) in enumerate(costs.items())
        ),
        catalogue=Catalogue(
            stages=tuple(
                Stage(
                    name=name,
                    billed_by=by_id(name),
                    feeds=tuple(
                        Edge(**{"feature" if to[0] == "f" else "stage": to}) for to in ends
                    ),
                )
                for name, ends in feeds.items()
            ),
            features=tuple(
                Feature(
                    name=f,
                    billed_by=by_id(f),
                    weight=(Weight(weight=Decimal(weights[f])),) if weights else (),
                )
                for f in features
            ),
        ),
    )


def handed_on(costs: dict[str, Any], takes: dict[str, dict[str, Any]]) -> World:
    """Stages that are split by use, and products that keep cost."""
    products = sorted({to for ends in takes.values() for to in ends if to not in takes})
    return World(
        charges=tuple(
            charge(i, str(cost), ResourceId=name) for i, (name, cost) in enumerate(costs.items())
        ),
        catalogue=Catalogue(
            stages=tuple(
                Stage(
                    name=name,
                    split="use",
                    billed_by=by_id(name),
                    feeds=tuple(
                        Edge(**{"stage" if to in takes else "product": to}, weight=Decimal(weight))
                        for to, weight in ends.items()
                    ),
                )
                for name, ends in takes.items()
            ),
            products=tuple(Product(name=name, billed_by=by_id(name)) for name in products),
        ),
    )


def on_cluster(
    uses: dict[str, tuple[int, int, Any]],
    cost: int,
    hours: int,
    slots: int,
    step: int = 0,
    overlap: Overlap | None = None,
) -> World:
    """Runs on one resource: name → (first hour, last hour, slots); `step` bills every few hours."""
    step = step or hours
    return World(
        charges=tuple(
            charge(
                hour,
                str(Decimal(cost) * step / hours),
                ResourceId="cluster",
                ChargePeriodStart=f"2026-05-01 {hour:02}:00:00",
                ChargePeriodEnd=f"2026-05-01 {hour + step:02}:00:00",
            )
            for hour in range(0, hours, step)
        ),
        attempts=tuple(
            attempt(
                i,
                f"p{name}",
                name,
                f"2026-05-01 {start:02}:00:00",
                f"2026-05-01 {stop:02}:00:00",
                size=str(size),
                size_unit="slots",
            )
            for i, (name, (start, stop, size)) in enumerate(uses.items())
        ),
        outputs=tuple(output(f"p{name}", name, f"feature:{name}") for name in uses),
        catalogue=Catalogue(
            resources=(
                Resource(
                    name="cluster",
                    billed_by=by_id("cluster"),
                    capacity=Capacity(slots=Decimal(slots)),
                    overlap=overlap,
                    runs=tuple(RunsOn(pipeline=f"p{name}") for name in uses),
                ),
            )
        ),
    )


def near(con: Con, level: str, wanted: dict[str, Any]) -> None:
    """Compare to the last unit; a figure that is no whole number of units is less than one off."""
    got = by_target(con, level)
    assert got.keys() == wanted.keys()
    for name, figure in wanted.items():
        exact = Fraction(figure)
        if (exact / UNIT).denominator == 1:
            assert Fraction(str(got[name])) == exact, name
        else:
            assert abs(Fraction(str(got[name])) - exact) < 20 * UNIT, name


@pytest.mark.parametrize(
    ("costs", "takes", "wanted"),
    [
        pytest.param(
            {"Y": 7260, "Z": 4000},
            {"Y": {"Z": 2, "A": 5, "B": 3}, "Z": {"Y": 3, "A": 4, "B": 3}},
            {"A": 6820, "B": 4440},
            id="c1",
        ),
        pytest.param(
            {"PM": 6_300_000, "IS": 1_452_150},
            {"PM": {"IS": 2, "Mach": 3, "Asm": 5}, "IS": {"PM": 1, "Mach": 8, "Asm": 1}},
            {"Mach": 4_187_025, "Asm": 3_565_125},
            id="c1b",
        ),
        pytest.param(
            {"S1": 92_400, "S2": 184_800, "S3": 138_600, "P1": 400_000, "P2": 500_000},
            {
                "S1": {"S2": 1, "S3": 2, "P1": 4, "P2": 3},
                "S2": {"S1": 1, "S3": 2, "P1": 5, "P2": 2},
                "S3": {"S1": 3, "P1": 1, "P2": 6},
            },
            {"P1": 593_500, "P2": 722_300},
            id="c3",
        ),
        pytest.param(
            {"self": 900}, {"self": {"self": 1, "X": 6, "Y": 3}}, {"X": 600, "Y": 300}, id="c19"
        ),
    ],
)
def test_reciprocal_cost_is_solved_exactly(
    con: Con, costs: dict[str, Any], takes: dict[str, dict[str, Any]], wanted: dict[str, Any]
) -> None:
    run(con, handed_on(costs, takes))
    near(con, "product", wanted)


@pytest.mark.parametrize(
    ("world", "wanted"),
    [
        pytest.param(
            needed(SCAN["costs"], SCAN["stages"]),
            {"f1": 85, "f2": 80, "f3": 73, "f4": 115},
            id="c8",
        ),
        pytest.param(
            needed(SCAN["costs"], SCAN["stages"], f1=2, f2=1, f3=1, f4=1),
            {"f1": 127, "f2": "127/2", "f3": 64, "f4": "197/2"},
            id="c11",
        ),
        pytest.param(
            needed({"a": 12}, {"a": ["f1", "f2"]}, f1=2, f2=1), {"f1": 8, "f2": 4}, id="c11b"
        ),
        pytest.param(
            needed({"scan": 12}, {"scan": ["A", "B"], "A": ["f1", "f2", "f3"], "B": ["f4"]}),
            {"f1": 3, "f2": 3, "f3": 3, "f4": 3},
            id="c10",
        ),
        pytest.param(
            needed(
                {"scan": 12}, {"scan": ["A", "C", "B"], "A": ["f1", "f2"], "C": ["f3"], "B": ["f4"]}
            ),
            {"f1": 3, "f2": 3, "f3": 3, "f4": 3},
            id="c10-drawn-otherwise",
        ),
        pytest.param(
            needed(
                {"a": 8, "b": 3, "c": 2, "d": 5},
                {
                    "a": ["f1", "f2", "f3", "f4"],
                    "b": ["f2", "f3", "f4"],
                    "c": ["f3", "f4"],
                    "d": ["f4"],
                },
            ),
            {"f1": 2, "f2": 3, "f3": 4, "f4": 9},
            id="airport",
        ),
        pytest.param(
            on_cluster(C6, 96, 8, 4),
            {"A": 24, "B": 12, "C": 6, "(idle)": 54},
            id="c6",
        ),
        pytest.param(
            on_cluster({"A": (0, 4, 3), "B": (2, 6, 2), "C": (3, 5, 1)}, 96, 8, 4, step=1),
            {"A": "156/5", "B": "104/5", "C": 5, "(idle)": 39},
            id="c6-oversubscribed",
        ),
        *(
            pytest.param(on_cluster(C6, 96, 8, 4, overlap=overlap), shares, id=f"c6-{overlap}")
            for overlap, shares in {
                "occupancy": {"A": 34, "B": 28, "C": 10, "(idle)": 24},
                "occupancy_by_slots": {"A": 38, "B": 25, "C": 9, "(idle)": 24},
                "duration": {"A": "192/5", "B": "192/5", "C": "96/5"},
            }.items()
        ),
        pytest.param(
            on_cluster(
                {"A": (0, 10, 392), "B": (0, 10, "61.6"), "C": (0, 10, 125)}, 560_000, 10, 700
            ),
            {"A": 313_600, "B": 49_280, "C": 100_000, "(idle)": 97_120},
            id="c5",
        ),
    ],
)
def test_features_bear_what_the_example_says(
    con: Con, world: World, wanted: dict[str, Any]
) -> None:
    run(con, world)
    near(con, "feature", wanted)


@pytest.mark.parametrize(
    ("practical", "wanted"),
    [
        ("0.75", {"A": 24, "B": 12, "C": 6, "idle": 30, "reserved": 24}),
        ("0.4375", {"A": 24, "B": 12, "C": 6, "reserved": 54}),
    ],
)
def test_what_cannot_be_used_in_practice_is_reserved_and_not_idle(
    con: Con, practical: str, wanted: dict[str, Any]
) -> None:
    """C6: 32 slot hours at 3, of which 24 or 14 can be used; 14 were."""
    world = on_cluster(C6, 96, 8, 4)
    (cluster,) = world.catalogue.resources
    cluster = replace(cluster, practical=Decimal(practical))
    run(con, replace(world, catalogue=replace(world.catalogue, resources=(cluster,))))
    name = "case when target = '(idle)' then class else target end"
    found = rows(
        con, f"select {name}, sum(effective) from ledger where level = 'feature' group by all"
    )
    assert dict(found) == wanted
    beside = "select round(sum(idle_effective), 9) from stage_costs where outcome = 'allocated'"
    assert rows(con, beside) == [(wanted.get("idle", 0),)]


@pytest.mark.parametrize(
    ("order", "wanted"),
    [
        ((), {"mach": 4_187_025, "asm": 3_565_125}),
        (("pm", "is"), {"mach": 4_300_800, "asm": 3_451_350}),
        (("is", "pm"), {"mach": "28629405/8", "asm": "33387795/8"}),
    ],
)
def test_example_c1b_steps_down_in_the_order_that_is_written(
    con: Con, order: tuple[str, ...], wanted: dict[str, Any]
) -> None:
    takes = {
        "pm": {"is": 2, "mach": 3, "asm": 5},
        "is": {"pm": 1, "mach": 8, "asm": 1},
    }
    world = handed_on({"pm": 6_300_000, "is": 1_452_150}, takes)
    allocation = Allocation(cascade="step_down" if order else "reciprocal", cascade_order=order)
    run(con, replace(world, allocation=allocation))
    near(con, "product", wanted)
    steps.run(con, ("found",), period=PERIOD)
    told = rows(con, "select message from found where code = 'step_down'")
    assert told == ([(f"stages hand on step by step: {', '.join(order)}",)] if order else [])


def test_a_stage_that_only_serves_those_before_it_is_stranded_when_they_step_down(con: Con) -> None:
    world = handed_on({"a": 60, "b": 40}, {"a": {"a": 1, "b": 2, "x": 1}, "b": {"a": 5, "b": 1}})
    world = replace(world, allocation=Allocation(cascade="step_down", cascade_order=("a", "b")))
    run(con, world)
    near(con, "product", {"x": 20, "(stranded)": 80})


def in_slices(feeds: tuple[Edge, ...], columns: dict[str, Decimal] | None = None) -> World:
    """One scan of 100, and its readers a, b and c."""
    return World(
        charges=(charge(1, 100, ResourceId="scan"),),
        catalogue=Catalogue(
            stages=(
                Stage(name="scan", billed_by=by_id("scan"), feeds=feeds, columns=columns or {}),
            ),
            features=tuple(Feature(name=name) for name in "abc"),
        ),
    )


def test_example_c14_splits_a_scan_by_the_slice_that_each_reader_needs(con: Con) -> None:
    """Up to 10 for all three, from there to 30 for two, the rest for c alone."""
    sizes = {"a": 10, "b": 30, "c": 100}
    feeds = tuple(Edge(feature=f, size=Decimal(size)) for f, size in sizes.items())
    run(con, in_slices(feeds))
    near(con, "feature", {"a": "10/3", "b": "40/3", "c": "250/3"})
    found = rows(
        con,
        "select stage, effective, hops[-1].hop, grade from stage_costs join placements using (stage, effective, grade) order by all",
    )
    assert found == [
        ("stage:scan#10", 10, "slice", "D"),
        ("stage:scan#100", 70, "slice", "D"),
        ("stage:scan#30", 20, "slice", "D"),
    ]


def test_a_scan_of_columns_is_split_by_the_columns_that_each_reader_needs(con: Con) -> None:
    """Of 100: id 10 for all, x 60 for a and b, y 20 for c, and 10 of z that nobody reads."""
    reads = {"a": ("id", "x"), "b": ("id", "x"), "c": ("id", "y")}
    feeds = tuple(Edge(feature=f, columns=columns) for f, columns in reads.items())
    columns = {"id": Decimal(1), "x": Decimal(6), "y": Decimal(2), "z": Decimal(1)}
    run(con, in_slices(feeds, columns))
    near(con, "feature", {"a": "100/3", "b": "100/3", "c": "70/3", "(unneeded)": 10})


def test_example_c8_has_its_avoidable_and_stand_alone_figures(con: Con) -> None:
    run(con, needed(SCAN["costs"], SCAN["stages"]))
    found = rows(
        con,
        "select s.target, sum(c.effective) filter (s.members = 1), sum(c.effective) "
        "from shares as s "
        "inner join stage_costs as c on c.feature_set = s.need_set group by all order by all",
    )
    assert found == [("f1", 10, 280), ("f2", 5, 275), ("f3", 8, 228), ("f4", 20, 330)]


def test_example_c21_weighs_machines_by_nine_vcpu_to_a_gigabyte(con: Con) -> None:
    """m5.xlarge at 1 $/h: a run with one vCPU pays 9/52, one with a gigabyte 1/52."""
    world = World(
        charges=(charge(1, 1, ResourceId="m5", ChargePeriodEnd="2026-05-01 01:00:00"),),
        attempts=tuple(
            attempt(
                i,
                f"p{size}",
                f"r{size}",
                "2026-05-01 00:00:00",
                "2026-05-01 01:00:00",
                resource_id="m5",
                size=size,
                size_unit="weighted",
            )
            for i, size in enumerate((9, 1))
        ),
        catalogue=Catalogue(
            resources=(
                Resource(
                    name="m5",
                    billed_by=by_id("m5"),
                    capacity=Capacity(vcpu=Decimal(4), memory_gb=Decimal(16)),
                ),
            ),
            pipelines=tuple(
                Pipeline(name=f"p{size}", produces=(Produce(part="run", feature=f"f{size}"),))
                for size in (9, 1)
            ),
            features=(Feature(name="f9"), Feature(name="f1")),
        ),
    )
    run(con, world)
    near(con, "feature", {"f9": "9/52", "f1": "1/52", "(idle)": "42/52"})
