"""Published bills through the command: the statement ties, and cost per model adds up."""

import shutil
from decimal import Decimal
from pathlib import Path

import pytest
from company import Company

BILLING = Path(__file__).parents[1] / "data" / "billing"
BILLS = sorted(path for path in BILLING.glob("*.csv*") if "contract_commitment" not in path.name)


def bring(company: Company, path: Path) -> None:
    """Put a bill into the company's folder, with a costlens.yaml that names it."""
    company.bill({"cost": "0"}, file="bills/unused.csv")
    (company.folder / "bills" / "unused.csv").unlink()
    shutil.copy(path, company.folder / "bills")


@pytest.mark.few(2)
@pytest.mark.parametrize("path", BILLS, ids=lambda path: path.name[:40])
def test_the_statement_of_a_published_bill_ties_in_both_bases(company: Company, path: Path) -> None:
    bring(company, path)
    company.refresh()
    rows = company.ask("statement")
    assert {row["basis"] for row in rows} == {"billed", "effective"}
    for row in rows:
        assert Decimal(row["difference"]) == 0
        assert Decimal(row["source_total"]) == Decimal(row["ingested"]) + Decimal(row["residual"])


def test_tags_and_resource_ids_of_a_published_bill_give_a_cost_per_model_that_adds_up(
    company: Company,
) -> None:
    bring(company, BILLING / "focus_1_2_aws.csv.gz")
    company.catalogue(
        """
stages:
  - name: warehouse_jobs
    billed_by: [{resource_id: "arn:aws:glue:*:job/*"}]
    feeds: [{feature: orders}, {feature: clicks}]
  - name: lake_buckets
    billed_by: [{resource_id: "arn:aws:s3:*"}]
    feeds: [{feature: orders, weight: 3}, {feature: clicks, weight: 1}]
  - name: payments_platform
    billed_by: [{tags: {owner: team-payments}}]
    feeds: [{model: fraud}]
  - name: data_platform
    billed_by: [{tags: {Owner: TEAM-DATA, environment: [prod, staging]}}]
    feeds: [{model: churn}, {model: fraud}]
features: [{name: orders}, {name: clicks}]
models:
  - {name: fraud, uses: [{feature: orders}]}
  - {name: churn, uses: [{feature: orders}, {feature: clicks}]}
"""
    )
    company.refresh()
    total = Decimal("32234.88653119799")  # what is left of the source after 12 places
    for basis in ("effective", "billed"):
        for by in ("feature", "model", "product", "stage", "service", "class", "grade"):
            assert sum(company.cost(by, "--basis", basis).values()) == total, (basis, by)
    models = company.cost("model")
    assert models["fraud"] > 0
    assert models["churn"] > 0
    # By hand: a Glue job's line that is matched by its id, and not by its owner's tag.
    glue = company.ask(
        "query",
        "select sum(EffectiveCost) as cost from charges where ResourceId like 'arn:aws:glue:%'",
    )
    parts = company.ask("cost", "--by", "stage")
    found = next(r for r in parts if r["name"] == "stage:warehouse_jobs")
    assert Decimal(found["allocated"]) == Decimal(glue[0]["cost"])
    explained = company.ask("explain", "model:fraud")
    assert sum(Decimal(row["amount"]) for row in explained) == models["fraud"]
    lines = company.ask("explain", "model:fraud", "--lines")
    assert sum(Decimal(row["amount"]) for row in lines) == models["fraud"]


def test_a_contract_commitment_file_is_refused_with_the_reason(company: Company) -> None:
    bring(company, BILLING / "focus_1_3_azure_contract_commitment.csv.gz")
    ran = company.run("refresh")
    assert ran.code == 1
    assert "is a FOCUS Contract Commitment file, which holds no charges" in ran.err
