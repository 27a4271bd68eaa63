"""What would be different: nothing is stored, and each column adds up to its bill."""

from decimal import Decimal
from pathlib import Path

import pytest
from company import Company

C8 = {"scan": 120, "clean": 60, "join_tx": 90, "agg_web": 40, "f1": 10, "f2": 5, "f3": 8, "f4": 20}
CATALOGUE = """
teams: [{name: one}, {name: two}]
stages:
  - {name: scan, owner: one, billed_by: [{resource_id: scan}], feeds: [{stage: clean}]}
  - {name: clean, owner: two, billed_by: [{resource_id: clean}], feeds: [{stage: join_tx}, {stage: agg_web}]}
  - name: join_tx
    billed_by: [{resource_id: join_tx}]
    feeds: [{feature: f1}, {feature: f2}, {feature: f4}]
  - {name: agg_web, billed_by: [{resource_id: agg_web}], feeds: [{feature: f3}, {feature: f4}]}
features:
  - {name: f1, weight: 1, billed_by: [{resource_id: f1}]}
  - {name: f2, weight: 1, billed_by: [{tags: {team: two}}]}
  - {name: f3, weight: 1, billed_by: [{resource_id: f3}]}
  - {name: f4, weight: 1, billed_by: [{resource_id: f4}]}
models:
  - {name: m1, uses: [{feature: f1}]}
  - {name: m3, uses: [{feature: f3}, {feature: f4}]}
products:
  - {name: shop, uses: [{model: m3}], benefits: [{name: more_sales, kind: revenue, amount: 1000}]}
"""


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    made = Company(folder=tmp_path_factory.mktemp("whatif"))
    end = {"ChargePeriodStart": "2026-05-31T00:00:00Z", "ChargePeriodEnd": "2026-06-01T00:00:00Z"}
    tags = {"f2": {"team": "two", "tier": "gold"}}
    made.bill(
        *(
            {"cost": str(cost), "ResourceId": name, "Tags": tags.get(name, {})}
            for name, cost in C8.items()
        ),
        {"cost": "0", **end},
    )
    made.catalogue(CATALOGUE)
    made.refresh()
    return made


def then(company: Company, changes: str, *words: str) -> dict[str, Decimal]:
    path: Path = company.folder / "changes.yaml"
    path.write_text(changes)
    rows = company.ask("whatif", str(path), "--month", "2026-05", *words)
    assert sum(Decimal(row["cost"]) for row in rows) == 353
    return {row["name"]: Decimal(row["cost_then"]) for row in rows}


def test_what_goes_saves_what_is_avoidable_and_the_rest_is_shared_anew(company: Company) -> None:
    before = {*company.folder.rglob("*")}
    saved = then(company, "drop: [feature:f1, feature:f2, feature:f4]")
    assert saved == {"f1": 0, "f2": 0, "f3": 228, "f4": 0, "(stopped)": 125}
    assert {*company.folder.rglob("*")} - before <= {company.folder / "changes.yaml"}


def test_a_model_that_goes_stops_what_no_other_model_needs(company: Company) -> None:
    # join_tx feeds f4 of m3 as well; f1's own 10 goes, f2's 5 was no model's.
    saved = then(company, "drop: [model:m1]", "--by", "model")
    assert saved == {"m1": 0, "m3": 338, "(stopped)": 10, "(no model)": 5}


def test_weights_are_those_of_example_c11(company: Company) -> None:
    weighed = then(company, "weight: [{target: feature:f1, weight: 2}]")
    assert weighed == {
        "f1": 127,
        "f2": Decimal("63.5"),
        "f3": 64,
        "f4": Decimal("98.5"),
    }


def test_prices_go_by_what_picks_charges(company: Company) -> None:
    changes = "price: [{resource_id: scan, factor: 0.5}, {tags: {Tier: gold}, factor: 3}]"
    # 60 less for scan, 15 of each; f2's own 5 becomes 15, by a tag that no rule names.
    assert then(company, changes) == {"f1": 70, "f2": 75, "f3": 58, "f4": 100}


