"""What one target costs in full and is worth, to the last digit, as the command says it."""

from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import numpy_financial
import pytest
from company import Company

from costlens.money import exactly

Rows = dict[str, dict[str, str]]


def line(month: int, resource: str, cost: str) -> dict[str, str]:
    """Write a line that lasts its whole month."""
    start, stop = f"2026-{month:02}-01T00:00:00Z", f"2026-{month + 1:02}-01T00:00:00Z"
    days = {"ChargePeriodStart": start, "ChargePeriodEnd": stop}
    return {"BillingPeriodStart": start, "BillingPeriodEnd": stop, **days} | {
        "ResourceId": resource,
        "cost": cost,
    }


def on(month: int, day: int) -> dict[str, str]:
    """Say that a line is of one day."""
    at = datetime(2026, month, day)
    return {
        "ChargePeriodStart": f"{at:%Y-%m-%dT00:00:00Z}",
        "ChargePeriodEnd": f"{at + timedelta(1):%Y-%m-%dT00:00:00Z}",
    }


CATALOGUE = """
models:
  - {name: churn, billed_by: [{resource_id: churn}], uses: [{feature: orders}]}
  - {name: other, uses: [{feature: orders}]}
features: [{name: orders, billed_by: [{resource_id: orders}]}]
pipelines:
  - name: train
    life_months: 4
    billed_by: [{resource_id: training}]
    overlap: duration
    produces: [{part: fit, model: churn}]
products:
  - name: project
    benefits: [{name: won, kind: revenue, amount: 600, per: year, from: 2026-01-01, until: 2028-12-31}]
  - name: twice
    benefits: [{name: won, kind: revenue, amount: 230, per: year, from: 2026-01-01, until: 2026-12-31}]
  - name: ends
    benefits: [{name: won, kind: revenue, amount: 500, per: year, from: 2026-01-01, until: 2026-12-31}]
  - name: ranged
    billed_by: [{resource_id: ranged}]
    benefits: [{name: won, kind: revenue, amount: {low: 0, likely: 100, high: 1000}}]
  - name: lognormal
    billed_by: [{resource_id: lognormal}]
    benefits: [{name: won, kind: risk, amount: {p10: 100, p90: 400}}]
  - name: unsure
    billed_by: [{resource_id: unsure}]
    benefits: [{name: won, kind: risk, amount: {low: 2.020410288673, likely: 100, high: 197.979589711327}}]
  - name: several
    billed_by: [{resource_id: several}]
    benefits:
      - {name: a, kind: revenue, amount: {low: 0, likely: 100, high: 1000}}
      - {name: b, kind: revenue, amount: {low: 0, likely: 100, high: 1000}}
      - {name: c, kind: revenue, amount: {low: 0, likely: 100, high: 1000}}
  - name: staffed
    uses: [{model: churn}]
    benefits: [{name: kept, kind: revenue, amount: 1000, per: month}]
    metrics:
      - name: customers kept
        goal: 500
        under:
          - {name: AUC, goal: 0.8, model: churn}
          - {name: latency, unit: ms, better: less}
  - {name: silent, billed_by: [{resource_id: silent}]}
  - name: past
    benefits:
CLOSED
pools:
  - {name: built, kind: building, amount: 1000, per: once, from: 2026-01-01, share: {project: 1}}
  - {name: begun, kind: building, amount: 100, per: once, from: 2026-01-01, share: {twice: 1}}
  - {name: torn_down, kind: building, amount: 132, per: once, from: 2028-01-01, share: {twice: 1}}
  - {name: cleared, kind: building, amount: 132, per: once, from: 2028-01-01, share: {ends: 1}}
  - {name: staff, kind: people, amount: 300, per: quarter, share: {staffed: 0.5}}
  - {name: licences, kind: licence, amount: 24, per: once, from: 2026-05-01, life_months: 12, share: {staffed: 1}}
"""


