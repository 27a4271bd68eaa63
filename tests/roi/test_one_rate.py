"""Every question in one currency goes by the same rate for a month, and no two currencies are summed."""

import csv
from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest
from company import Company

from costlens.money import converted, exact_sum
from costlens.questions.ask import Answer
from costlens.questions.explaining import Why
from costlens.questions.window import ALWAYS, Window, months
from costlens.web.data import Builds, Data

Rates = Mapping[tuple[str, str], str]  # month and currency → USD for one
RATES = {
    ("2026-05", "EUR"): "1.083456789012",
    ("2026-05", "GBP"): "1.3",
    ("2026-06", "EUR"): "1.17",
    ("2026-06", "GBP"): "1.251111111111",
}
CATALOGUE = """
teams: [{name: retention}]
features: [{name: f, owner: retention, billed_by: [{resource_id: f}]}]
models: [{name: m, owner: retention, uses: [{feature: f}]}]
products:
  - name: p
    owner: retention
    uses: [{model: m}]
    benefits: [{name: x, kind: revenue, amount: 31, currency: GBP, from: 2026-05-01}]
"""
OWN = {  # month and currency → of the feature, of nobody; no sum of these is a sum of others
    ("2026-05", "USD"): ("2", "0.000000000007"),
    ("2026-05", "EUR"): ("30.333333333333", "0.5"),
    ("2026-05", "GBP"): ("500.1", "7"),
    ("2026-06", "USD"): ("1100", "13"),
    ("2026-06", "EUR"): ("13000.000000000001", "0"),
    ("2026-06", "GBP"): ("170000", "17.7"),
}
PERIODS = {"2026-05": ("2026-05-01", "2026-06-01"), "2026-06": ("2026-06-01", "2026-07-01")}
WINDOWS = {"2026-05": months("2026-05"), "2026-06": months("2026-06"), "": ALWAYS}


def fx(company: Company, rates: Rates) -> None:
    lines = [f"{month},{own},USD,{rate}" for (month, own), rate in rates.items()]
    (company.folder / "fx.csv").write_text("\n".join(["month,from,to,rate", *lines]) + "\n")


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """Publish two months in three currencies."""
    company = Company(folder=tmp_path_factory.mktemp("books"))
    company.bill(
        *(
            {
                **dict.fromkeys(("cost", "ListCost", "ContractedCost"), cost),
                "ResourceId": resource,
                "BillingCurrency": currency,
                "BillingAccountId": currency,
                "BillingPeriodStart": PERIODS[month][0],
                "BillingPeriodEnd": PERIODS[month][1],
                "ChargePeriodStart": PERIODS[month][0],
                "ChargePeriodEnd": PERIODS[month][1],
            }
            for (month, currency), costs in OWN.items()
            for resource, cost in zip(("f", "nobody"), costs, strict=True)
        )
    )
    company.catalogue(CATALOGUE)
    fx(company, RATES)
    company.refresh()
    return company


class Expected:
    """What figures have to come to, from the bill and the rates alone, rounded once each."""

    def __init__(self, rates: Rates, window: str) -> None:
        self.parts: dict[str, list[tuple[Decimal, Decimal]]] = {"f": [], "nobody": []}
        for (month, currency), costs in OWN.items():
            rate = Decimal(rates.get((month, currency), "1"))
            if window in ("", month):
                for name, cost in zip(("f", "nobody"), costs, strict=True):
                    self.parts[name].append((Decimal(cost), rate))

    @property
    def feature(self) -> Decimal:
        return converted(self.parts["f"])

    @property
    def bill(self) -> Decimal:
        return converted([*self.parts["f"], *self.parts["nobody"]])


def rows_of(answer: Answer) -> list[dict[str, object]]:
    return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]


def total(rows: list[dict[str, str]], column: str) -> Decimal:
    assert {row["currency"] for row in rows} == {"USD"}
    return exact_sum(Decimal(row[column]) for row in rows)


