"""Where money could be saved: each kind once, by hand, and what is none."""

from decimal import Decimal

import pytest
from company import Company

CATALOGUE = """
teams: [{name: risk}, {name: shop}]
resources: [{name: machine, owner: risk, billed_by: [{resource_id: machine}], capacity: {slots: 1}}]
stages:
  - {name: orphan, owner: shop, billed_by: [{resource_id: orphan}]}
  - {name: shared, billed_by: [{resource_id: shared}], feeds: [{feature: orders}, {feature: baskets}, {feature: clicks}]}
features:
  - {name: orders, owner: shop, notice_days: 14, billed_by: [{resource_id: orders}], sources: [t.b, T.a], expression: "sum(a)  over b"}
  - {name: baskets, owner: risk, notice_days: 30, billed_by: [{resource_id: baskets}], sources: [t.a, t.b], expression: SUM(a) over b}
  - {name: other_way, owner: risk, billed_by: [{resource_id: other_way}], sources: [t.a, t.b], expression: max(a)}
  - {name: clicks, billed_by: [{resource_id: clicks}]}
  - {name: taps, billed_by: [{resource_id: taps}]}
  - {name: abandoned, owner: shop, billed_by: [{resource_id: abandoned}]}
  - {name: unread, billed_by: [{resource_id: unread}]}
  - {name: stale, billed_by: [{resource_id: stale}]}
  - {name: unlogged, billed_by: [{resource_id: unlogged}]}
models:
  - {name: churn, billed_by: [{resource_id: churn}], uses: [{feature: orders}, {feature: baskets}, {feature: other_way}, {feature: clicks}, {feature: taps}, {feature: unread}, {feature: stale}]}
  - {name: batch, uses: [{feature: unlogged}]}
"""
COSTS = {
    "machine": 40,
    "orphan": 25,
    "shared": 30,
    "orders": 7,
    "baskets": 11,
    "other_way": 1,
    "clicks": 5,
    "taps": 4,
    "abandoned": 9,
    "unread": 3,
    "stale": 2,
    "unlogged": 6,
    "churn": 50,
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Company:
    made = Company(folder=tmp_path_factory.mktemp("savings"))
    last = {"ChargePeriodStart": "2026-05-31T00:00:00Z", "ChargePeriodEnd": "2026-06-01T00:00:00Z"}
    made.bill(*({"cost": str(cost), "ResourceId": name, **last} for name, cost in COSTS.items()))
    read = {"orders": 31, "baskets": 31, "other_way": 31, "clicks": 31, "taps": 31, "stale": 20}
    made.activity(
        *(
            {
                "consumer": "model:churn",
                "target": f"feature:{name}",
                "hour": f"2026-05-{day}T00:00:00Z",
                "measure": "reads",
                "quantity": 5,
            }
            for name, day in read.items()
        )
    )
    made.catalogue(CATALOGUE)
    (made.folder / "correlations.csv").write_text(
        "feature,other,correlation\ntaps,clicks,-0.99\nclicks,stale,0.97\n"
    )
    made.refresh()
    return made


def test_each_saving_says_what_it_rests_on_and_whom_to_ask(shop: Company) -> None:
    rows = shop.ask("savings", "--unread-days", "10")
    found = [(row["kind"], row["name"], row["saving"], row["owner"]) for row in rows]
    assert found[:8] == [
        ("idle", "resource:machine", "40", "risk"),
        ("zombie", "stage:orphan", "25", "shop"),
        ("duplicate", "baskets", "11", "risk"),
        ("unused", "abandoned", "9", "shop"),
        ("duplicate", "clicks", "5", ""),
        ("unread", "unread", "3", ""),
        ("unread", "stale", "2", ""),
        ("guess", "stage:shared", "", ""),
    ]
    told = {row["name"]: row for row in rows}
    assert told["baskets"]["why"] == "it has the same sources and expression as orders of shop"
    assert (told["baskets"]["used_by"], told["baskets"]["notice_days"]) == ("model:churn", "30")
    assert told["baskets"]["last_read"] == "2026-05-31"
    assert told["clicks"]["why"] == "it has as good as the same values as taps: correlation -0.99"
    assert told["abandoned"]["why"] == "nothing uses it and no read of it is on record"
    assert told["unread"]["why"] == "model:churn reads others, and never this one"
    assert told["stale"]["why"] == "it was last read on 2026-05-20"
    # Three would each pay the shared stage whole.
    assert Decimal(told["(shared)"]["cost"]) == 60


def test_what_counts_as_unread_or_alike_can_be_set(shop: Company) -> None:
    kinds = {(row["kind"], row["name"]) for row in shop.ask("savings", "--alike", "0.97")}
    assert ("unread", "stale") not in kinds
    assert ("duplicate", "clicks") in kinds
    strict = {(row["kind"], row["name"]) for row in shop.ask("savings", "--alike", "1")}
    assert ("duplicate", "clicks") not in strict
    assert ("duplicate", "baskets") in strict


def test_merging_saves_what_it_says(shop: Company) -> None:
    (shop.folder / "merge.yaml").write_text(
        "merge: [{drop: feature:baskets, into: feature:orders}]\n"
    )
    rows = {row["name"]: row for row in shop.ask("whatif", str(shop.folder / "merge.yaml"))}
    assert Decimal(rows["(stopped)"]["cost_then"]) == 11


def test_no_saving_depends_on_the_currency(shop: Company) -> None:
    (shop.folder / "fx.csv").write_text("month,from,to,rate\n2026-05,USD,JPY,150\n")
    shop.refresh()
    dollars, yen = shop.ask("savings"), shop.ask("savings", "--currency", "JPY")
    assert [(a["kind"], a["name"], a["why"]) for a in dollars] == [
        (b["kind"], b["name"], b["why"]) for b in yen
    ]
    assert [Decimal(a["saving"] or 0) * 150 for a in dollars] == [
        Decimal(b["saving"] or 0) for b in yen
    ]


def test_of_other_levels_too(shop: Company) -> None:
    rows = {(row["kind"], row["name"]): row for row in shop.ask("savings", "--by", "model")}
    assert ("unused", "churn") in rows
    assert Decimal(rows["unused", "churn"]["saving"]) >= 50


def test_correlations_are_of_features_that_exist_each_two_once(
    company: Company,
) -> None:
    company.bill({"cost": "1", "ResourceId": "x"})
    company.catalogue("features: [{name: x}, {name: y}]")
    (company.folder / "correlations.csv").write_text(
        "feature,other,correlation\nx,y,0.5\nx,y,0.6\nx,z,0.5\nx,y,1.5\n"
    )
    ran = company.run("check")
    assert ran.code == 1
    assert 'correlations.csv:3: "x" has y twice, here and at correlations.csv:2' in ran.err
    assert 'correlations.csv:4: there is no feature "z"' in ran.err
    assert 'correlations.csv:5: "correlation" is 1.5' in ran.err