# Nine whose time is over: eight of them measured, at 10 less than the 40 declared in two months.
CLOSED = (
    "\n".join(
        f"      - {{name: c{number}, kind: time_saved, amount: 20, from: 2026-03-01, until: 2026-04-30}}"
        for number in range(9)
    )
    + "\n      - {name: d, kind: quality, amount: 5, per: once, from: 2026-06-30}"
)


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """Publish two billed months of a company whose figures are easy to check by hand."""
    company = Company(folder=tmp_path_factory.mktemp("board"))
    company.settings["roi"] = {"discount_rate": 0.1}
    for month, churn, training in ((5, "40", "30"), (6, "70", "10")):
        company.bill(
            *(line(month, name, "73") for name in ("ranged", "lognormal", "unsure", "silent")),
            line(month, "several", "900"),
            line(month, "churn", churn),
            *(
                {**line(month, "training", training), **on(month, day)}
                for day in (month, month + 1)
            ),
            {**line(month, "orders", "10"), **on(month, 1)},
            {
                **line(month, "", "0"),
                **on(month, 36 - month),
            },  # the bill reaches to the month's end
            file=f"billing/2026-{month:02}.csv",
        )
    company.runs(
        *(
            {
                "pipeline": "train",
                "run_id": f"{month}-{number}",
                "part": "fit",
                "resource_id": "training",
                "start": f"2026-{month:02}-0{number}T00:00:00Z",
                "end": f"2026-{month:02}-0{number}T01:00:00Z",
            }
            for month, number in ((5, 5), (5, 6), (6, 6), (6, 7))
        )
    )
    company.activity(
        *(
            {
                "consumer": "product:staffed",
                "target": "model:churn",
                "hour": f"2026-{month:02}-02T00:00:00Z",
                "measure": "requests",
                "quantity": quantity,
            }
            for month, quantity in ((5, "1000"), (6, "4000"))
        )
    )
    company.catalogue(CATALOGUE.replace("CLOSED", CLOSED))
    (company.folder / "metrics.csv").write_text(
        "metric,month,value\nstaffed/customers kept,2026-05,480\nstaffed/customers kept,2026-06,455\n"
        "staffed/customers kept/AUC,2026-05,0.79\nstaffed/customers kept/AUC,2026-06,0.83\n"
    )
    measured = "".join(f"past/c{number},2026-04,30\n" for number in range(8))
    (company.folder / "realised.csv").write_text(
        f"claim,month,amount\n{measured}past/d,2026-07,9\n"
    )
    company.refresh()
    return company


def value(board: Company, target: str, *words: str) -> Rows:
    return {row["measure"]: row for row in board.ask("value", target, *words)}


def amounts(rows: Rows, *names: str) -> list[Decimal | None]:
    return [Decimal(rows[name]["amount"]) if rows[name]["amount"] else None for name in names]


def test_a_plan_is_worth_what_it_is_by_hand(board: Company) -> None:
    rows = value(board, "product:project")
    assert amounts(
        rows,
        *("npv_full", "roi_undiscounted_full", "roi_pv_full", "bcr_full"),
        *("payback_full", "discounted_payback_full"),
    ) == [
        exactly(Fraction(*parts))
        for parts in ((655000, 1331), (4, 5), (655, 1331), (1986, 1331), (5, 3), (23, 12))
    ]
    assert rows["npv_full"]["how"] == "3 years from 2026-01-01, at 0.1"
    # what is spent already decides nothing
    assert amounts(rows, "npv_avoidable", "sunk") == [exactly(Fraction(1986000, 1331)), 1000]


def test_a_plan_is_worth_what_another_library_says(board: Company) -> None:
    rows = value(board, "product:project")
    flow = [-1000, 600, 600, 600]
    for name, wanted in (
        ("npv_full", numpy_financial.npv(0.1, flow)),
        ("irr_full", numpy_financial.irr(flow)),
    ):
        assert abs(Decimal(rows[name]["amount"]) - Decimal(str(wanted))) < Decimal("1E-9")


def test_what_has_no_one_answer_is_refused_with_the_reason(board: Company) -> None:
    rows = value(board, "product:twice", "--years", "2")
    assert (rows["irr_full"]["amount"], rows["irr_full"]["how"]) == (
        "",
        "the yearly flow changes its sign 2 times: there is no one rate",
    )
    assert amounts(rows, "npv_full") == [exactly(-100 + Fraction(2300, 11) - Fraction(13200, 121))]
    ends = value(board, "product:ends", "--years", "2")
    assert amounts(ends, "irr_full", "payback_full", "discounted_payback_full") == [None] * 3
    assert {
        ends[name]["how"] for name in ("irr_full", "payback_full", "discounted_payback_full")
    } == {"it brings before it costs: there is nothing to pay back"}
    silent = value(board, "product:silent")
    assert silent["npv_full"]["how"] == "no benefit in money is declared"
    assert amounts(silent, "net_allocated", "break_even_allocated") == [None, 146]


@pytest.mark.parametrize(
    ("target", "wanted"),
    [
        # 1000 - 300 * root of 5
        ("product:ranged", ("100", "329.179606750063", "700")),
        ("product:lognormal", ("100", "200", "400")),
    ],
)
def test_the_range_of_one_claim_is_exact(
    board: Company, target: str, wanted: tuple[str, ...]
) -> None:
    rows = value(board, target, "--month", "2026-06")
    points = amounts(rows, *(f"benefit_{point}" for point in ("p10", "p50", "p90")))
    assert points == [Decimal(one) for one in wanted]
    nets = amounts(rows, *(f"net_allocated_{point}" for point in ("p10", "p50", "p90")))
    assert nets == [Decimal(one) - 73 for one in wanted]
    # (73 - 0)^2 of 1000 * 100; the lognormal by its logarithm
    assert (
        amounts(rows, "loss_allocated")[0]
        == {
            "product:ranged": Decimal("0.05329"),
            "product:lognormal": Decimal(rows["loss_allocated"]["amount"]),
        }[target]
    )
    assert rows["benefit_p10"]["how"] == "in closed form"


