"""Worked examples with exact answers, through the command: a bill and a catalogue in, cost out.

C1, C3, C5, C21 and the airport are published textbook and vendor examples, the others computed in
fractions. All of them are one company, refreshed once.
"""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

import pytest
from company import Company
from gathered import Asked, Gathered, line, run

WORLD = Gathered()
UNIT = Decimal(1).scaleb(-12)


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    return WORLD.refresh(Company(folder=tmp_path_factory.mktemp("examples")))


def exactly(amount: Fraction) -> set[Decimal]:
    """Name what an amount may be once it is laid out in whole units: itself, or next to it."""
    floor = Decimal(amount.numerator * 10**12 // amount.denominator).scaleb(-12)
    return {floor} if (amount * 10**12).denominator == 1 else {floor, floor + UNIT}


def assert_costs(
    asked: Asked, example: str, wanted: Mapping[str, Fraction | int], by: str = "feature"
) -> None:
    """Compare the targets of an example, whose names begin with its name; the sum is exact."""
    found = asked.costs(f"{example}_", by)
    assert found.keys() == {f"{example}_{name}" for name in wanted}
    for name, amount in wanted.items():
        assert found[f"{example}_{name}"] in exactly(Fraction(amount)), name
    assert sum(found.values()) == sum(Fraction(a) for a in wanted.values())


# Services that serve each other


def add_services(
    example: str, costs: Mapping[str, int], taken: Mapping[str, Mapping[str, str]]
) -> None:
    """Add stages that hand their cost on, and the products that keep it."""
    names = {to for ends in taken.values() for to in ends} - taken.keys()
    stages = [
        f"  - {{name: {example}_{stage}, billed_by: [{{resource_id: {example}_{stage}}}], split: use, "
        "feeds: ["
        + ", ".join(
            f"{{{'stage' if to in taken else 'product'}: {example}_{to}, weight: {weight}}}"
            for to, weight in ends.items()
        )
        + "]}"
        for stage, ends in taken.items()
    ]
    products = [
        f"  - {{name: {example}_{name}, billed_by: [{{resource_id: {example}_{name}}}]}}"
        for name in sorted(names)
    ]
    WORLD.add(
        "\n".join(["stages:", *stages, "products:", *products]),
        bill=[line(cost, f"{example}_{name}") for name, cost in costs.items()],
    )


add_services(
    "c1",
    {"Y": 7260, "Z": 4000},
    {"Y": {"Z": "2", "A": "5", "B": "3"}, "Z": {"Y": "3", "A": "4", "B": "3"}},
)
add_services(
    "c1b",
    {"PM": 6_300_000, "IS": 1_452_150},
    {"PM": {"IS": "2", "Mach": "3", "Asm": "5"}, "IS": {"PM": "1", "Mach": "8", "Asm": "1"}},
)
add_services(
    "c3",
    {"S1": 92_400, "S2": 184_800, "S3": 138_600, "P1": 400_000, "P2": 500_000},
    {
        "S1": {"S2": "0.1", "S3": "0.2", "P1": "0.4", "P2": "0.3"},
        "S2": {"S1": "0.1", "S3": "0.2", "P1": "0.5", "P2": "0.2"},
        "S3": {"S1": "0.3", "P1": "0.1", "P2": "0.6"},
    },
)
add_services("c19", {"S": 900}, {"S": {"S": "1", "X": "6", "Y": "3"}})


@pytest.mark.parametrize(
    ("example", "wanted"),
    [
        ("c1", {"A": 6820, "B": 4440}),
        ("c1b", {"Mach": 4_187_025, "Asm": 3_565_125}),
        ("c3", {"P1": 593_500, "P2": 722_300}),
        ("c19", {"X": 600, "Y": 300}),
    ],
)
def test_services_that_serve_each_other_or_themselves_are_solved_exactly(
    asked: Asked, example: str, wanted: Mapping[str, int]
) -> None:
    assert_costs(asked, example, wanted, by="product")


# Time on shared machines

WORLD.add(
    "resources: [{name: c5, billed_by: [{resource_id: c5}]}]",
    bill=[line(560_000, "c5", ConsumedQuantity="700000", ConsumedUnit="Minutes")],
    runs=[
        run(
            f"c5.{name}",
            8,
            18,
            feature=f"c5_{name}",
            resource_id="c5",
            instance_count="1",
            billable_seconds=60 * minutes,
        )
        for name, minutes in {
            "orders": 40 * 9_800,
            "complaints": 220 * 280,
            "credit": 250 * 500,
        }.items()
    ],
)


def test_c5_time_driven_costing_leaves_unused_capacity_as_a_line(asked: Asked) -> None:
    assert_costs(asked, "c5", {"orders": 313_600, "complaints": 49_280, "credit": 100_000})
    assert asked.outcomes("resource:c5") == {"idle": 97_120}


C6 = {
    "c6": "capacity",
    "c6even": "occupancy",
    "c6slots": "occupancy_by_slots",
    "c6time": "duration",
    "c6crowd": "capacity",
}
for name, policy in C6.items():
    slots = {"A": 3, "B": 2, "C": 1} if name == "c6crowd" else {"A": 2, "B": 1, "C": 1}
    WORLD.add(
        f"resources: [{{name: {name}, billed_by: [{{resource_id: {name}}}], capacity: {{slots: 4}}, "
        f"overlap: {policy}}}]",
        bill=(
            [line(12, name, start=hour, hours=1) for hour in range(8)]
            if name == "c6crowd"
            else [line(96, name, hours=8)]
        ),
        runs=[
            run(
                f"{name}.{who}",
                start,
                stop,
                feature=f"{name}_{who}",
                resource_id=name,
                slots=slots[who],
            )
            for who, (start, stop) in {"A": (0, 4), "B": (2, 6), "C": (3, 5)}.items()
        ],
    )


@pytest.mark.parametrize(
    ("example", "wanted", "idle"),
    [
        ("c6", {"A": 24, "B": 12, "C": 6}, 54),
        ("c6even", {"A": 34, "B": 28, "C": 10}, 24),
        ("c6slots", {"A": 38, "B": 25, "C": 9}, 24),
        ("c6time", {"A": Fraction(192, 5), "B": Fraction(192, 5), "C": Fraction(96, 5)}, 0),
        # More is asked for than there is: shared by demand, and never clamped.
        ("c6crowd", {"A": Fraction(156, 5), "B": Fraction(104, 5), "C": 5}, 39),
    ],
)
def test_c6_overlapping_runs_share_a_cluster_by_its_policy(
    asked: Asked, example: str, wanted: Mapping[str, Fraction | int], idle: int
) -> None:
    assert_costs(asked, example, wanted)
    assert asked.stages("resource:", "stage").get((f"resource:{example}",), 0) == idle


WORLD.add(
    "resources: [{name: c21, billed_by: [{resource_id: c21}], capacity: {vcpu: 4, memory_gb: 16}}]",
    bill=[line(1, "c21", hours=1)],
    runs=[
        run(f"c21.{name}", 0, 1, feature=f"c21_{name}", resource_id="c21", vcpu=vcpu, memory_gb=gb)
        for name, (vcpu, gb) in {"vcpu": (1, 0), "gb": (0, 1), "rest": (3, 15)}.items()
    ],
)


def test_c21_processors_and_memory_of_one_machine_are_priced_nine_to_one(asked: Asked) -> None:
    shares = {"vcpu": Fraction(9, 52), "gb": Fraction(1, 52), "rest": Fraction(42, 52)}
    assert_costs(asked, "c21", shares)


# An hour of four vCPU and 16 GB at 52: six vCPU are asked for, and a fifth of the memory.
for policy, name in {"capacity": "c21over", "capacity_by_unit": "c21apart"}.items():
    WORLD.add(
        f"resources: [{{name: {name}, billed_by: [{{resource_id: {name}}}], "
        f"capacity: {{vcpu: 4, memory_gb: 16}}, overlap: {policy}}}]",
        bill=[line(52, name, hours=1)],
        runs=[
            run(f"{name}.{who}", 0, 1, feature=f"{name}_{who}", resource_id=name, **held)
            for who, held in {
                "a": {"vcpu": 4, "memory_gb": 2},
                "b": {"vcpu": 2, "memory_gb": "1.2"},
            }.items()
        ],
    )


def test_c21_an_oversubscribed_vcpu_leaves_the_memory_its_idle(asked: Asked) -> None:
    assert_costs(asked, "c21over", {"a": Fraction(380, 11), "b": Fraction(192, 11)})
    assert asked.stages("resource:", "stage").get(("resource:c21over",), 0) == 0
    assert_costs(asked, "c21apart", {"a": 24 + 2, "b": 12 + Fraction(6, 5)})
    assert asked.outcomes("resource:c21apart") == {"idle": Decimal("12.8")}
    place = "resource:c21apart"
    found = asked.ask("explain", "c21apart_a") + asked.ask("explain", f"stage:{place}")
    assert {row["weights"]: Decimal(row["amount"]) for row in found} == {
        f"unit {place} by vcpu 9/13 → overlap {place} by vcpu 2/3": 24,
        f"unit {place} by memory_gb 4/13 → overlap {place} by memory_gb 1/8": 2,
        f"unit {place} by memory_gb 4/13 → overlap {place} by idle 4/5": Decimal("12.8"),
    }


# To the last unit

C7 = {
    "hundred": ("100", [1, 1, 1], ["33.333333333334", "33.333333333333", "33.333333333333"]),
    "ten": ("10", [1, 2, 4], ["1.428571428571", "2.857142857143", "5.714285714286"]),
    "back": ("-10", [1, 2, 4], ["-1.428571428571", "-2.857142857143", "-5.714285714286"]),
    "five": ("0.000000000005", [70, 30], ["0.000000000004", "0.000000000001"]),
    "one": ("0.000000000001", [0, 0, 1], ["0", "0", "0.000000000001"]),
    "cents": ("0.01", [1, 1, 1], ["0.033333333334", "0.033333333333", "0.033333333333"]),
}
for name, (cost, weights, _) in C7.items():
    ends = ", ".join(f"{{feature: c7{name}_{n}}}" for n in range(len(weights)))
    WORLD.add(
        f"stages: [{{name: c7{name}, billed_by: [{{resource_id: c7{name}}}], feeds: [{ends}]}}]\n"
        "features:\n"
        + "\n".join(f"  - {{name: c7{name}_{n}, weight: {w}}}" for n, w in enumerate(weights)),
        bill=[line(cost, f"c7{name}")] * (10 if name == "cents" else 1),
    )


@pytest.mark.parametrize("name", C7)
def test_c7_remainders_go_to_the_largest_and_ties_to_the_earlier(asked: Asked, name: str) -> None:
    """Ten cents come as ten lines: as rounding is late, each third of them is 0.03 and not 0.10."""
    found = asked.costs(f"c7{name}_")
    assert [found[key] for key in sorted(found)] == [Decimal(part) for part in C7[name][2]]


# Built once, needed by many

C8 = {"scan": 120, "clean": 60, "join_tx": 90, "agg_web": 40, "f1": 10, "f2": 5, "f3": 8, "f4": 20}
C8_FEEDS = {
    "scan": ["clean"],
    "clean": ["join_tx", "agg_web"],
    "join_tx": ["f1", "f2", "f4"],
    "agg_web": ["f3", "f4"],
}


def add_needed(
    example: str,
    costs: Mapping[str, int],
    feeds: Mapping[str, list[str]],
    weights: Mapping[str, int] | None = None,
) -> None:
    """Add stages that are needed, and the features that need them."""
    names = sorted({to for ends in feeds.values() for to in ends} - feeds.keys())
    stages = [
        f"  - {{name: {example}_{stage}, billed_by: [{{resource_id: {example}_{stage}}}], feeds: ["
        + ", ".join(f"{{{'stage' if to in feeds else 'feature'}: {example}_{to}}}" for to in ends)
        + "]}"
        for stage, ends in feeds.items()
    ]
    features = [
        f"  - {{name: {example}_{name}, billed_by: [{{resource_id: {example}_{name}}}]"
        + (f", weight: {weights[name]}}}" if weights else "}")
        for name in names
    ]
    WORLD.add(
        "\n".join(["stages:", *stages, "features:", *features]),
        bill=[line(cost, f"{example}_{name}") for name, cost in costs.items()],
    )


add_needed("c8", C8, C8_FEEDS)
add_needed("c11", C8, C8_FEEDS, {"f1": 2, "f2": 1, "f3": 1, "f4": 1})
add_needed("c11b", {"t": 12}, {"t": ["a", "b"]}, {"a": 2, "b": 1})
add_needed("c10", {"scan": 12}, {"scan": ["A", "B"], "A": ["f1", "f2", "f3"], "B": ["f4"]})
add_needed(
    "c10again",
    {"scan": 12},
    {"scan": ["A1", "A2", "B"], "A1": ["f1", "f2"], "A2": ["f3"], "B": ["f4"]},
)
# One scan as large as its largest reader needs: a stage for each step up. So is the airport.
add_needed(
    "c14",
    {"to10": 10, "to30": 20, "to100": 70},
    {"to10": ["a", "b", "c"], "to30": ["b", "c"], "to100": ["c"]},
)
add_needed(
    "airport",
    {"to8": 8, "to11": 3, "to13": 2, "to18": 5},
    {"to8": ["1", "2", "3", "4"], "to11": ["2", "3", "4"], "to13": ["3", "4"], "to18": ["4"]},
)
add_needed("joint", {"x": 10, "y": 10, "both": 30}, {"both": ["x", "y"]})


@pytest.mark.parametrize(
    ("example", "wanted"),
    [
        ("c8", {"f1": 85, "f2": 80, "f3": 73, "f4": 115}),
        ("c10", {"f1": 3, "f2": 3, "f3": 3, "f4": 3}),
        ("c10again", {"f1": 3, "f2": 3, "f3": 3, "f4": 3}),
        ("c11", {"f1": 127, "f2": Fraction(127, 2), "f3": 64, "f4": Fraction(197, 2)}),
        ("c11b", {"a": 8, "b": 4}),
        ("c14", {"a": Fraction(10, 3), "b": Fraction(40, 3), "c": Fraction(250, 3)}),
        ("airport", {"1": 2, "2": 3, "3": 4, "4": 9}),
        ("joint", {"x": 25, "y": 25}),
    ],
)
def test_a_stage_is_shared_by_those_who_need_it_and_nobody_else(
    asked: Asked, example: str, wanted: Mapping[str, Fraction | int]
) -> None:
    assert_costs(asked, example, wanted)


def test_c8_has_its_avoidable_and_stand_alone_figures(asked: Asked) -> None:
    found = {name: asked.three(f"c8_{name}") for name in ("f1", "f2", "f3", "f4")}
    assert found == {
        "f1": (10, 85, 280),
        "f2": (5, 80, 275),
        "f3": (8, 73, 228),
        "f4": (20, 115, 330),
    }


def test_every_level_of_all_this_holds_the_whole_bill(asked: Asked) -> None:
    for level in ("feature", "model", "product"):
        assert sum(asked.cost(level).values()) == asked.bill()
