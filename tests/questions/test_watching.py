"""What is to come, budgets and alerts: by hand, from the bill of two months and a part of a third."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from company import Company, Row, costlens

FIRST, LAST = date(2026, 1, 1), date(2026, 3, 11)
WHOLE = date(2026, 3, 11)  # the first day that is not known whole
CATALOGUE = """
teams: [{name: risk, cost_centre: CC-1}, {name: search}]
stages: [{name: orphan, owner: risk, billed_by: [{resource_id: orphan}]}]
features:
  - {name: steady, owner: search, billed_by: [{resource_id: steady}]}
  - {name: growing, owner: risk, billed_by: [{resource_id: growing}]}
  - {name: monthly, owner: risk, billed_by: [{resource_id: monthly}]}
  - {name: odd, owner: search, billed_by: [{resource_id: odd}]}
  - {name: unbilled, owner: search}
models:
  - {name: served, owner: risk, billed_by: [{resource_id: served}]}
  - {name: idler, owner: risk, billed_by: [{resource_id: idler}]}
budgets:
  - {amount: 5000}
  - {team: risk, amount: 4000, per: quarter}
  - {feature: steady, amount: 300}
  - {feature: growing, amount: 600}
  - {feature: odd, amount: 20, until: 2026-01-31}
  - {feature: unbilled, amount: 7}
  - {model: served, amount: 250, currency: EUR}
  - {team: search, amount: 9000, per: year}
