"""Any amount is explained down to its billing lines, and each line followed, with `==` on both ways."""

from decimal import Decimal

import pytest
from company import Company

SPLIT = {
    "share": "slots 43200000000000/86400000000000",
    "idle": "idle 43200000000000/86400000000000",
}


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """A table for two features, a cluster that is half idle over three lines, and tax that is shared."""
    company = Company(folder=tmp_path_factory.mktemp("explained"))
    company.settings = {"allocation": {"idle": "share", "tax": "share"}}
    company.bill(
        {"cost": "10", "ResourceId": "table", "ServiceName": "Storage"},
        {"cost": "20.000000000001", "ResourceId": "cluster"},
        {"cost": "3", "ResourceId": "cluster"},
        {"cost": "1", "ResourceId": "cluster"},
        {"cost": "5.000000000001", "ResourceId": "tax", "ChargeCategory": "Tax"},
    )
    company.runs(
        {
            "run_id": "1",
            "pipeline": "p",
            "start": "2026-05-01T00:00:00Z",
            "end": "2026-05-01T12:00:00Z",
            "resource_id": "cluster",
            "size": "1",
            "size_unit": "slots",
        }
    )
    company.catalogue(
        "pipelines: [{name: p, produces: [{part: run, feature: f}]}]\n"
        "resources: [{name: cluster, billed_by: [{resource_id: cluster}], capacity: {slots: 1}}]\n"
        "stages:\n"
        "  - name: table\n"
        "    billed_by: [{resource_id: table}]\n"
        "    feeds: [{feature: f}, {feature: g}]\n"
        "features: [{name: f}, {name: g}]\n"
    )
    company.refresh()
    return company


def amounts(company: Company, *words: str) -> dict[str, Decimal]:
    return {row["stage"]: Decimal(row["amount"]) for row in company.ask("explain", *words)}


@pytest.mark.parametrize(
    ("words", "stages"),
    [
        (["class:idle"], {"resource:cluster": "12"}),
        (["feature:(idle)"], {"resource:cluster": "12", "idle_share": "-12"}),
        (["stage:table"], {"stage:table": "10"}),
        (["service:Stor*"], {}),
        (["service:Storage"], {"stage:table": "10"}),
        (["feature:f", "--service", "Stor*"], {"stage:table": "5"}),
        (["feature:f", "--stage", "pipeline:*"], {"pipeline:p/run": "12.000000000001"}),
        (["feature:f", "--class", "tax"], {"tax_share": "3.863636363637"}),
    ],
)
def test_any_amount_is_explained_and_narrowed(
    asked: Company, words: list[str], stages: dict[str, str]
) -> None:
    found = amounts(asked, *words)
    assert found == {stage: Decimal(amount) for stage, amount in stages.items()}


def test_the_dearest_lines_are_told_and_the_others_added_up(asked: Company) -> None:
    whole = {row["name"]: Decimal(row["allocated"]) for row in asked.ask("cost")}["f"]
    every = asked.ask("explain", "feature:f", "--lines")
    some = asked.ask("explain", "feature:f", "--lines", "--most", "2")
    for rows in (every, some):
        assert sum(Decimal(row["amount"]) for row in rows) == whole
    assert [row["line"] for row in every[:4]] == [
        "bill:2026-05:2",
        "bill:2026-05:1",
        "bill:2026-05:3",
        "bill:2026-05:4",
    ]
    assert every[0]["weights"].split(" by ")[1] == SPLIT["share"]  # as used, not reduced
    assert {row["build"] for row in every} == {"1"}
    told = {row["line"]: Decimal(row["amount"]) for row in some}
    assert told["(2 more lines of 2026-05)"] == 2
    lines = asked.ask("explain", "class:idle", "--lines", "--most", "1")
    assert [(row["line"], row["weights"][-len(SPLIT["idle"]) :]) for row in lines] == [
        ("bill:2026-05:2", SPLIT["idle"]),
        ("(2 more lines of 2026-05)", ""),
    ]
    assert sum(Decimal(row["amount"]) for row in lines) == 12


def test_a_line_is_followed_through_the_policies_to_the_last_unit(asked: Company) -> None:
    ledger = asked.ask(
        "query", "select level, target, step, sum(effective) as amount from ledger group by all"
    )
    found: dict[tuple[str, str, str], Decimal] = {}
    for number in range(1, 6):
        for row in asked.ask("trace", f"bill:2026-05:{number}"):
            key = (row["level"], row["target"], row["step"])
            found[key] = found.get(key, Decimal(0)) + Decimal(row["amount"])
    assert found == {(r["level"], r["target"], r["step"]): Decimal(r["amount"]) for r in ledger}
    rows = asked.ask("trace", "bill:2026-05:5")
    given = {
        row["target"]: row
        for row in rows
        if row["level"] == "feature" and row["step"] == "tax_share"
    }
    assert {name: Decimal(row["amount"]) for name, row in given.items()} == {
        "(unmatched)": Decimal("-5.000000000001"),
        # What work cost: 17.000000000001 and 5 of 22.000000000001.
        "f": Decimal("3.863636363637"),
        "g": Decimal("1.136363636364"),
    }
    assert given["f"]["need"] == "share 17000000000001/22000000000001"


@pytest.mark.parametrize(
    ("weights", "costs", "told"),
    [
        ([", weight: 3", ", weight: 1", ", weight: 0.5"], {"f": "6", "g": "2", "h": "1"}, None),
        (
            [", weight: 3", ", weight: 1", ""],
            {"f": "3", "g": "3", "h": "3"},
            "the weights of what stage:table feeds do not count: 1 has none, such as feature:h",
        ),
        (
            [", reads: 3", ", reads: 1, weight: 9", ", reads: 5"],
            {"f": "3", "g": "1", "h": "5"},
            None,
        ),
    ],
    ids=["all", "some", "better known"],
)
def test_weights_that_only_some_have_do_not_count_and_that_is_said(
    company: Company, weights: list[str], costs: dict[str, str], told: str | None
) -> None:
    company.bill({"cost": "9", "ResourceId": "table"})
    feeds = [f"{{feature: {name}{more}}}" for name, more in zip("fgh", weights, strict=True)]
    company.catalogue(
        "stages:\n"
        f"  - {{name: table, billed_by: [{{resource_id: table}}], feeds: [{', '.join(feeds)}]}}\n"
        "features: [{name: f}, {name: g}, {name: h}]\n"
    )
    company.refresh()
    assert company.cost() == {name: Decimal(cost) for name, cost in costs.items()}
    found = [row["message"] for row in company.ask("findings") if row["code"] == "half_weighed"]
    assert found == ([told] if told else [])
