"""Every pack of bills loads its sample through the command, and ties to the source's own totals."""

import shutil
from decimal import Decimal
from pathlib import Path

import pytest
from company import Company

from costlens.ingest import find_packs

SUMS = {  # of the samples, in the source's own terms
    "anthropic": ("USD", "1.7345012345678912"),
    "confluent": ("USD", "7.581"),
    "fivetran": ("USD", "865.57"),
    "generic": ("USD", "12.4"),
    "oci": ("EUR", "0.0000035416666669"),
    "openai": ("USD", "12.5612445678901234"),
    "snowflake": ("EUR", "128.33"),
    "tecton_usage": ("USD", "1.020864197253086419"),
}


def load(company: Company, name: str, text: str | None = None) -> None:
    folder = next(p for p in find_packs(None) if p.name == name).folder
    (sample,) = [*folder.glob("sample.*"), *folder.glob("sample/")]
    path = company.folder / sample.name
    if sample.is_dir():
        shutil.copytree(sample, path)
    else:
        shutil.copy(sample, path)
    if text is not None:
        path.write_text(text)
    company.settings["currency"] = SUMS[name][0]
    company._source(name=name, type=name, path=path.name)


@pytest.mark.parametrize("name", sorted(SUMS))
def test_a_sample_ties_to_what_its_source_adds_up_to(company: Company, name: str) -> None:
    load(company, name)
    company.refresh()
    currency, total = SUMS[name]
    for row in company.ask("statement"):
        assert (row["currency"], Decimal(row["source_total"])) == (currency, Decimal(total))
        assert Decimal(row["ingested"]) + Decimal(row["residual"]) == Decimal(total)
        assert row["difference"] == "0"


def test_a_whole_page_of_an_api_is_told_what_to_do(company: Company) -> None:
    page = '{"object":"page","data":[{"start_time":1777593600,"results":[]}],"has_more":false}\n'
    load(company, "openai", page)
    ran = company.run("check")
    assert ran.code == 1
    assert "is whole pages; write one result a line" in ran.err


def test_cents_of_another_currency_than_dollars_are_refused(company: Company) -> None:
    line = '{"starting_at":"2026-05-04","ending_at":"2026-05-05","currency":"JPY","amount":"100"}'
    load(company, "anthropic", line)
    ran = company.run("refresh")
    assert ran.code == 1
    assert "amounts are read in USD alone, not in JPY" in ran.err


def test_a_usage_report_of_oracle_is_no_cost_report(company: Company) -> None:
    header = "lineItem/intervalUsageStart,lineItem/intervalUsageEnd,product/service"
    load(company, "oci", f"{header},usage/consumedQuantity\n2026-05-13T10:00Z,,COMPUTE,1\n")
    assert "is a usage report, which holds no costs" in company.run("check").err


def test_corrections_and_rebates_are_what_they_are(company: Company, tmp_path: Path) -> None:
    load(company, "snowflake")
    company.refresh()
    rows = company.ask(
        "query", "select x_class, sum(BilledCost) as cost from charges group by all order by all"
    )
    assert [(row["x_class"], row["cost"]) for row in rows] == [
        ("credit", "-1.2"),
        ("support", "20"),
        ("work", "109.53"),
    ]
    assert not [row for row in company.ask("findings") if row["code"] == "negative_usage"]


def test_connections_share_a_destination_by_their_paid_rows(company: Company) -> None:
    load(company, "fivetran")
    company.catalogue(
        """
        stages:
          - {name: lake_house, billed_by: [{service: Fivetran, resource_id: lake_house}], split: use}
          - {name: shop_db, feeds: [{feature: orders}]}
          - {name: support, feeds: [{feature: tickets}]}
        features: [{name: orders}, {name: tickets}]
        """
    )
    company.refresh()
    # 671.77 over 31 days: the 4th by shop_db alone, the 5th by support, the others 5 to 1.
    day = Decimal("671.77") / 31
    cost = company.cost()
    assert cost["(unmatched)"] == Decimal("193.8")
    assert abs(cost["orders"] - (day + day * 29 * 5 / 6)) < Decimal("1e-9")
    assert cost["orders"] + cost["tickets"] == Decimal("671.77")


def test_a_cost_that_stands_twice_is_refused(company: Company) -> None:
    load(company, "fivetran")
    with (company.folder / "sample/usage_cost.csv").open("a") as opened:
        opened.write("reporting,2026-05,2026-06-03T00:00:00Z,200\n")
    ran = company.run("refresh")
    assert ran.code == 1
    assert "usage_cost.csv:3: the cost of reporting in 2026-05 stands 2 times" in ran.err
