"""Tecton's usage at agreed prices, and its tags on a cloud's bill: both come to a feature view."""

import shutil
from decimal import Decimal

import pytest
from aws_report import line, write_csv
from company import Company

from costlens.ingest import find_packs

CATALOGUE = """
features:
  - {name: fv_orders, billed_by: [{resource_id: fv_orders}, {tags: {tecton_feature_view: fv_orders}}]}
  - {name: fv_clicks, billed_by: [{tags: {tecton_feature_view: fv_clicks}}]}
"""


@pytest.fixture
def usage(company: Company) -> Company:
    pack = next(pack for pack in find_packs(None) if pack.name == "tecton_usage")
    shutil.copytree(pack.folder / "sample", company.folder / "tecton")
    company._source(name="tecton", type="tecton_usage", path="tecton")
    company.catalogue(CATALOGUE)
    return company


def test_usage_comes_to_its_feature_view_and_what_has_no_price_is_told(usage: Company) -> None:
    told = usage.refresh().err
    assert (
        "tecton/usage.csv:5: no price for FEATURE_SERVER_CACHE_NODE_HOURS: 4 on 1 line from "
        "2026-05-11T00:00:00Z cost an unknown amount, which is in no total\n"
    ) in told
    # 120,000 rows at 0.000002 and 0.123456789012345678 hours at 0.25, cut off after 12 places.
    assert usage.cost() == {
        "fv_orders": Decimal("0.24") + Decimal("0.030864197253"),
        "(unmatched)": Decimal("0.75"),
    }
    for row in usage.ask("statement"):
        assert Decimal(row["source_total"]) == Decimal("1.020864197253086419")
        assert row["difference"] == "0"
    (tags,) = usage.ask("query", "select Tags from charges where x_line = 2")
    assert "retention" in tags["Tags"]
    assert "ann@" not in tags["Tags"]


def test_tectons_tags_on_a_cloud_bill_are_rules_like_any_other(company: Company) -> None:
    company.catalogue(CATALOGUE)
    bill = [
        line("Usage", "3.5", resource_tags={"user_tecton_feature_view": "fv_orders"}),
        line("Usage", "1.25", resource_tags={"user_tecton_feature_view": "fv_clicks"}),
        line("Usage", "2", resource_tags={"user_tecton_workspace": "prod"}),
    ]
    write_csv(company.folder / "cur.csv", bill)
    company._source(name="cur", type="aws_cur", path="cur.csv")
    company.refresh()
    assert company.cost() == {
        "fv_orders": Decimal("3.5"),
        "fv_clicks": Decimal("1.25"),
        "(unmatched)": Decimal(2),
    }


def test_two_prices_of_one_unit_are_refused(usage: Company) -> None:
    with (usage.folder / "tecton/prices.csv").open("a") as opened:
        opened.write("ONLINE_WRITE_ROWS,0.000003,USD,2026-06-01,\n")
    ran = usage.run("refresh")
    assert ran.code == 1
    assert "prices.csv:5: ONLINE_WRITE_ROWS has a second price at 2026-06-01T00:00:00Z" in ran.err
