"""The pages without a browser: every figure is one of the question's, every state has its words."""

import csv
import io
import re
import time
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlencode

import pytest
from asking_pages import Client, charts, found, lake_of, texts
from company import Company

from costlens.web.app import create_app
from costlens.web.data import Builds, Data
from costlens.web.formats import exact
from costlens.web.view import View, read_view

LEVELS = ("product", "model", "feature")


def names(company: Company, level: str) -> list[str]:
    rows = company.ask("cost", "--by", level)
    return [row["name"] for row in rows if not row["name"].startswith("(")]


@pytest.mark.parametrize("level", LEVELS)
def test_a_list_shows_what_the_command_says(
    client: Client, sample: Company, view: View, level: str
) -> None:
    shown = client.show(f"/{level}s")["page"]["children"]
    months = f"{view.first}..{view.last}"
    rows = {row["name"]: row for row in sample.ask("roi", "--by", level, "--month", months)}
    grid = next(one for one in found(shown, "AgGrid"))
    assert len(grid["rowData"]) == len(rows)
    for got in grid["rowData"]:
        if got.get("name_link"):
            want = rows[got["name"]]
            assert got["cost_said"] == exact(Decimal(want["cost"]), "USD")
            benefit = Decimal(want["benefit"]) if want["benefit"] else None
            assert got["benefit_said"] == exact(benefit, "USD")
            assert got["evidence_said"] == want["evidence_level"]
    total = sum(Decimal(row["cost"]) for row in rows.values())
    (foot,) = grid["dashGridOptions"]["pinnedBottomRowData"]
    assert foot["cost_said"] == exact(total, "USD")


def test_the_parts_of_each_month_add_up_to_its_bill_and_to_the_statement(
    data: Data, sample: Company, view: View
) -> None:
    answer = data.ask("bill_by_month", **{**view.given, "first": "0001-01", "after": "9999-13"})
    bills: dict[str, Decimal] = {}
    parts: dict[str, Decimal] = {}
    for month, figure, amount, _ in answer.rows:
        if figure == "bill":
            bills[month] = amount
        elif figure != "reached":
            parts[month] = parts.get(month, Decimal(0)) + amount
    assert bills == parts
    stated: dict[str, Decimal] = {}
    for row in sample.ask("statement"):
        if row["basis"] == view.basis:
            stated[row["period"]] = stated.get(row["period"], Decimal(0)) + Decimal(row["ingested"])
    assert bills == stated


@pytest.mark.parametrize("level", LEVELS)
def test_every_way_to_a_target_adds_up_to_what_it_costs(
    data: Data, sample: Company, level: str
) -> None:
    costs = sample.cost(level)
    for name in names(sample, level):
        query = {"level": level, "name": name, "month": "all"}
        view = read_view(data, query, key="level")
        steps = data.ask("bill_to_target", **view.given).rows
        assert sum(amount for step, _, amount, _ in steps if step != "target") == costs[name]
        assert [amount for step, _, amount, _ in steps if step == "target"] == [costs[name]]
        trend = data.ask("target_by_month", **view.given).rows
        assert sum(own + shared + waste for _, own, shared, waste, _, _ in trend) == costs[name]
        assert sum(row[4] for row in trend) == costs[name]


@pytest.mark.parametrize("level", LEVELS)
def test_a_feature_page_shows_its_cost_and_explains_all_of_it(
    client: Client, sample: Company, level: str
) -> None:
    worths = sample.ask("roi", "--by", level)
    rows = [row for row in sample.ask("cost", "--by", level) if not row["name"].startswith("(")]
    for row in (*rows[:2], rows[-1]):
        query = {"level": level, "name": row["name"], "month": "all"}
        page = client.page(f"/feature?{urlencode(query)}")
        cost = exact(Decimal(row["allocated"]), "USD")
        assert page.splitlines()[0].startswith(f"{row['name']} cost {cost} in ")
        assert f"their amounts add up to {cost}" in page
        assert exact(Decimal(row["avoidable"]), "USD") in page
        worth = next(one for one in worths if one["name"] == row["name"])
        if worth["benefit"]:
            for figure in ("benefit_low", "benefit", "benefit_high", "net"):
                assert exact(Decimal(worth[figure]), "USD") in page
        else:
            assert "No benefit is declared" in page
        if row["name"] == "retention_campaign":
            success = page.partition("Does retention_campaign do what it is for?")[2]
            for figure in (f"it cost {cost}", "customers kept", "407", "AUC of churn", "10.9 %"):
                assert figure in success
        text = client.get(f"/csv/feature/explained.csv?{urlencode(query)}").text
        amounts = [Decimal(one["amount"]) for one in csv.DictReader(io.StringIO(text))]
        assert sum(amounts) == Decimal(row["allocated"])


def test_a_csv_has_the_rows_of_the_command(client: Client, sample: Company, view: View) -> None:
    months = f"{view.first}..{view.last}"
    answer = client.get("/csv/overview/worth.csv?by=model")
    ran = sample.run("roi", "--by", "model", "--month", months, "--format", "csv")
    assert answer.text == ran.out
    name = f"costlens-overview-worth-{months}-build1.csv"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'


