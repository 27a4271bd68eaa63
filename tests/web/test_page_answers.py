"""The answers behind the further pages add up to what the command says."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from company import Company

from costlens.web.answers import decisions, gain, machines, rank
from costlens.web.data import Data
from costlens.web.rows import Row, records
from costlens.web.view import View, read_view

LEVELS = ("product", "model", "feature")
NOTHING = Decimal(0)


def total(rows: list[Row], column: str) -> Decimal:
    return sum((row[column] for row in rows), NOTHING)


@pytest.mark.few(4)
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    "query", [{}, {"owner": "risk"}, {"product": "shop_search"}, {"owner": "discovery"}]
)
def test_a_list_adds_up_to_the_bill_whatever_is_asked_for(
    data: Data, sample: Company, level: str, query: dict[str, str]
) -> None:
    view = read_view(data, query, level=level)
    rows = records(rank(data, view))
    costs = sample.cost(level, "--month", "2026-10")
    assert total(rows, "cost") == sum(costs.values())
    named = {row["name"]: row for row in rows if not row["name"].startswith("(")}
    assert {row["owner"] for row in named.values()} <= {query.get("owner"), *_owners(query, named)}
    assert all(row["cost"] == costs[name] for name, row in named.items())
    others = [row for row in rows if row["name"] == f"(other {level}s)"]
    left = [name for name in costs if not name.startswith("(") and name not in named]
    assert [row["things"] for row in others] == ([len(left)] if left else [])


def _owners(query: dict[str, str], named: dict[str, Row]) -> set[str]:
    return set() if "owner" in query else {row["owner"] for row in named.values()}


def test_a_product_names_what_it_needs(data: Data) -> None:
    view = read_view(data, {"product": "shop_search"}, level="feature")
    named = {row["name"] for row in records(rank(data, view)) if not row["name"].startswith("(")}
    # What the sample's catalogue says that the model of search uses.
    assert named == {"fv_customer_sessions", "fv_product_popularity", "fv_query_clicks"}


def test_what_is_beyond_the_most_is_one_row(data: Data, view: View) -> None:
    few = records(rank(data, view, most=2))
    every = records(rank(data, view))
    assert [row["name"] for row in few[:2]] == [row["name"] for row in every[:2]]
    (rest,) = [row for row in few if row["name"] == "(other products)"]
    assert rest["things"] == 3
    assert total(few, "cost") == total(every, "cost")
    assert total(few, "change") == total(every, "change")


def test_decisions_are_what_the_advice_says_and_reviews_that_are_due(company: Company) -> None:
    company.bill({"cost": "30", "Tags": {"p": "dear"}}, {"cost": "5", "Tags": {"p": "cheap"}})
    company.catalogue("""
products:
  - name: dear
    owner: risk
    billed_by: [{tags: {p: dear}}]
    benefits:
      - {name: a little, kind: revenue, amount: 1, per: month, from: 2026-01-01,
         review_on: 2026-02-01, owner: risk}
  - {name: cheap, billed_by: [{tags: {p: cheap}}]}
