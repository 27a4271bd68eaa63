"""Money is exact: to the last unit, back to its lines, by basis and by currency."""

from collections import defaultdict
from decimal import Decimal

import pytest
from company import Company
from gathered import Asked, at, line, run

UNIT = Decimal("0.000000000001")

# A company with something of everything, in amounts that do not divide.

EVERYTHING = """
resources:
  - {name: cluster, billed_by: [{resource_id: cluster}], capacity: {slots: 3}}
stages:
  - {name: warehouse, billed_by: [{service: Warehouse}], split: use,
     feeds: [{pipeline: p, weight: 6}, {model: m, weight: 1}]}
  - {name: orders, billed_by: [{resource_id: orders}],
     feeds: [{feature: f, weight: 3}, {feature: g, weight: 4}, {feature: h, weight: 7}]}
  - {name: tea, billed_by: [{resource_id: tea}]}
pipelines: [{name: p, produces: [{part: extract, shared: true}]}]
features: [{name: f}, {name: g}, {name: h}]
models:
  - {name: m, uses: [{feature: f}, {feature: g}]}
  - {name: n, uses: [{feature: g}, {feature: h}], billed_by: [{tags: {model: N}}]}
products: [{name: shop, uses: [{model: m}, {model: n}]}, {name: risk, uses: [{model: n}]}]
"""
LINES = [
    line("10.000000000001", "cluster"),
    line("-0.333333333333", "cluster"),
    line("7.777777777777", "cluster", ChargeCategory="Tax", EffectiveCost="7"),
    line("3.1415926535897", ServiceName="Warehouse", EffectiveCost="2.71828182845904"),
    line("0.1", ServiceName="Warehouse", start=24),
    line("1", "orders"),
    line("1", "orders"),
    line("0.000000000001", "orders"),
    line("-0.5", "orders", ChargeCategory="Credit"),
    line("9.99", "orders", hours=72),
    line("4.04", Tags={"Model": "n"}),
    line("6.5", "tea"),
    line("12.34", "nobodys"),
    line("20", "coffee", ServiceName="Coffee"),
]
RUNS = [
    run("p.a", 1, 4, part="extract", resource_id="cluster", slots=1),
    run("p.a", 4, 9, part="make", features="f;g", work_seconds=100, resource_id="cluster", slots=2),
    run("p.a", 5, 11, part="more", feature="h", work_seconds=9, resource_id="cluster", slots=1),
]
LEVELS = ("feature", "model", "product")


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    company = Company(folder=tmp_path_factory.mktemp("everything"))
    company.bill(*LINES, exclude=[{"service": "Coffee", "reason": "paid by the canteen"}])
    company.runs(*RUNS)
    company.catalogue(EVERYTHING)
    company.refresh()
    return Asked(company=company)


def targets(asked: Asked, level: str, *words: str) -> dict[str, Decimal]:
    costs = asked.cost(level, *words)
    return {name: cost for name, cost in costs.items() if not name.startswith("(")}


def test_what_is_past_twelve_places_is_cut_off_and_is_the_loads_residual(
    everything: Asked,
) -> None:
    billed, effective = everything.ask("statement")
    assert Decimal(billed["residual"]) == Decimal("0.0000000000007")
    assert Decimal(effective["residual"]) == Decimal("0.00000000000004")
    for row in (billed, effective):
        assert Decimal(row["source_total"]) == Decimal(row["ingested"]) + Decimal(row["residual"])


def test_the_statement_says_where_all_of_each_bill_went_and_differs_by_0(
    everything: Asked,
) -> None:
    rows = everything.ask("statement")
    assert [(row["source"], row["period"], row["currency"], row["basis"]) for row in rows] == [
        ("bill", "2026-05", "USD", "billed"),
        ("bill", "2026-05", "USD", "effective"),
    ]
    for row in rows:
        keys = ("allocated", "idle", "unmatched", "unneeded", "stranded", "excluded")
        assert Decimal(row["ingested"]) == sum(Decimal(row[key]) for key in keys)
        assert Decimal(row["difference"]) == 0
        assert Decimal(row["unmatched"]) == Decimal("12.34")
        assert Decimal(row["unneeded"]) == Decimal("6.5")
        assert Decimal(row["excluded"]) == 20


def test_what_a_source_excludes_is_kept_with_its_reason(everything: Asked) -> None:
    rows = everything.ask(
        "query", "select reason, effective from placements where outcome = 'excluded'"
    )
    assert [(row["reason"], Decimal(row["effective"])) for row in rows] == [
        ("paid by the canteen", 20)
    ]


def test_allocated_in_the_statement_includes_what_is_only_at_other_levels(
    everything: Asked,
) -> None:
    (allocated,) = (
        Decimal(row["allocated"])
        for row in everything.ask("statement")
        if row["basis"] == "effective"
    )
    for level in LEVELS:
        costs = everything.cost(level)
        assert sum(targets(everything, level).values()) + costs.get(f"(no {level})", 0) == allocated


