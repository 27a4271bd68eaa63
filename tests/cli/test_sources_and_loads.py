"""What was delivered, what it restated, and what stands on each source."""

from company import Company

MAY = {"ChargePeriodStart": "2026-05-03T00:00:00Z", "ChargePeriodEnd": "2026-05-04T00:00:00Z"}
EURO = {"BillingCurrency": "EUR", "BillingAccountId": "2"}


def changes(company: Company) -> list[tuple[str, ...]]:
    columns = ("load", "state", "currency", "rows", "billed", "billed_change", "effective_change")
    return [tuple(row[column] for column in columns) for row in company.ask("loads")]


def test_a_month_delivered_anew_says_by_how_much_it_was_restated(company: Company) -> None:
    company.bill({"cost": "1000.50", "EffectiveCost": "900"})
    company.refresh()
    company.bill({"cost": "2204.61", "EffectiveCost": "899.999999999999"})
    company.refresh()
    assert changes(company) == [
        ("bill/2026-05/1", "superseded", "USD", "1", "1000.5", "", ""),
        ("bill/2026-05/2", "current", "USD", "1", "2204.61", "1204.11", "-0.000000000001"),
    ]


def test_a_currency_that_comes_or_goes_is_restated_from_or_to_nothing(company: Company) -> None:
    (company.folder / "fx.csv").write_text("month,from,to,rate\n2026-05,EUR,USD,1.1\n")
    company.bill({"cost": "1"})
    company.refresh()
    company.bill({"cost": "1"}, {"cost": "7", **EURO})
    company.refresh()
    company.bill({"cost": "1"})
    company.refresh()
    assert changes(company) == [
        ("bill/2026-05/1", "superseded", "USD", "1", "1", "", ""),
        ("bill/2026-05/2", "superseded", "EUR", "1", "7", "7", "7"),
        ("bill/2026-05/2", "superseded", "USD", "1", "1", "0", "0"),
        ("bill/2026-05/3", "current", "EUR", "0", "0", "-7", "-7"),
        ("bill/2026-05/3", "current", "USD", "1", "1", "0", "0"),
    ]


def test_runs_have_loads_without_money(company: Company) -> None:
    company.bill({"cost": "1"})
    company.runs({"run_id": "r", "pipeline": "p", "start": "2026-05-01T00:00:00Z"})
    company.refresh()
    (row,) = [row for row in company.ask("loads") if row["makes"] == "attempts"]
    assert (row["rows"], row["billed"], row["billed_change"]) == ("1", "", "")


def test_loads_of_a_month_are_those_of_the_billing_period(company: Company) -> None:
    june = {"BillingPeriodStart": "2026-06-01", "BillingPeriodEnd": "2026-07-01"}
    days = {"ChargePeriodStart": "2026-06-01", "ChargePeriodEnd": "2026-06-02"}
    company.bill({"cost": "1"}, {"cost": "2", **june, **days})
    company.refresh()
    (row,) = company.ask("loads", "--month", "2026-06")
    assert row["load"] == "bill/2026-06/1"
    (row,) = company.ask("loads", "--start", "2026-05-20", "--stop", "2026-06-01")
    assert row["load"] == "bill/2026-05/1"


def test_what_came_from_a_source_that_is_gone_is_told(company: Company) -> None:
    company.bill({"cost": "1"})
    company.bill({"cost": "2", "BillingAccountId": "2"}, name="other")
    company.refresh()
    company.sources.pop()
    company.bill({"cost": "1"})
    company.refresh()
    assert [(row["source"], row["state"]) for row in company.ask("loads")] == [
        ("bill", "current"),
        ("other", "source gone"),
    ]


def test_sources_stand_in_the_order_of_costlens_yaml_with_what_they_hold(company: Company) -> None:
    company.runs({"run_id": "r", "pipeline": "p", "start": "2026-05-01T00:00:00Z"})
    company.bill({"cost": "1.5", "ProviderName": ""}, {"cost": "2", **MAY})
    company.refresh()
    rows = company.ask("sources")
    assert [(row["source"], row["pack"], row["makes"]) for row in rows] == [
        ("runs", "runs", "attempts"),
        ("bill", "focus", "charges"),
    ]
    assert (rows[0]["rows"], rows[0]["billed"], rows[0]["findings"]) == ("1", "", "0")
    bill = rows[1]
    assert (bill["periods"], bill["first_period"], bill["last_day"]) == (
        "1",
        "2026-05",
        "2026-05-03",
    )
    assert (bill["rows"], bill["billed"], bill["currency"]) == ("2", "3.5", "USD")
    assert bill["findings"] == "3"  # list and contracted cost, and the provider, were filled in


def test_a_source_that_was_never_loaded_shows_without_figures(company: Company) -> None:
    company.bill({"cost": "1"})
    company.refresh()
    company._source(name="later", type="focus", path="later.csv")
    rows = company.ask("sources")
    assert [(row["source"], row["pack"], row["rows"]) for row in rows] == [
        ("bill", "focus", "1"),
        ("later", "focus", ""),
    ]
    assert rows[1]["findings"] == ""