@pytest.mark.parametrize(
    "path",
    [
        "/csv/overview/nothing.csv",
        "/csv/nowhere/worth.csv",
        "/csv/overview/worth.csv?build=99",
        "/csv/overview/worth.csv?build=x",
        "/csv/feature/explained.csv?name=nobody",
    ],
)
def test_a_csv_of_nothing_is_not_found(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_an_unknown_name_gets_those_that_look_like_it(client: Client, sample: Company) -> None:
    name = names(sample, "feature")[0]
    page = client.page(f"/feature?name={name[:-1]}")
    assert page.startswith(f"No feature is called {name[:-1]}")
    assert "Did you mean" in page
    assert name in page


def test_an_unknown_page_leads_back(client: Client) -> None:
    assert "Nothing is at /nowhere" in client.page("/nowhere")


def test_unknown_keys_are_ignored_and_bad_values_named(client: Client) -> None:
    page = client.page("/?what=ever&month=soon&basis=gold")
    assert '"soon" is no month' in page
    assert 'basis="gold" is unknown' in page


def test_months_without_a_bill_show_no_zero(client: Client) -> None:
    page = client.page("/?month=2001-01")
    assert page.startswith("No bill covers January 2001")
    assert "$0" not in page


def test_two_apps_in_one_process_show_their_own_company(
    client: Client, company: Company, sample: Company
) -> None:
    company.bill({"cost": "12.5"})
    company.refresh()
    other = Client(app=create_app(lake_of(company)))
    assert other.page("/").startswith("May 2026 cost $12.50")
    assert not client.page("/").startswith("May 2026 cost $12.50")
    assert other.page("/").startswith("May 2026 cost $12.50")


def test_before_the_first_build_a_page_says_what_to_run(company: Company) -> None:
    company.bill({"cost": "1"})
    client = Client(app=create_app(lake_of(company)))
    page = client.page("/")
    assert page.startswith("Nothing is built yet")
    assert "costlens refresh" in page
    assert "$" not in page


def test_a_build_without_a_bill_says_so(company: Company) -> None:
    company.activity(
        {"target": "model:a", "hour": "2026-05-01T00:00:00Z", "measure": "requests", "quantity": 1}
    )
    company.catalogue("models: [{name: a}]")
    company.refresh()
    assert Client(app=create_app(lake_of(company))).page("/").startswith("No bill is read yet")


def test_a_month_that_is_not_over_says_up_to_when(company: Company) -> None:
    day = {
        "cost": "10",
        "ChargePeriodStart": "2026-06-20T00:00:00Z",
        "ChargePeriodEnd": "2026-06-21T00:00:00Z",
        "BillingPeriodStart": "2026-06-01T00:00:00Z",
        "BillingPeriodEnd": "2026-07-01T00:00:00Z",
    }
    company.bill({"cost": "30"}, day)
    company.refresh()
    client = Client(app=create_app(lake_of(company)))
    assert client.page("/").startswith("May 2026 cost $30.00")
    open_month = client.show("/?month=2026-06")["page"]["children"]
    assert texts(open_month)[0].startswith("June 2026 cost $10.00 up to 20 Jun;")
    assert "vs May" not in "\n".join(texts(open_month))
    bars = charts(open_month)[-1]["data"][0]  # type: ignore[index]
    assert bars["x"] == ["May 2026", "Jun 2026<br>to 20 Jun"]
    assert bars["marker"]["pattern"]["shape"][1] == "/"


def test_a_part_that_fails_says_so_and_the_others_stand(company: Company) -> None:
    company.bill({"cost": "7", "Tags": {"a": "b"}})
    company.catalogue("stages: [{name: s, billed_by: [{tags: {a: b}}]}]")
    company.refresh()
    lake = lake_of(company)
    client = Client(app=create_app(lake))
    client.show("/?month=2001-01")  # opens the build
    for file in (lake / "ledger").rglob("*.parquet"):
        file.rename(file.with_suffix(".gone"))
    page = client.page("/")
    assert "This part could not be computed" in page
    assert "Try again" in page
    assert "Where did the bill go?" in page
    failed = page.rpartition("What should somebody look at?")[2]  # from days, which are not held
    assert "This part could not be computed" in failed
    assert "$" not in failed
    for file in (lake / "ledger").rglob("*.gone"):
        file.rename(file.with_suffix(".parquet"))
    assert "This part could not be computed" not in client.page("/")


def test_a_new_build_is_seen_and_announced(company: Company) -> None:
    company.bill({"cost": "1"})
    company.refresh()
    client = Client(app=create_app(lake_of(company)), build=1)
    assert client.page("/").startswith("May 2026 cost $1.00")
    company.bill({"cost": "2"})
    company.refresh()
    builds = Builds(lake_of(company))
    assert builds.latest() == 2
    client = Client(app=client.app, build=2)
    shown = client.show("/", by="build.data")
    for _ in range(100):  # the app looks for a newer build once a second
        if "build 2" in shown["news"]["children"]:
            break
        time.sleep(0.05)
        shown = client.show("/", by="build.data")
    assert re.match(r"Updated: build 2, published \d{4}-", shown["news"]["children"])


def test_money_is_shown_in_the_currency_of_the_company(company: Company, tmp_path: Path) -> None:
    company.bill({"cost": "10", "BillingCurrency": "EUR"})
    (tmp_path / "fx.csv").write_text("month,from,to,rate\n2026-05,EUR,USD,1.1\n")
    company.refresh()
    client = Client(app=create_app(lake_of(company)))
    assert client.page("/").startswith("May 2026 cost $11.00")