def prove(company: Company, rates: Rates, *windows: str) -> None:
    """Ask the command and the pages everything about some windows, and compare."""
    for window in windows:
        expected = Expected(rates, window)
        month = ["--month", window] if window else []
        _prove_costs(company, expected, [*month, "--currency", "USD"])
        _prove_statement(company, rates, expected, [*month, "--currency", "USD"])
        if window:
            _prove_report(company, expected, window)
    lake = Builds(company.folder / "lake")
    latest = lake.latest()
    assert latest is not None
    for window in windows:
        _prove_pages(lake.at(latest), Expected(rates, window), WINDOWS[window])


def _prove_costs(company: Company, expected: Expected, words: list[str]) -> None:
    for by in ("team", "stage", "grade"):
        rows = company.ask("cost", "--by", by, *words)
        assert total(rows, "allocated") == expected.bill, by
    for level, name in (("feature", "f"), ("model", "m"), ("product", "p")):
        asked = company.ask("cost", "--by", level, *words)
        assert total(asked, "allocated") == expected.bill, level
        costs = {row["name"]: row for row in asked}
        returns = {row["name"]: row for row in company.ask("roi", "--by", level, *words)}
        found = {costs[name][column] for column in ("avoidable", "allocated", "stand_alone")}
        assert {Decimal(one) for one in found} == {expected.feature}
        assert Decimal(returns[name]["cost"]) == expected.feature
        explained = company.ask("explain", f"{level}:{name}", *words)
        assert total(explained, "amount") == expected.feature
        assert total([row for row in explained if row["stage_cost"]], "stage_cost") > 0


def _prove_statement(company: Company, rates: Rates, expected: Expected, words: list[str]) -> None:
    for row in company.ask("statement", *words):
        own = OWN[row["period"], row["billed_in"]]
        rate = Decimal(rates.get((row["period"], row["billed_in"]), "1"))
        whole = exact_sum(map(Decimal, own))
        assert Decimal(row["rate"]) == rate
        for name, amount in (("source_total", whole), ("ingested", whole)):
            assert Decimal(row[name]) == converted([(amount, rate)])
        assert Decimal(row["allocated"]) == converted([(Decimal(own[0]), rate)])
        assert Decimal(row["unmatched"]) == converted([(Decimal(own[1]), rate)])
        parts = ("allocated", "unmatched", "rounding")
        assert exact_sum(Decimal(row[part]) for part in parts) == Decimal(row["source_total"])
        assert (row["currency"], row["difference"], row["residual"]) == ("USD", "0", "0")
    by_class = company.ask("statement", "--by", "class", *words)
    assert len({row["billed_in"] for row in by_class}) == 3
    assert abs(total(by_class, "ingested") - expected.bill * 2) < Decimal("1e-10")  # both bases


def _prove_report(company: Company, expected: Expected, month: str) -> None:
    out = company.folder / "reports"
    ran = company.run("report", "--month", month, "--currency", "USD", "-o", str(out))
    assert ran.code == 0, ran.err
    for name, column in (
        ("cost_by_feature", "allocated"),
        ("cost_by_model", "allocated"),
        ("roi_by_product", "cost"),
        ("chargeback_by_team", "billed"),
        ("chargeback_by_team", "effective"),
    ):
        text = (out / month / f"{name}.csv").read_text()
        assert total(list(csv.DictReader(text.splitlines())), column) == expected.bill, name


