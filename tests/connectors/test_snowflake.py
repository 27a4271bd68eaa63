"""Snowflake's day of warehouses goes to their hours by metering, and to queries by their credits."""

import shutil
from decimal import Decimal
from pathlib import Path

import pytest
from company import Company

from costlens.ingest import find_packs

CATALOGUE = """
pipelines:
  - name: shop_features
    runs: {source: queries, match: {pipeline: shop_features}}
    produces: [{part: "(?P<view>fv_.*)", feature: "{view}"}]
  - {name: exports, runs: {source: queries, match: {query_tag: nightly*}}}
  - {name: people, runs: {source: queries, match: {user_name: ANN}}}
resources:
  - {name: features_wh, billed_by: [{resource_id: "*/FEATURES_WH"}]}
  - {name: bi_wh, billed_by: [{resource_id: "*/BI_WH"}]}
features: [{name: fv_orders}]
"""
METERING = "bill/warehouse_metering_history.csv"


@pytest.fixture
def warehouses(company: Company) -> Company:
    """Lay the samples of both packs beside each other."""
    folders = {pack.name: pack.folder for pack in find_packs(None)}
    shutil.copytree(folders["snowflake"] / "sample", company.folder / "bill")
    shutil.copytree(folders["snowflake_runs"] / "sample", company.folder / "queries")
    company.settings["currency"] = "EUR"
    company._source(name="snow", type="snowflake", path="bill")
    company._source(name="queries", type="snowflake_runs", path="queries")
    company.catalogue(CATALOGUE)
    return company


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_an_hours_credits_go_to_its_queries_and_the_rest_is_idle(warehouses: Company) -> None:
    warehouses.refresh()
    rows = warehouses.ask(
        "query",
        "select stage, class, outcome, sum(effective) as cost from stage_costs "
        "where service = 'Snowflake' and outcome <> 'unmatched' group by all order by all",
    )
    # 106.25 for 31.25 credits is 3.40 a credit: of 8 credits queries had 4 and 2; of 16 they had 2
    # and 14.000000001, a little more than the hour had, in whole
    # microseconds of a machine.
    assert [(row["stage"], row["class"], row["outcome"], row["cost"]) for row in rows] == [
        ("pipeline:exports/unload", "work", "unneeded", "13.599999999528"),
        ("pipeline:people/select", "waste", "unneeded", "47.600000000472"),
        ("pipeline:shop_features/fv_orders", "work", "allocated", "13.6"),
        ("resource:bi_wh", "idle", "idle", "24.65"),
        ("resource:features_wh", "idle", "idle", "6.8"),
    ]
    assert sum(Decimal(row["cost"]) for row in rows) == Decimal("106.25")
    assert {row["difference"] for row in warehouses.ask("statement")} == {"0"}


def test_a_day_without_metering_stays_whole_and_is_told(warehouses: Company) -> None:
    edit(warehouses.folder / METERING, "2026-05-04", "2026-05-03")
    told = warehouses.refresh().err
    assert (
        "bill/usage_in_currency_daily.csv:2: no metering of the warehouses of PROD on 1 day from "
        "2026-05-04: what they cost is no warehouse's\n"
    ) in told
    (row,) = warehouses.ask(
        "query",
        "select ResourceId, BilledCost from charges where x_usage_type = 'warehouse_metering'",
    )
    assert (row["ResourceId"], row["BilledCost"]) == ("", "106.25")


def test_credits_that_differ_from_the_bill_are_told_and_no_money_moves(warehouses: Company) -> None:
    edit(warehouses.folder / METERING, "16.500000000,16.000000000", "8.500000000,8.000000000")
    assert (
        "warehouses of PROD used 23.25 credits by their metering and 31.25 by the bill"
        in warehouses.refresh().err
    )
    (row,) = warehouses.ask(
        "query",
        "select sum(BilledCost) as cost, count(*) as hours from charges "
        "where x_usage_type = 'warehouse_metering'",
    )
    assert (row["cost"], row["hours"]) == ("106.25", "3")


def test_of_two_accounts_the_metering_says_whose_it_is(warehouses: Company) -> None:
    bill = warehouses.folder / "bill/usage_in_currency_daily.csv"
    first = bill.read_text().splitlines()[1]
    other = first.replace("PROD,AB12345", "DEV,CD67890").replace("106.25", "31.25")
    bill.write_text(bill.read_text() + other + "\n")
    assert "no metering of the warehouses of DEV" in warehouses.refresh().err
    edit(warehouses.folder / METERING, "START_TIME", "ACCOUNT_NAME,START_TIME")
    edit(warehouses.folder / METERING, "\n2026-05-0", "\nprod,2026-05-0")
    with (warehouses.folder / METERING).open("a") as opened:
        opened.write("dev,2026-05-04 10:00:00Z,2026-05-04 11:00:00Z,7,FEATURES_WH,31,31.25,0,0\n")
    warehouses.refresh()
    rows = warehouses.ask(
        "query",
        "select ResourceId, sum(BilledCost) as cost from charges where ResourceId is not null "
        "group by all order by all",
    )
    assert [tuple(row.values()) for row in rows] == [
        ("DEV/FEATURES_WH", "31.25"),
        ("PROD/BI_WH", "24.65"),
        ("PROD/FEATURES_WH", "81.6"),
    ]
    assert {row["difference"] for row in warehouses.ask("statement")} == {"0"}