def test_the_statement_by_class_splits_each_line_by_class_of_charge(everything: Asked) -> None:
    by_class = everything.ask("statement", "--by", "class")
    for whole in everything.ask("statement"):
        mine = [row for row in by_class if row["basis"] == whole["basis"]]
        assert {row["class"] for row in mine} == {"work", "idle", "tax", "credit"}
        for key in ("allocated", "idle", "unmatched", "unneeded", "stranded", "excluded"):
            assert sum(Decimal(row[key]) for row in mine) == Decimal(whole[key])
    (tax,) = (row for row in by_class if (row["class"], row["basis"]) == ("tax", "effective"))
    assert Decimal(tax["ingested"]) == 7
    assert Decimal(tax["allocated"]) + Decimal(tax["idle"]) == 7


def test_the_two_bases_stand_side_by_side_and_each_level_holds_the_whole_of_both(
    everything: Asked,
) -> None:
    for row in everything.ask("statement"):
        for level in LEVELS:
            costs = everything.cost(level, "--basis", row["basis"])
            assert sum(costs.values()) == Decimal(row["ingested"])


@pytest.mark.parametrize("words", [["--basis", "billed"], ["--lines"]], ids=["stages", "lines"])
def test_explain_adds_up_to_the_cost_by_stage_and_by_line(
    everything: Asked, words: list[str]
) -> None:
    for level in LEVELS:
        for name, cost in targets(
            everything, level, *(words[:2] if "--basis" in words else [])
        ).items():
            rows = everything.ask("explain", f"{level}:{name}", *words)
            assert sum(Decimal(row["amount"]) for row in rows) == cost, name


def test_each_line_comes_back_whole_and_both_margins_add_up(everything: Asked) -> None:
    explained: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for level in LEVELS:
        for name in targets(everything, level):
            for row in everything.ask("explain", f"{level}:{name}", "--lines"):
                explained[row["line"], level, name] += Decimal(row["amount"])
    traced: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for number, written in enumerate(LINES, start=1):
        name = f"bill:2026-05:{number}"
        found: dict[str, Decimal] = defaultdict(Decimal)
        for row in everything.ask("trace", name):
            found[row["level"]] += Decimal(row["amount"])
            traced[name, row["level"], row["target"]] += Decimal(row["amount"])
        exact = Decimal(str(written.get("EffectiveCost", written["cost"])))
        assert set(found) == set(LEVELS)
        assert set(found.values()) == {exact.quantize(UNIT, "ROUND_DOWN")}, name
    assert {key: cost for key, cost in explained.items() if cost} == {
        key: cost for key, cost in traced.items() if cost and not key[2].startswith("(")
    }


# One pool, one split


def test_charges_that_go_the_same_way_are_one_pool_and_are_split_once(company: Company) -> None:
    company.bill(*(line("0.10", "t") for _ in range(7)))
    company.catalogue(
        "stages: [{name: t, billed_by: [{resource_id: t}],"
        " feeds: [{feature: a}, {feature: b}, {feature: c}]}]\n"
        "features: [{name: a}, {name: b}, {name: c}]"
    )
    company.refresh()
    third = Decimal("0.233333333333")
    assert company.cost() == {"a": third + UNIT, "b": third, "c": third}
    assert [row["lines"] for row in company.ask("query", "select lines from placements")] == ["7"]


# Periods, days and commitments


def test_a_correction_has_an_old_day_in_a_new_period(company: Company) -> None:
    june = {
        "BillingPeriodStart": "2026-06-01T00:00:00Z",
        "BillingPeriodEnd": "2026-07-01T00:00:00Z",
    }
    company.bill(
        line(10, "t"),
        line(-3, "t", ChargeClass="Correction", **june),
        line(5, "t", start=744, **june),
    )
    company.catalogue(
        "features: [{name: a, billed_by: [{resource_id: t}]}]",
    )
    company.refresh()
    assert company.cost("feature", "--start", "2026-05", "--stop", "2026-06") == {"a": 7}
    assert company.cost("feature", "--start", "2026-06") == {"a": 5}
    rows = company.ask("statement", "--start", "2026-06")
    assert [(row["period"], Decimal(row["ingested"])) for row in rows] == [("2026-06", 2)] * 2
    # A month is a billing period: it ties to the statement, whichever day a correction is about.
    assert company.cost("feature", "--month", "2026-06") == {"a": 2}
    assert company.cost("feature", "--month", "2026-05") == {"a": 10}
    assert company.cost("feature", "--month", "2026-05..2026-06") == {"a": 12}
    rows = company.ask("statement", "--month", "2026-06")
    assert [(row["period"], Decimal(row["ingested"])) for row in rows] == [("2026-06", 2)] * 2
    why = company.ask("explain", "feature:a", "--month", "2026-06")
    assert sum(Decimal(row["amount"]) for row in why) == 2


