"""What to keep and what to stop: the death spiral (C12), and groups that only pay together."""

from decimal import Decimal

import pytest
from company import Company

# C12 is p1 to p4; `bad` costs more by itself than it brings; `left` and `right` do so together; `even`
# brings what it costs; `silent` declares nothing, and pays for a stage that `guest` needs.
BENEFITS = {"p1": 150, "p2": 40, "p3": 60, "p4": 130, "bad": 3, "left": 11, "right": 12}
BENEFITS |= {"even": 9, "guest": 1}
COSTS = {"scan": 120, "clean": 60, "join_tx": 90, "agg_web": 40, "of_both": 30}
COSTS |= {"f1": 10, "f2": 5, "f3": 8, "f4": 20}
COSTS |= {"bad": 4, "left": 2, "right": 1, "even": 9, "silent": 500, "of_silent": 70}
STAGES = """
stages:
  - {name: scan, billed_by: [{resource_id: scan}], feeds: [{stage: clean}]}
  - {name: clean, billed_by: [{resource_id: clean}], feeds: [{stage: join_tx}, {stage: agg_web}]}
  - name: join_tx
    billed_by: [{resource_id: join_tx}]
    feeds: [{feature: f1}, {feature: f2}, {feature: f4}]
  - {name: agg_web, billed_by: [{resource_id: agg_web}], feeds: [{feature: f3}, {feature: f4}]}
  - {name: of_both, billed_by: [{resource_id: of_both}], feeds: [{product: left}, {product: right}]}
  - {name: of_silent, billed_by: [{resource_id: of_silent}], feeds: [{product: silent}, {product: guest}]}
teams: [{name: growth}]
"""


def product(name: str) -> str:
    uses = f"uses: [{{feature: f{name[1]}}}]" if name in {"p1", "p2", "p3", "p4"} else ""
    own = f"billed_by: [{{resource_id: {name}}}]" if name in COSTS else ""
    benefit = f"benefits: [{{name: of_{name}, kind: revenue, amount: {BENEFITS.get(name)}}}]"
    parts = [f"name: {name}", "owner: growth", uses, own, benefit if name in BENEFITS else ""]
    return "  - {" + ", ".join(part for part in parts if part) + "}\n"


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    made = Company(folder=tmp_path_factory.mktemp("portfolio"))
    made.bill(
        *({"cost": str(cost), "ResourceId": name} for name, cost in COSTS.items()),
        {
            "cost": "0",
            "ChargePeriodStart": "2026-05-31T00:00:00Z",
            "ChargePeriodEnd": "2026-06-01T00:00:00Z",
        },
    )
    made.catalogue(
        STAGES
        + "features:\n"
        + "".join(f"  - {{name: f{n}, billed_by: [{{resource_id: f{n}}}]}}\n" for n in range(1, 5))
        + "products:\n"
        + "".join(product(name) for name in (*BENEFITS, "silent"))
    )
    made.activity(
        {"hour": "2026-05-03T07:00:00Z", "measure": "reads", "target": "product:bad", "quantity": 2}
    )
    (made.folder / "fx.csv").write_text("month,from,to,rate\n2026-05,USD,EUR,0.7\n")
    made.refresh()
    return made


def advised(company: Company, *words: str) -> dict[str, dict[str, str]]:
    return {row["name"]: row for row in company.ask("portfolio", "--month", "2026-05", *words)}


def test_a_set_is_kept_though_each_member_seems_to_cost_more_than_it_brings(
    company: Company,
) -> None:
    rows = advised(company)
    four = {name: rows[name] for name in ("p1", "p2", "p3", "p4")}
    assert {row["advice"] for row in four.values()} == {"keep"}
    assert [Decimal(row["allocated"]) for row in four.values()] == [85, 80, 73, 115]
    assert [Decimal(row["avoidable"]) for row in four.values()] == [10, 5, 8, 20]
    # Without p1: 230 of benefits for 343 of stages. Nothing is worth it then, so all 27 are lost.
    assert [Decimal(row["margin"]) for row in four.values()] == [27, 27, 27, 27]
    assert four["p2"]["why"] == (
        "in this group: others pay for what it shares, and 27.00 USD would be lost"
    )


def test_what_is_stopped_has_its_reason_and_those_to_ask(company: Company) -> None:
    rows = advised(company)
    assert (
        rows["bad"]["why"] == "under any rule: it brings less than stages cost that only it needs"
    )
    assert (rows["bad"]["owner"], rows["bad"]["last_read"]) == ("growth", "2026-05-03")
    assert (rows["bad"]["advice"], Decimal(rows["bad"]["margin"])) == ("stop", 1)
    assert rows["left"]["advice"] == rows["right"]["advice"] == "stop"
    assert Decimal(rows["left"]["margin"]) == 10  # 33 of stages, 23 of benefits
    assert rows["left"]["why"] == (
        "with right: they bring 23.00 USD, and stages that only they need cost 33.00 USD"
    )
    assert rows["even"]["advice"] == "either"


def test_no_benefit_is_not_a_benefit_of_nothing(company: Company) -> None:
    rows = advised(company)
    assert (rows["silent"]["advice"], rows["silent"]["benefit"]) == ("unknown", "")
    assert "stopping it alone saves 500.00 USD" in rows["silent"]["why"]
    assert rows["guest"]["advice"] == "keep"  # its stage is paid for as long as `silent` is kept
    totals = {
        name: [Decimal(rows[name][figure]) for figure in ("benefit", "avoidable", "net")]
        for name in ("(keep all)", "(as advised)")
    }
    assert totals == {
        "(keep all)": [416, 969, -553],
        "(as advised)": [381, 923, -542],  # without bad, left, right and even
    }


def test_another_currency_changes_no_advice(company: Company) -> None:
    ours, theirs = advised(company), advised(company, "--currency", "EUR")
    assert {name: row["advice"] for name, row in ours.items()} == {
        name: row["advice"] for name, row in theirs.items()
    }
    assert Decimal(theirs["p1"]["margin"]) == Decimal("18.9")


def test_where_nothing_brings_money_there_is_nothing_to_choose(sample: Company) -> None:
    said = "note: no feature has a benefit in money, so there is nothing to choose (benefits:)\n"
    assert sample.run("portfolio", "--by", "feature").err == said
    assert sample.run("portfolio", "--by", "product").err == ""