def test_an_experiment_is_worth_what_being_wrong_costs(board: Company) -> None:
    # a triangle of mean 100 and variance 40 * 40, less 73: a net of 27 +- 40
    rows = value(board, "product:unsure", "--month", "2026-06")
    assert round(Decimal(rows["evpi_avoidable"]["amount"]), 4) == Decimal("5.9611")


def test_ranges_of_several_claims_are_given_for_both_extremes(board: Company) -> None:
    rows = value(board, "product:several", "--month", "2026-06")
    points = ("p10", "p50", "p90")
    fixed = amounts(rows, *(f"benefit_{point}_dependent" for point in points))
    assert fixed == [300, Decimal("987.538820250189"), 2100]
    drawn = amounts(rows, *(f"benefit_{point}_independent" for point in points))
    for found, near in zip(drawn, (606, 1079, 1619), strict=True):
        assert found is not None
        assert abs(found / near - 1) < Decimal("0.015")
    assert rows["benefit_p10_independent"]["how"] == "20000 random cases of seed 1"
    assert value(board, "product:several", "--month", "2026-06") == rows
    # 300 of each: 1 - 700^2 of 1000 * 900
    assert amounts(rows, "loss_allocated_dependent") == [Decimal("0.455555556")]


def test_the_cost_side_is_told_in_full(board: Company) -> None:
    rows = value(board, "product:staffed")
    # churn 110, training 80 and orders 20: no product needs the other model
    assert amounts(rows, "allocated", "building_cash", "to_date") == [210, 80, 210]
    # 60 over four months from May on, 20 from June on: 15 and 20
    assert amounts(rows, "building_amortised") == [35]
    # half of 300 * 61 / 91; 24 over a year of 365 days, 61 of them
    people, licences = Fraction(300 * 61, 91) / 2, Fraction(24 * 61, 365)
    assert rows["staff"]["how"] == "declared, grade D: people"
    for found, wanted in zip(amounts(rows, "staff", "licences"), (people, licences), strict=True):
        assert found is not None
        assert abs(found - exactly(wanted)) <= Decimal("1E-12")
    assert amounts(rows, "full")[0] == 165 + sum(filter(None, amounts(rows, "staff", "licences")))
    # June without training, and what of it the month uses up; the licence is paid
    assert amounts(rows, "run_rate_allocated", "run_rate_avoidable", "sunk") == [100, 80, 104]


def test_a_thousand_predictions_cost_on_average_and_at_the_margin(board: Company) -> None:
    rows = value(board, "model:churn")
    # 110 and half of 20 and training, of 5000; the next ones: 3000 more for 70 - 40 and 20 - 60 more
    names = ("cost_allocated_per_1000_requests", "marginal_cost_avoidable_per_1000_requests")
    assert amounts(rows, *names) == [40, exactly(Fraction(-10, 3))]
    assert amounts(rows, "cost_allocated_per_training_run") == [20]


def test_nothing_is_discounted_without_a_rate(company: Company) -> None:
    company.bill(line(5, "a", "4"))
    company.catalogue(
        "products: [{name: a, billed_by: [{resource_id: a}], "
        "benefits: [{name: x, kind: risk, amount: 6}]}]"
    )
    company.refresh()
    rows = value(company, "product:a")
    for name in ("npv_avoidable", "npv_full", "roi_pv_full", "bcr_full", "discounted_payback_full"):
        assert rows[name]["amount"] == ""
        assert rows[name]["how"].startswith("set a rate in costlens.yaml"), name
    assert amounts(rows, "roi_undiscounted_full") == [Decimal("0.5")]


def test_what_is_worked_on_stands_under_what_it_is_for(board: Company) -> None:
    rows = [row for row in board.ask("value", "product:staffed") if row["about"] == "success"]
    assert [(row["measure"], row["amount"], row["how"]) for row in rows] == [
        ("customers kept", "455", "what it is for; goal 500, missed; worse than in 2026-05: 480"),
        (
            "customers kept / AUC",
            "0.83",
            "worked on for customers kept; of model:churn; goal 0.8, reached; "
            "better than in 2026-05: 0.79; while customers kept became worse",
        ),
        (
            "customers kept / latency",
            "",
            "worked on for customers kept; no value in metrics.csv for this window",
        ),
    ]


def test_own_history_says_how_much_of_a_type_comes_in_once_there_is_enough(board: Company) -> None:
    assert [list(row.values()) for row in board.ask("realisation")] == [
        ["quality", "1", "0", "5", "9", "USD", ""],  # one says nothing
        ["time_saved", "8", "1", "320", "240", "USD", "0.75"],
    ]