def _prove_pages(data: Data, expected: Expected, window: Window) -> None:
    first = {"": "2026-04"}.get(window.first, window.first)
    given = {"basis": "billed", "before": first, "level": "feature", "target": "f", **window.given}
    found: dict[str, Decimal] = {}
    for question, column, wanted in (
        ("bill_by_month", "amount", {"figure": "bill"}),
        ("bill_summary", "amount", {"figure": "bill"}),
        ("change_by_target", "amount", {"name": "f"}),
        ("target_by_month", "allocated", {}),
        ("bill_to_target", "amount", {"step": "target"}),
        ("used_by", "cost", {"name": "p"}),
        ("cost_by_target", "allocated", {"name": "f"}),
    ):
        rows = [
            row for row in rows_of(data.ask(question, **given)) if wanted.items() <= row.items()
        ]
        assert {row["currency"] for row in rows} == {"USD"}, question
        found[question] = exact_sum(Decimal(str(row[column])) for row in rows)
    by_month = {found.pop("bill_by_month"), found.pop("bill_summary")}
    assert all(abs(one - expected.bill) < Decimal("1e-11") for one in by_month)
    trend = found.pop("target_by_month")  # each month is rounded by itself
    assert abs(trend - expected.feature) < Decimal("1e-11")
    assert set(found.values()) == {expected.feature}
    why = Why(level="feature", target="f", basis="billed", window=window)
    explained = rows_of(data.explain(why))
    assert {row["currency"] for row in explained} == {"USD"}
    assert exact_sum(Decimal(str(row["amount"])) for row in explained) == expected.feature
    (worth,) = [
        row
        for row in rows_of(data.roi(level="product", basis="billed", window=window))
        if row["name"] == "p"
    ]
    assert (worth["cost"], worth["currency"]) == (expected.feature, "USD")


def test_as_billed_no_currency_is_added_to_another(books: Company) -> None:
    wanted: dict[str, Decimal] = defaultdict(Decimal)
    for (_, currency), costs in OWN.items():
        wanted[currency] += sum(map(Decimal, costs))
    for by in ("feature", "model", "product", "team", "service"):
        found: dict[str, Decimal] = defaultdict(Decimal)
        for row in books.ask("cost", "--by", by):
            found[row["currency"]] += Decimal(row["allocated"])
        assert found == wanted
    for words in (("explain", "feature:f"), ("explain", "feature:f", "--lines")):
        found = defaultdict(Decimal)
        for row in books.ask(*words):
            found[row["currency"]] += Decimal(row["amount"])
        assert found == {
            currency: sum(Decimal(own[0]) for (_, c), own in OWN.items() if c == currency)
            for currency in wanted
        }
    rows = books.ask("statement")
    assert {(row["period"], row["currency"]) for row in rows} == OWN.keys()
    assert len(rows) == 2 * len(OWN)


@pytest.mark.slow
def test_every_question_goes_by_the_rate_of_its_month_and_by_that_it_was_closed_with(
    books: Company, tmp_path: Path
) -> None:
    prove(books, RATES, "2026-05", "")
    assert books.run("close", "2026-05").code == 0
    changed = {**RATES, ("2026-05", "EUR"): "9", ("2026-05", "GBP"): "9", ("2026-06", "GBP"): "2"}
    fx(books, changed)
    ran = books.refresh()
    assert ran.err.count("2026-05 is closed with") == 2
    still = {key: RATES[key] if key[0] == "2026-05" else rate for key, rate in changed.items()}
    prove(books, still, *WINDOWS)


@pytest.mark.parametrize(
    ("words", "needed"),
    [
        (("cost",), {"2026-05": ("EUR", "GBP", "USD"), "2026-06": ("EUR", "GBP", "USD")}),
        (("cost", "--month", "2026-05"), {"2026-05": ("EUR", "GBP", "USD")}),
        (("roi", "--month", "2026-06"), {"2026-06": ("EUR", "GBP", "USD")}),
        (("statement", "--month", "2026-06"), {"2026-06": ("EUR", "GBP", "USD")}),
        (("explain", "model:m", "--month", "2026-05"), {"2026-05": ("EUR", "GBP", "USD")}),
        (("report", "--month", "2026-05"), {"2026-05": ("EUR", "GBP", "USD")}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_missing_rate_is_an_error_that_names_the_line_to_add(
    books: Company, words: tuple[str, ...], needed: Mapping[str, tuple[str, ...]]
) -> None:
    ran = books.run(*words, "--currency", "JPY")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "".join(
        f"costlens: fx.csv: no rate from {own} to JPY for {month}\n"
        f"    add the line: {month},{own},JPY,<rate>, then run: costlens refresh\n"
        for month, currencies in needed.items()
        for own in currencies
    )
