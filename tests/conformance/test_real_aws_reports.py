"""Published AWS reports through the command: exact totals, the statement ties, models add up."""

import shutil
from decimal import Decimal
from pathlib import Path

import pytest
from company import Company

REPORTS = Path(__file__).parents[1] / "data" / "aws_cur"


def bring(company: Company, name: str) -> None:
    """Put a report, or the copy of a bucket, into the company's folder."""
    source = REPORTS / name
    if source.is_dir():
        shutil.copytree(source, company.folder / "bills")
    else:
        (company.folder / "bills").mkdir()
        shutil.copy(source, company.folder / "bills")
    company.source(name="bill", type="aws_cur", path="bills/")


@pytest.mark.few(2)
@pytest.mark.parametrize(
    ("name", "billed", "effective"),
    [
        ("workshop_2018_11.snappy.parquet", "3505.3269681268", "3632.5598464968"),
        ("anonymous_2023_11.csv.gz", "1.6823086974", "1.6823086974"),
        ("nise_savings_plans", "895.80", "895.80"),
    ],
)
def test_a_published_report_comes_to_what_it_comes_to_and_its_statement_ties(
    company: Company, name: str, billed: str, effective: str
) -> None:
    bring(company, name)
    company.refresh()
    (row,) = company.ask(
        "query",
        "select sum(BilledCost) as billed, sum(EffectiveCost) as effective, "
        "count(*) - count(distinct x_line) as doubled from charges",
    )
    assert Decimal(row["billed"]) == Decimal(billed)
    assert Decimal(row["effective"]) == Decimal(effective)
    assert row["doubled"] == "0"
    rows = company.ask("statement")
    assert {row["basis"] for row in rows} == {"billed", "effective"}
    for row in rows:
        assert Decimal(row["difference"]) == 0
        assert Decimal(row["source_total"]) == Decimal(row["ingested"]) + Decimal(row["residual"])
        assert Decimal(row["source_total"]) == Decimal(
            billed if row["basis"] == "billed" else effective
        )


@pytest.mark.slow
def test_cost_centres_and_resource_ids_of_a_real_report_give_a_cost_per_model(
    company: Company,
) -> None:
    bring(company, "workshop_2018_11.snappy.parquet")
    company.catalogue(
        """
stages:
  - name: glue
    billed_by: [{resource_id: "arn:aws:glue:*:devEndpoint/*"}]
    feeds: [{feature: orders}, {feature: clicks}]
  - name: databases
    billed_by: [{service: Amazon RDS, resource_id: "*:db:prod*"}]
    feeds: [{feature: orders}]
  - name: central
    billed_by: [{tags: {cost_center: Cost001}}, {tags: {department: Analytics}}]
    feeds: [{model: churn}, {model: fraud}]
  - name: sales
    billed_by: [{tags: {cost_center: Cost002}}]
    feeds: [{model: churn}]
features: [{name: orders}, {name: clicks}]
models:
  - {name: fraud, uses: [{feature: orders}]}
  - {name: churn, uses: [{feature: orders}, {feature: clicks}]}
"""
    )
    company.refresh()
    totals = {"billed": Decimal("3505.3269681268"), "effective": Decimal("3632.5598464968")}
    for basis, total in totals.items():
        for by in ("feature", "model", "product", "stage", "service", "class", "grade"):
            assert sum(company.cost(by, "--basis", basis).values()) == total, (basis, by)
    models = company.cost("model")
    assert models["fraud"] > 0
    assert models["churn"] > models["fraud"]
    assert models["(unmatched)"] > 0
    # By hand: the lines of one tag that no resource id matches, in terms of the report itself.
    (sales,) = company.ask(
        "query",
        "select sum(EffectiveCost) as cost from charges where Tags ->> 'cost_center' = 'Cost002'",
    )
    stages = company.cost("stage")
    assert stages["stage:sales"] == Decimal(sales["cost"])
    assert by_class(company, "effective")["commitment_unused"] == Decimal("43.21643836")


def by_class(company: Company, basis: str) -> dict[str, Decimal]:
    """Ask what the report holds of each class."""
    rows = company.ask("statement", "--by", "class")
    return {row["class"]: Decimal(row["ingested"]) for row in rows if row["basis"] == basis}


@pytest.mark.slow
def test_what_a_savings_plan_left_unused_is_a_class_of_its_own(company: Company) -> None:
    bring(company, "nise_savings_plans")
    ran = company.refresh()
    assert by_class(company, "billed") == {
        "work": Decimal("679.80"),
        "other": Decimal("216"),
        "commitment_unused": Decimal(0),
    }
    # The lines that the plan covers cost what they used of it; its fee is not counted beside.
    assert by_class(company, "effective") == {
        "work": Decimal("866.04"),
        "other": Decimal(0),
        "commitment_unused": Decimal("29.76"),
    }
    # It says what it had to do for that.
    assert "UnusedCommitment was missing on 1 line of 2026-06" in ran.err


def test_a_report_without_costs_is_refused_with_the_column_that_lacks(company: Company) -> None:
    bring(company, "columns_without_costs.csv")
    ran = company.run("refresh")
    assert ran.code == 1
    assert (
        "columns_without_costs.csv:2: line_item_unblended_cost is empty on every line of 2024-04\n"
        "    put that column into the export, and deliver it again"
    ) in ran.err
