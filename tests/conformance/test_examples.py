"""Worked examples with exact answers, through the command: a bill and a catalogue in, cost out.

C1, C3, C5 and C21 are published textbook and vendor examples, the others computed in fractions.
"""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

import pytest
from company import Company

UNIT = Decimal(1).scaleb(-12)


def exactly(amount: Fraction) -> set[Decimal]:
    """Name what an amount may be once it is laid out in whole units: itself, or next to it."""
    floor = Decimal(amount.numerator * 10**12 // amount.denominator).scaleb(-12)
    return {floor} if (amount * 10**12).denominator == 1 else {floor, floor + UNIT}


def assert_costs(found: Mapping[str, Decimal], wanted: Mapping[str, Fraction | int]) -> None:
    assert found.keys() == wanted.keys()
    for name, amount in wanted.items():
        assert found[name] in exactly(Fraction(amount)), name
    assert sum(found.values()) == sum(Fraction(a) for a in wanted.values())


def own(costs: Mapping[str, int]) -> list[dict[str, object]]:
    """Make a billing line for each thing, on a resource of its name."""
    return [{"cost": str(cost), "ResourceId": name} for name, cost in costs.items()]


def use_stages(consumption: Mapping[str, Mapping[str, str]], sinks: list[str]) -> str:
    """Write stages that hand their cost on, and the products that keep it."""
    lines = ["stages:"]
    for stage, feeds in consumption.items():
        edges = ", ".join(
            f"{{{'product' if to in sinks else 'stage'}: {to}, weight: {weight}}}"
            for to, weight in feeds.items()
        )
        lines.append(
            f"  - {{name: {stage}, billed_by: [{{resource_id: {stage}}}], split: use, feeds: [{edges}]}}"
        )
    lines.append("products:")
    lines += [f"  - {{name: {sink}, billed_by: [{{resource_id: {sink}}}]}}" for sink in sinks]
    return "\n".join(lines)


def test_c1_two_stages_that_serve_each_other_are_solved_exactly(company: Company) -> None:
    company.bill(*own({"Y": 7260, "Z": 4000}))
    company.catalogue(
        use_stages(
            {"Y": {"Z": "2", "A": "5", "B": "3"}, "Z": {"Y": "3", "A": "4", "B": "3"}}, ["A", "B"]
        )
    )
    company.refresh()
    assert_costs(company.cost("product"), {"A": 6820, "B": 4440})


def test_c1b_castleford_is_solved_exactly(company: Company) -> None:
    company.bill(*own({"PM": 6_300_000, "IS": 1_452_150}))
    company.catalogue(
        use_stages(
            {
                "PM": {"IS": "2", "Mach": "3", "Asm": "5"},
                "IS": {"PM": "1", "Mach": "8", "Asm": "1"},
            },
            ["Mach", "Asm"],
        )
    )
    company.refresh()
    assert_costs(company.cost("product"), {"Mach": 4_187_025, "Asm": 3_565_125})


def test_c3_three_stages_that_serve_each_other_are_solved_exactly(company: Company) -> None:
    company.bill(*own({"S1": 92_400, "S2": 184_800, "S3": 138_600, "P1": 400_000, "P2": 500_000}))
    company.catalogue(
        use_stages(
            {
                "S1": {"S2": "0.1", "S3": "0.2", "P1": "0.4", "P2": "0.3"},
                "S2": {"S1": "0.1", "S3": "0.2", "P1": "0.5", "P2": "0.2"},
                "S3": {"S1": "0.3", "P1": "0.1", "P2": "0.6"},
            },
            ["P1", "P2"],
        )
    )
    company.refresh()
    assert_costs(company.cost("product"), {"P1": 593_500, "P2": 722_300})


def test_c19_a_stage_that_uses_itself_hands_all_its_cost_on(company: Company) -> None:
    company.bill(*own({"S": 900}))
    company.catalogue(use_stages({"S": {"S": "1", "X": "6", "Y": "3"}}, ["X", "Y"]))
    company.refresh()
    assert_costs(company.cost("product"), {"X": 600, "Y": 300})


def test_c5_time_driven_costing_leaves_unused_capacity_as_a_line(company: Company) -> None:
    month = {"ChargePeriodStart": "2026-05-01", "ChargePeriodEnd": "2026-05-02"}
    company.bill(
        {
            "cost": "560000",
            "ResourceId": "desk",
            "ConsumedQuantity": "700000",
            "ConsumedUnit": "Minutes",
        }
        | month
    )
    minutes = {"orders": 40 * 9_800, "complaints": 220 * 280, "credit": 250 * 500}
    company.runs(
        *(
            {
                "run_id": name,
                "pipeline": "desk",
                "feature": name,
                "start": "2026-05-01T08:00:00Z",
                "end": "2026-05-01T18:00:00Z",
                "resource_id": "desk",
                "instance_count": "1",
                "billable_seconds": str(60 * used),
            }
            for name, used in minutes.items()
        )
    )
    company.catalogue("resources: [{name: desk, billed_by: [{resource_id: desk}]}]")
    company.refresh()
    assert_costs(
        company.cost(),
        {"orders": 313_600, "complaints": 49_280, "credit": 100_000, "(idle)": 97_120},
    )


def three_runs(slots: Mapping[str, int]) -> list[dict[str, object]]:
    hours = {"A": (0, 4), "B": (2, 6), "C": (3, 5)}
    return [
        {
            "run_id": name,
            "pipeline": f"p{name}",
            "feature": name,
            "start": f"2026-05-01T{start:02}:00:00Z",
            "end": f"2026-05-01T{stop:02}:00:00Z",
            "resource_id": "cluster",
            "slots": str(slots[name]),
        }
        for name, (start, stop) in hours.items()
    ]


CLUSTER = "resources: [{name: c, billed_by: [{resource_id: cluster}], capacity: {slots: 4}}]"


def test_c6_overlapping_runs_pay_for_the_capacity_they_held(company: Company) -> None:
    company.bill(
        {
            "cost": "96",
            "ResourceId": "cluster",
            "ChargePeriodStart": "2026-05-01T00:00:00Z",
            "ChargePeriodEnd": "2026-05-01T08:00:00Z",
        }
    )
    company.runs(*three_runs({"A": 2, "B": 1, "C": 1}))
    company.catalogue(CLUSTER)
    company.refresh()
    assert_costs(company.cost(), {"A": 24, "B": 12, "C": 6, "(idle)": 54})


def test_c6_an_oversubscribed_hour_is_shared_by_demand_and_never_clamped(company: Company) -> None:
    company.bill(
        *(
            {
                "cost": "12",
                "ResourceId": "cluster",
                "ChargePeriodStart": f"2026-05-01T{hour:02}:00:00Z",
                "ChargePeriodEnd": f"2026-05-01T{hour + 1:02}:00:00Z",
            }
            for hour in range(8)
        )
    )
    company.runs(*three_runs({"A": 3, "B": 2, "C": 1}))
    company.catalogue(CLUSTER)
    company.refresh()
    assert_costs(
        company.cost(), {"A": Fraction(156, 5), "B": Fraction(104, 5), "C": 5, "(idle)": 39}
    )


@pytest.mark.parametrize(
    ("cost", "weights", "parts"),
    [
        ("100", [1, 1, 1], ["33.333333333334", "33.333333333333", "33.333333333333"]),
        ("10", [1, 2, 4], ["1.428571428571", "2.857142857143", "5.714285714286"]),
        ("-10", [1, 2, 4], ["-1.428571428571", "-2.857142857143", "-5.714285714286"]),
        ("0.000000000005", [70, 30], ["0.000000000004", "0.000000000001"]),
        ("0.000000000001", [0, 0, 1], ["0", "0", "0.000000000001"]),
    ],
)
def test_c7_remainders_go_to_the_largest_and_ties_to_the_earlier(
    company: Company, cost: str, weights: list[int], parts: list[str]
) -> None:
    company.bill({"cost": cost, "ResourceId": "t"})
    features = "\n".join(f"  - {{name: f{n}, weight: {w}}}" for n, w in enumerate(weights))
    feeds = ", ".join(f"{{feature: f{n}}}" for n in range(len(weights)))
    company.catalogue(
        f"stages: [{{name: t, billed_by: [{{resource_id: t}}], feeds: [{feeds}]}}]\nfeatures:\n{features}"
    )
    company.refresh()
    found = company.cost()
    assert [found[f"f{n}"] for n in range(len(weights))] == [Decimal(part) for part in parts]


def test_c7_rounding_late_spreads_ten_cents_evenly(company: Company) -> None:
    company.bill(*({"cost": "0.01", "ResourceId": "t"} for _ in range(10)))
    company.catalogue(
        "stages: [{name: t, billed_by: [{resource_id: t}],"
        " feeds: [{feature: a}, {feature: b}, {feature: c}]}]\n"
        "features: [{name: a}, {name: b}, {name: c}]"
    )
    company.refresh()
    found = company.cost()
    assert [round(found[name], 2) for name in "abc"] == [Decimal("0.03")] * 3
    assert sum(found.values()) == Decimal("0.1")


C8_BILL = {
    "scan": 120,
    "clean": 60,
    "join_tx": 90,
    "agg_web": 40,
    "f1": 10,
    "f2": 5,
    "f3": 8,
    "f4": 20,
}
C8_STAGES = """
stages:
  - {name: scan, billed_by: [{resource_id: scan}], feeds: [{stage: clean}]}
  - {name: clean, billed_by: [{resource_id: clean}], feeds: [{stage: join_tx}, {stage: agg_web}]}
  - name: join_tx
    billed_by: [{resource_id: join_tx}]
    feeds: [{feature: f1}, {feature: f2}, {feature: f4}]
  - {name: agg_web, billed_by: [{resource_id: agg_web}], feeds: [{feature: f3}, {feature: f4}]}
"""


def c8_features(weights: Mapping[str, int] | None = None) -> str:
    def weight(name: str) -> str:
        return f", weight: {weights[name]}" if weights else ""

    return "features:\n" + "\n".join(
        f"  - {{name: {name}, billed_by: [{{resource_id: {name}}}]{weight(name)}}}"
        for name in ("f1", "f2", "f3", "f4")
    )


def test_c8_a_stage_is_shared_evenly_by_those_who_need_it_and_nobody_else(company: Company) -> None:
    company.bill(*own(C8_BILL))
    company.catalogue(C8_STAGES + c8_features())
    company.refresh()
    assert_costs(company.cost(), {"f1": 85, "f2": 80, "f3": 73, "f4": 115})
    rows = {row["name"]: row for row in company.ask("cost", "--by", "feature")}
    assert {n: Decimal(r["avoidable"]) for n, r in rows.items()} == {
        "f1": 10,
        "f2": 5,
        "f3": 8,
        "f4": 20,
    }
    assert {n: Decimal(r["stand_alone"]) for n, r in rows.items()} == {
        "f1": 280,
        "f2": 275,
        "f3": 228,
        "f4": 330,
    }


def test_c11_declared_weights_shift_the_shares_and_flip_the_ranking(company: Company) -> None:
    company.bill(*own(C8_BILL))
    company.catalogue(C8_STAGES + c8_features({"f1": 2, "f2": 1, "f3": 1, "f4": 1}))
    company.refresh()
    assert_costs(
        company.cost(),
        {"f1": 127, "f2": Fraction(127, 2), "f3": 64, "f4": Fraction(197, 2)},
    )


def test_c11b_the_heavier_reader_pays_more_not_less(company: Company) -> None:
    company.bill(*own({"t": 12}))
    company.catalogue(
        "stages: [{name: t, billed_by: [{resource_id: t}],"
        " feeds: [{feature: a, reads: 2}, {feature: b, reads: 1}]}]\n"
        "features: [{name: a}, {name: b}]"
    )
    company.refresh()
    assert_costs(company.cost(), {"a": 8, "b": 4})


@pytest.mark.parametrize(
    "drawing",
    [
        "A: [f1, f2, f3]; B: [f4]",
        "A1: [f1, f2]; A2: [f3]; B: [f4]",
    ],
)
def test_c10_shares_do_not_depend_on_how_the_graph_is_drawn(company: Company, drawing: str) -> None:
    middle = dict(part.split(": ") for part in drawing.split("; "))
    stages = ["stages:"]
    scan = ", ".join(f"{{stage: {name}}}" for name in middle)
    stages.append(f"  - {{name: scan, billed_by: [{{resource_id: scan}}], feeds: [{scan}]}}")
    for name, features in middle.items():
        feeds = ", ".join(f"{{feature: {f}}}" for f in features.strip("[]").split(", "))
        stages.append(f"  - {{name: {name}, feeds: [{feeds}]}}")
    company.bill(*own({"scan": 12}))
    company.catalogue(
        "\n".join(stages) + "\nfeatures: [{name: f1}, {name: f2}, {name: f3}, {name: f4}]"
    )
    company.refresh()
    assert_costs(company.cost(), {"f1": 3, "f2": 3, "f3": 3, "f4": 3})


def test_c21_processors_and_memory_of_one_machine_are_priced_nine_to_one(company: Company) -> None:
    company.bill(
        {
            "cost": "1",
            "ResourceId": "i-1",
            "ChargePeriodStart": "2026-05-01T00:00:00Z",
            "ChargePeriodEnd": "2026-05-01T01:00:00Z",
        }
    )
    hour = {
        "pipeline": "p",
        "start": "2026-05-01T00:00:00Z",
        "end": "2026-05-01T01:00:00Z",
        "resource_id": "i-1",
    }
    company.runs(
        {"run_id": "a", "feature": "one_vcpu", "vcpu": "1", "memory_gb": "0", **hour},
        {"run_id": "b", "feature": "one_gb", "vcpu": "0", "memory_gb": "1", **hour},
        {"run_id": "c", "feature": "the_rest", "vcpu": "3", "memory_gb": "15", **hour},
    )
    company.catalogue(
        "resources: [{name: node, billed_by: [{resource_id: i-1}], capacity: {vcpu: 4, memory_gb: 16}}]"
    )
    company.refresh()
    assert_costs(
        company.cost(),
        {
            "one_vcpu": Fraction(9, 52),
            "one_gb": Fraction(1, 52),
            "the_rest": Fraction(42, 52),
        },
    )