def test_users_of_what_is_merged_take_the_other(company: Company) -> None:
    merged = then(company, "merge: [{drop: feature:f3, into: feature:f2}]", "--by", "model")
    # m3 now needs f2 in place of f3: f3's own 8 stops, and f2's 5 is needed.
    assert merged["(stopped)"] == 8
    assert merged["(no model)"] == 0
    assert merged["m1"] + merged["m3"] == 345


def test_a_product_that_goes_takes_its_benefit_along(company: Company) -> None:
    path = company.folder / "changes.yaml"
    path.write_text("drop: [product:shop]")
    rows = company.ask("whatif", str(path), "--month", "2026-05", "--by", "product")
    shop = next(row for row in rows if row["name"] == "shop")
    assert Decimal(shop["net"]) == 1000 - 338
    assert (Decimal(shop["net_then"]), Decimal(shop["cost_then"])) == (0, 0)


def test_wrong_changes_are_told_all_at_once(company: Company) -> None:
    path = company.folder / "changes.yaml"
    path.write_text("drop: [feature:f9]\nmerge:\n  - {drop: feature:f1, into: model:m1}\n")
    ran = company.run("whatif", str(path))
    assert (ran.code, ran.err.count("costlens: ")) == (1, 2)
    assert 'changes.yaml:1: the build knows no "feature:f9"\n    did you mean' in ran.err
    assert "changes.yaml:3: a feature cannot be merged into a model" in ran.err


def test_who_owns_something_else_bears_its_cost(company: Company) -> None:
    path: Path = company.folder / "changes.yaml"
    path.write_text("owner: [{target: stage:scan, team: two}]")
    rows = {row["name"]: row for row in company.ask("whatif", str(path), "--by", "team")}
    assert {
        name: (Decimal(row["cost"]), Decimal(row["cost_then"])) for name, row in rows.items()
    } == {
        "one": (120, 0),
        "two": (60, 180),
        "(no owner)": (173, 173),
    }
    gone = then(company, "drop: [feature:f1]", "--by", "team")
    assert gone["(stopped)"] == 10
    assert sum(gone.values()) == 353


def test_without_a_commitment_what_it_covers_costs_its_contracted_price(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    made = Company(folder=tmp_path_factory.mktemp("committed"))
    plan = {"CommitmentDiscountId": "plan/1", "CommitmentDiscountCategory": "Spend"}
    made.bill(
        {
            "ResourceId": "fee",
            "cost": "0",
            "BilledCost": "70",
            "ChargeCategory": "Purchase",
            **plan,
        },
        {
            "ResourceId": "a",
            "cost": "0",
            "EffectiveCost": "60",
            "ContractedCost": "90",
            "ListCost": "95",
            "CommitmentDiscountStatus": "Used",
            **plan,
        },
        {
            "ResourceId": "a",
            "cost": "0",
            "EffectiveCost": "10",
            "ContractedCost": "10",
            "CommitmentDiscountStatus": "Unused",
            **plan,
        },
        {"ResourceId": "a", "cost": "5", "ContractedCost": "7"},
        {
            "ResourceId": "b",
            "cost": "0",
            "EffectiveCost": "4",
            "CommitmentDiscountStatus": "Used",
            "CommitmentDiscountId": "other",
        },
    )
    made.catalogue(
        "features: [{name: a, billed_by: [{resource_id: a}]}, {name: b, billed_by: [{resource_id: b}]}]"
    )
    made.refresh()
    path = made.folder / "changes.yaml"
    path.write_text("end_commitments: [plan/*]")
    for basis, before in (("effective", 65), ("billed", 5)):
        rows = {row["name"]: row for row in made.ask("whatif", str(path), "--basis", basis)}
        assert Decimal(rows["a"]["cost_then"]) == 95, basis
        assert sum(Decimal(row["cost_then"]) for row in rows.values()) == (
            99 if basis == "effective" else 95
        )
        assert Decimal(rows["a"]["cost"]) + 0 in (before, before + 10)
    path.write_text("end_commitments: [other, nobody]")
    ran = made.run("whatif", str(path))
    assert ran.code == 1
    assert "what other covers has neither ContractedCost nor ListCost" in ran.err
    assert 'no charge is covered by a commitment "nobody"' in ran.err