def test_a_commitments_used_and_unused_cost_is_what_its_purchase_was_billed(
    company: Company,
) -> None:
    sp = {"CommitmentDiscountId": "sp-1", "CommitmentDiscountType": "Savings Plan"}
    company.bill(
        line(100, "sp-1", EffectiveCost="0", ChargeCategory="Purchase", **sp),
        line(0, "t", EffectiveCost="60", CommitmentDiscountStatus="Used", **sp),
        line(0, "sp-1", EffectiveCost="40", CommitmentDiscountStatus="Unused", **sp),
    )
    company.catalogue("features: [{name: a, billed_by: [{resource_id: t}, {resource_id: sp-1}]}]")
    company.refresh()
    assert company.cost("feature", "--basis", "billed") == {"a": 100}
    assert company.cost("feature") == {"a": 100}
    by_class = company.ask("statement", "--by", "class")
    assert {(row["basis"], row["class"]): Decimal(row["ingested"]) for row in by_class} == {
        ("billed", "other"): 100,
        ("billed", "work"): 0,
        ("billed", "commitment_unused"): 0,
        ("effective", "other"): 0,
        ("effective", "work"): 60,
        ("effective", "commitment_unused"): 40,
    }


# Currencies


@pytest.fixture(scope="module")
def currencies(tmp_path_factory: pytest.TempPathFactory) -> Company:
    company = Company(folder=tmp_path_factory.mktemp("currencies"))
    company.bill(
        line("5", "a"),
        *(line(UNIT.__format__("f"), name, BillingCurrency="EUR") for name in "abc"),
    )
    company.catalogue(
        "features:\n"
        + "\n".join(f"  - {{name: {n}, billed_by: [{{resource_id: {n}}}]}}" for n in "abc")
    )
    (company.folder / "fx.csv").write_text("month,from,to,rate\n2026-05,EUR,USD,1.4\n")
    company.refresh()
    return company


def test_currencies_are_never_summed(currencies: Company) -> None:
    rows = currencies.ask("cost")
    assert {(row["name"], row["currency"]): Decimal(row["allocated"]) for row in rows} == {
        ("a", "USD"): 5,
        ("a", "EUR"): UNIT,
        ("b", "EUR"): UNIT,
        ("c", "EUR"): UNIT,
    }
    assert {row["currency"] for row in currencies.ask("statement")} == {"USD", "EUR"}


@pytest.mark.parametrize("view", ["feature", "stage", "service"])
def test_a_report_currency_rounds_each_figure_once_and_says_what_that_left(
    currencies: Company, view: str
) -> None:
    found = currencies.cost(view, "--currency", "USD")
    # 3 units at 1.4 are 4.2: 4 in all.
    assert sum(found.values()) == 5 + 4 * UNIT
    if view == "feature":
        assert found == {"a": 5 + UNIT, "b": UNIT, "c": UNIT, "(rounding)": UNIT}


def test_a_missing_rate_is_an_error_that_names_the_line_to_add(currencies: Company) -> None:
    ran = currencies.run("cost", "--currency", "CHF")
    assert ran.code == 1
    assert ran.out == ""
    assert "no rate from EUR to CHF for 2026-05" in ran.err
    assert "add the line: 2026-05,EUR,CHF,<rate>" in ran.err
    assert "add the line: 2026-05,USD,CHF,<rate>" in ran.err


def test_each_month_converts_at_its_own_rate(company: Company) -> None:
    june = {
        "BillingPeriodStart": "2026-06-01T00:00:00Z",
        "BillingPeriodEnd": "2026-07-01T00:00:00Z",
    }
    euro = {"BillingCurrency": "EUR"}
    company.bill(line(10, "t", **euro), line(10, "t", start=744, **june, **euro))
    company.catalogue("features: [{name: a, billed_by: [{resource_id: t}]}]")
    (company.folder / "fx.csv").write_text(
        "month,from,to,rate\n2026-05,EUR,USD,1.1\n2026-06,EUR,USD,1.25\n"
    )
    company.refresh()
    assert company.cost("feature", "--currency", "USD") == {"a": Decimal("23.5")}


# The same bill, written down differently


@pytest.mark.slow
def test_the_order_of_lines_runs_and_files_changes_nothing(
    everything: Asked, company: Company
) -> None:
    company.bill(*reversed(LINES), exclude=[{"service": "Coffee", "reason": "paid by the canteen"}])
    company.runs(*reversed(RUNS))
    company.catalogue(EVERYTHING)
    company.refresh()
    for table in ("ledger", "stage_costs", "shares"):
        ask = f"select * from {table} order by all"
        assert company.ask("query", ask) == everything.ask("query", ask)


@pytest.mark.slow
def test_runs_of_a_later_month_leave_a_month_as_a_build_from_nothing_would(
    company: Company, tmp_path_factory: pytest.TempPathFactory
) -> None:
    bill = line(10, "t")
    runs = [run("q.a", 0, 1), run("p.a", 744, 745, feature="f")]
    catalogue = (
        "pipelines: [{name: p, billed_by: [{resource_id: t}]}]\nfeatures: [{name: f, pipeline: p}]"
    )
    again = Company(folder=tmp_path_factory.mktemp("again"))
    for one, first in ((company, runs[:1]), (again, runs)):
        one.bill(bill)
        one.runs(*first)
        one.catalogue(catalogue)
        one.refresh()
    company.runs(*runs)
    company.refresh()
    assert at(744) == "2026-06-01T00:00:00Z"
    assert company.cost() == again.cost()