teams: [{name: risk}]
""")
    company.refresh()
    from asking_pages import lake_of

    from costlens.web.data import Builds

    builds = Builds(lake_of(company))
    data = builds.asked({})
    view = read_view(data, {})
    rows = [(row["decision"], row["name"], row["amount"]) for row in records(decisions(data, view))]
    assert rows == [
        ("stop", "dear", Decimal(30)),
        ("review", "dear", None),
        ("unknown", "cheap", Decimal(5)),
    ]
    of_nobody = read_view(data, {"product": "cheap"})
    assert [row["name"] for row in records(decisions(data, of_nobody))] == ["cheap"]
    (gained,) = records(gain(data, view))
    day = Decimal(1) / 31  # the one day that is billed of a month with 31
    assert abs(gained["gain"] - (30 - day)) < Decimal("1e-9")


def test_a_claim_that_was_measured_stands_beside_what_was_declared(data: Data) -> None:
    given = {"as_of": date(2030, 1, 1), "target": "", "owner": None}
    rows = records(data.ask("claims_shown", **given))
    assert {row["name"] for row in rows} >= {"kept customers", "orders from search"}
    assert all(row["realised"] is None for row in rows), "the sample measures none"


@pytest.mark.parametrize("grain", ["hour", "day", "week", "month"])
def test_what_machines_were_paid_for_is_the_same_in_every_grain(data: Data, grain: str) -> None:
    view = read_view(data, {"month": "all"})
    rows = records(machines(data, grain=grain, basis=view.basis, window=view.window))
    found: dict[str, Decimal] = {}
    for row in rows:
        found[row["resource"]] = found.get(row["resource"], NOTHING) + row["amount"]
    assert set(found) == {"emr_features", "ray_gpu"}
    idle = sum((row["amount"] for row in rows if row["pipeline"] == "(idle)"), NOTHING)
    summary = records(data.ask("bill_summary", **view.given))
    assert idle == next(row["amount"] for row in summary if row["figure"] == "idle")
    if grain != "day":
        days = records(machines(data, grain="day", basis=view.basis, window=view.window))
        assert total(rows, "amount") == total(days, "amount")


def test_pipelines_and_their_parts_add_up_to_what_reached_a_stage(data: Data) -> None:
    for query in ({}, {"owner": "risk"}):
        view = read_view(data, query)
        whole = records(data.ask("pipeline_costs", by="pipeline", **view.scoped))
        parts = records(data.ask("pipeline_costs", by="part", **view.scoped))
        figures = {row["figure"]: row for row in records(data.ask("bill_summary", **view.given))}
        for rows in (whole, parts):
            assert total(rows, "cost") == figures["work"]["amount"] + figures["waste"]["amount"]
            assert total(rows, "waste") == figures["waste"]["amount"]
        failed = records(data.ask("waste", **view.given))
        assert total(failed, "amount") == figures["waste"]["amount"]


def test_what_nobody_bears_is_the_idle_and_unmatched_of_the_statement(
    data: Data, sample: Company, view: View
) -> None:
    rows = records(data.ask("unborne", **view.given))
    stated = [
        row for row in sample.ask("statement", "--month", view.last) if row["basis"] == view.basis
    ]
    for outcome in ("idle", "unmatched", "excluded", "unneeded", "stranded"):
        mine = sum((row["amount"] for row in rows if row["outcome"] == outcome), NOTHING)
        assert mine == sum(Decimal(row[outcome]) for row in stated)


def test_runs_of_a_day_cover_the_day_and_no_more(data: Data) -> None:
    day = date(2026, 10, 31)
    rows = records(data.ask("day_runs", start=day, stop=day + timedelta(days=1)))
    assert rows
    assert {row["start"].date() for row in rows} == {day}
    assert max(row["stop"] for row in rows).isoformat() <= "2026-11-01T00:00:00"
    assert len({(row["pipeline"], row["part"]) for row in rows}) <= 25
    assert any(row["is_failed"] for row in rows)


@pytest.mark.parametrize(
    ("level", "name"), [("model", "fraud"), ("feature", "fv_query_clicks"), ("product", "x")]
)
def test_what_a_use_costs_is_what_the_command_says(
    data: Data, sample: Company, level: str, name: str
) -> None:
    view = read_view(data, {"level": level, "name": name, "month": "last3"}, key="level")
    rows = records(data.ask("unit_cost", **view.given))
    if name == "x":
        assert rows == []
        return
    words = ("value", f"{level}:{name}", "--month", f"{view.first}..{view.last}")
    measures = {row["measure"]: row["amount"] for row in sample.ask(*words)}
    for row in rows:
        if row["month"] == "(window)":
            want = Decimal(measures[f"cost_allocated_per_1000_{row['measure']}"])
            assert abs(row["cost_per_1000"] - want) <= Decimal("1e-12")