"""


def cost(name: str, day: date) -> str:
    """Say what a thing cost on a day."""
    at = (day - FIRST).days
    return {
        "steady": "10",
        "growing": str(at + 1),
        "monthly": "500" if day.day == 5 else "1",
        "odd": "90" if day == date(2026, 3, 8) else str(3 + at % 2),
        "served": "7.5",
        "idler": "2",
        "orphan": "0.5",
        "(nobody)": "0.25",
    }[name]


NAMES = ("steady", "growing", "monthly", "odd", "served", "idler", "orphan", "(nobody)")


def days(first: date, stop: date) -> list[date]:
    return [first + timedelta(at) for at in range((stop - first).days)]


def lines(month: date) -> list[Row]:
    after = (month + timedelta(31)).replace(day=1)
    return [
        {
            "BillingPeriodStart": f"{month}T00:00:00Z",
            "BillingPeriodEnd": f"{after}T00:00:00Z",
            "ChargePeriodStart": f"{day}T00:00:00Z",
            "ChargePeriodEnd": f"{day + timedelta(1)}T00:00:00Z",
            "ResourceId": name,
            "cost": cost(name, day),
        }
        for day in days(month, min(after, LAST + timedelta(1)))
        for name in NAMES
    ]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Company:
    made = Company(folder=tmp_path_factory.mktemp("watching"))
    for month in (date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)):
        made.bill(*lines(month), file=f"billing/{month:%Y-%m}.csv")
    # As many requests as ever of one; of the other a quarter fewer by now.
    made.activity(
        *(
            {
                "consumer": "",
                "target": f"model:{name}",
                "hour": f"{day}T12:00:00Z",
                "measure": "requests",
                "quantity": 1000 if name == "served" or day < date(2026, 2, 11) else 750,
            }
            for day in days(FIRST, LAST)
            for name in ("served", "idler")
        )
    )
    made.catalogue(CATALOGUE)
    (made.folder / "fx.csv").write_text(
        "month,from,to,rate\n2026-01,EUR,USD,1.1\n2026-03,EUR,USD,1.2\n"
    )
    made.refresh()
    return made


def spent(name: str, first: date, stop: date) -> Fraction:
    names = NAMES if name == "(whole bill)" else (name,)
    return sum(
        (Fraction(cost(one, day)) for one in names for day in days(first, stop)), Fraction(0)
    )


def to_come(name: str, first: date, stop: date) -> Fraction:
    a_day = spent(name, WHOLE - timedelta(28), WHOLE) / 28
    return a_day * (stop - max(first, WHOLE)).days


def exact(value: str) -> Fraction:
    return Fraction(Decimal(value))


def about(value: Fraction) -> Fraction:
    """Round as one conversion does: a unit of 10^-12."""
    return Fraction(round(value * 10**12), 10**12)


@pytest.mark.parametrize("name", ["(whole bill)", "steady", "growing", "monthly"])
def test_a_coming_day_costs_what_a_day_of_the_last_four_weeks_did(shop: Company, name: str) -> None:
    by = "bill" if name == "(whole bill)" else "feature"
    rows = {row["period"]: row for row in shop.ask("forecast", "--by", by) if row["name"] == name}
    assert [*rows] == ["2026-03", "2026-Q1"]
    spans = {
        "2026-03": (date(2026, 3, 1), date(2026, 4, 1), date(2026, 2, 1)),
        "2026-Q1": (date(2026, 1, 1), date(2026, 4, 1), None),
    }
    for period, (first, stop, before) in spans.items():
        so_far, coming = spent(name, first, WHOLE), to_come(name, first, stop)
        assert exact(rows[period]["so_far"]) == so_far
        assert abs(exact(rows[period]["to_come"]) - coming) <= Fraction(1, 10**12)
        assert exact(rows[period]["forecast"]) == exact(rows[period]["so_far"]) + exact(
            rows[period]["to_come"]
        )
        if before:
            assert exact(rows[period]["before"]) == spent(name, before, first)
        else:
            assert rows[period]["before"] == ""


def test_parts_of_a_forecast_add_up_to_the_whole(shop: Company) -> None:
    (whole, _) = shop.ask("forecast")
    teams = [row for row in shop.ask("forecast", "--by", "team") if row["period"] == "2026-03"]
    assert {row["name"] for row in teams} == {"risk", "search", "(unmatched)", "(unneeded)"}
    # What a team owns is what `cost --by team` says; what nobody needs is no team's.
    assert {row["name"]: exact(row["before"]) for row in teams} == {
        name: Fraction(cost) for name, cost in shop.cost("team", "--month", "2026-02").items()
    }
    assert sum(exact(row["so_far"]) for row in teams) == exact(whole["so_far"])
    apart = sum(exact(row["forecast"]) for row in teams) - exact(whole["forecast"])
    assert abs(apart) <= Fraction(len(teams), 10**12)


def test_the_newest_month_that_is_over_is_followed_by_the_next(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    made = Company(folder=tmp_path_factory.mktemp("over"))
    month = date(2026, 2, 1)
    made.bill(*lines(month), file="billing/2026-02.csv")
    made.catalogue(CATALOGUE)
    (made.folder / "fx.csv").write_text("month,from,to,rate\n2026-02,EUR,USD,1.2\n")
    made.refresh()
    rows = made.ask("forecast")
    assert [row["period"] for row in rows] == ["2026-03", "2026-Q1"]
    assert exact(rows[0]["so_far"]) == 0
    a_day = spent("(whole bill)", month, date(2026, 3, 1)) / 28
    assert exact(rows[0]["forecast"]) == about(a_day * 31)
    assert exact(rows[0]["before"]) == spent("(whole bill)", month, date(2026, 3, 1))


def test_of_fewer_than_seven_days_nothing_is_foretold(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    made = Company(folder=tmp_path_factory.mktemp("young"))
    made.bill(
        *(row for row in lines(date(2026, 1, 1)) if str(row["ChargePeriodStart"]) < "2026-01-07")
    )
    made.catalogue(CATALOGUE)
    (made.folder / "fx.csv").write_text("month,from,to,rate\n2026-01,EUR,USD,1.2\n")
    made.refresh()
    rows = made.ask("forecast")
    assert [(row["to_come"], row["forecast"]) for row in rows] == [("", "")] * len(rows)
    states = {row["name"]: row["state"] for row in made.ask("budget")}
    assert states["(whole bill)"] == "unknown"


def test_budgets_are_held_against_what_was_and_will_be_spent(shop: Company) -> None:
    rows = {row["name"]: row for row in shop.ask("budget")}
    march = date(2026, 3, 1), date(2026, 4, 1)
    assert {name: row["state"] for name, row in rows.items()} == {
        "feature:growing": "over",
        "model:served": "on course",
        "(whole bill)": "on course",
        "team:risk": "over",
        "feature:steady": "will be over",
        "feature:unbilled": "on course",
        "team:search": "on course",
    }
    steady = rows["feature:steady"]
    assert exact(steady["spent"]) == 100
    assert exact(steady["forecast"]) == 310
    assert exact(steady["remains"]) == -10
    assert steady["owner"] == "search"
    assert exact(rows["model:served"]["budget"]) == 300  # 250 EUR by the rate of the month
    assert exact(rows["feature:growing"]["spent"]) == spent("growing", march[0], WHOLE)
    team = sum(
        spent(one, date(2026, 1, 1), WHOLE) for one in ("growing", "monthly", "served", "idler")
    )
    assert exact(rows["team:risk"]["spent"]) == team
    assert exact(rows["feature:unbilled"]["spent"]) == 0
    # A year that began with the first bill is known whole; one that is over is kept or not.
    assert rows["team:search"]["period"] == "2026"
    january = shop.ask("budget", "--month", "2026-01")
    assert {row["name"]: row["state"] for row in january if row["period"] == "2026-01"} == {
        "(whole bill)": "kept",
        "feature:steady": "over",
        "feature:growing": "kept",
        "feature:odd": "over",
        "feature:unbilled": "kept",
        "model:served": "kept",
    }


def test_alerts_are_what_is_unlike_the_days_before(shop: Company) -> None:
    ran = shop.run("alerts", "--format", "csv")
    assert ran.code == 1
    assert ran.err.startswith("costlens: 5 things to look at")
    assert [(row["kind"], row["name"], row["period"]) for row in ran.rows] == [
        ("budget", "team:risk", "2026-Q1"),
        ("budget", "feature:growing", "2026-03"),
        ("budget", "feature:steady", "2026-03"),
        # 500 on the fifth of a month is none: so it was a month before.
        ("anomaly", "feature:odd", "2026-03-08"),
        ("unit cost", "model:idler", "last 28 days"),
    ]
    odd, unit = ran.rows[3], ran.rows[4]
    assert (exact(odd["amount"]), odd["owner"]) == (90, "search")
    assert exact(odd["expected"]) in (3, 4)
    assert (exact(unit["amount"]), exact(unit["expected"])) == (exact("2.6667"), 2)


def test_what_counts_can_be_set(shop: Company) -> None:
    quiet = shop.run("alerts", "--least", "200", "--drift", "0.5", "--format", "csv")
    assert [row["kind"] for row in quiet.rows] == ["budget"] * 3
    once = shop.run("alerts", "--days", "2", "--drift", "0.5", "--format", "csv")
    assert [row["kind"] for row in once.rows] == ["budget"] * 3


def test_where_nothing_is_wrong_nothing_is_printed_and_the_end_is_0(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    made = Company(folder=tmp_path_factory.mktemp("quiet"))
    made.bill({"cost": "1", "ResourceId": "x"})
    made.catalogue("features: [{name: x, billed_by: [{resource_id: x}]}]")
    made.refresh()
    ran = made.run("alerts")
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert "declares no budget" in made.run("budget").err


def test_a_budget_is_for_one_thing_that_exists(tmp_path_factory: pytest.TempPathFactory) -> None:
    made = Company(folder=tmp_path_factory.mktemp("wrong"))
    made.bill({"cost": "1", "ResourceId": "x"})
    made.catalogue(
        "teams: [{name: a}]\nfeatures: [{name: x}]\nbudgets:\n"
        "  - {team: a, feature: x, amount: 1}\n  - {team: b, amount: 1}\n  - {amount: -1}\n"
    )
    ran = costlens("check", "--config", str(made.folder))
    assert ran.code == 1
    assert ran.err.count("costlens: ") == 3
    assert "all.yaml:4: a budget is for one thing, and this is for a team and a feature" in ran.err
    assert 'all.yaml:5: there is no team "b"' in ran.err
    assert 'all.yaml:6: "amount" is -1' in ran.err
