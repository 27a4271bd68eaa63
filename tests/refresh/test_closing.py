"""Closing a month: what it records, what it refuses, and the rates that stay with it."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from company import Company, costlens

from costlens.closing import close
from costlens.config import load
from costlens.engine import connect
from costlens.errors import CostLensError
from costlens.lake import Lake

NOW = datetime(2026, 6, 3, 12)
EURO = {"BillingCurrency": "EUR", "BillingAccountId": "2"}
JUNE = {
    "BillingPeriodStart": "2026-06-01",
    "BillingPeriodEnd": "2026-07-01",
    "ChargePeriodStart": "2026-06-01",
    "ChargePeriodEnd": "2026-06-02",
}
PRICES = ("ListCost", "ContractedCost")
FX = ["month,from,to,rate", "2026-05,EUR,USD,1.1", "2026-06,EUR,USD,1.2"]


def write_fx(company: Company, *lines: str) -> None:
    (company.folder / "fx.csv").write_text("\n".join(lines) + "\n")


@pytest.fixture
def books(company: Company) -> Company:
    lines = [{"cost": "3"}, {"cost": "10", **EURO}, {"cost": "20", **EURO, **JUNE}]
    company.bill(*({**line, **dict.fromkeys(PRICES, line["cost"])} for line in lines))
    write_fx(company, *FX)
    company.refresh()
    return company


def cost(company: Company, month: str, currency: str = "USD") -> Decimal:
    words = ("service", "--month", month, "--currency", currency)
    return company.cost(*words)["(unmatched)"]


def refused(company: Company, month: str, *, as_of: datetime = NOW) -> str:
    """Fail to close a month; nothing is published."""
    before = company.ask("builds")
    with pytest.raises(CostLensError) as raised:
        close(load(company.folder), month, as_of=as_of, by="ann")
    assert company.ask("builds") == before
    return str(raised.value)


def test_a_closing_is_recorded_with_who_when_the_build_and_its_rates(books: Company) -> None:
    done = close(load(books.folder), "2026-05", as_of=NOW, by="ann")
    assert (done.build.number, done.build.built_at) == (2, NOW)
    assert [str(one) for one in done.findings] == [
        "2026-05: the bill of bill ends on 2026-05-01\n"
        "    if more is to come: costlens refresh --reopen 2026-05, once it is there"
    ]
    may, june = books.ask("months")
    assert may == {
        "month": "2026-05",
        "state": "closed",
        "first_day": "2026-05-01",
        "last_day": "2026-05-01",
        "complete": "False",
        "closed_at": "2026-06-03 12:00:00",
        "closed_by": "ann",
        "build": "2",
        "rates": "EUR to USD 1.1",
        "held": "0",
    }
    assert (june["state"], june["closed_by"], june["rates"]) == ("open", "", "")
    assert books.ask("months", "--build", "1")[0]["state"] == "open"
    assert books.refresh().out == "nothing new: build 2 still holds\n"


def test_what_cannot_be_closed_is_refused_with_the_reason(books: Company) -> None:
    assert refused(books, "2026-04") == (
        "2026-04: has no bill\n    months with a bill: 2026-05, 2026-06"
    )
    assert refused(books, "2026-06", as_of=datetime(2026, 6, 30, 23, 59)) == (
        "2026-06: is not over\n    close it once its bill is final"
    )
    write_fx(books, *FX, "2026-07,EUR,USD,1.3")
    assert refused(books, "2026-05") == (
        "2026-05: costlens.yaml, the catalogue or fx.csv changed since build 1\n"
        "    run: costlens refresh, look at the month, then close it"
    )
    write_fx(books, *FX)
    with Lake(books.folder / "lake").writing():
        assert "the lake is being written by process" in refused(books, "2026-05")
    close(load(books.folder), "2026-05", as_of=NOW, by="ann")
    assert refused(books, "2026-05") == (
        "2026-05: is closed since 2026-06-03 by ann\n    costlens refresh --reopen 2026-05 opens it"
    )


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (
            "stage_costs",
            [
                "statement of bill is off by -1 EUR, billed",
                "stage_costs of bill is off by -1 EUR, billed",
            ],
        ),
        ("ledger", [f"ledger by {level} of bill is off by -1 EUR, billed" for level in ("feature", "model", "product")]),
    ],
)  # fmt: skip
def test_a_month_that_does_not_tie_is_not_closed(
    books: Company, table: str, told: list[str]
) -> None:
    with Lake(books.folder / "lake").writing() as draft, connect() as con:
        draft.open(con)
        spoilt = (
            f"select * replace (billed + (currency = 'EUR')::integer as billed) "
            f"from memory.main.{table} where billing_period = '2026-05'"
        )
        draft.write(con, table, spoilt, {"billing_period": "2026-05"})
        base = draft.base
        assert base is not None
        draft.publish(
            built_at=NOW,
            engine=base.engine,
            inputs=base.inputs,
            settings=base.settings,
            book={},
            periods=base.periods,
            totals=base.totals,
        )
    said = refused(books, "2026-05").splitlines()
    assert said[::2] == [f"2026-05: does not tie to the bill: {one}" for one in told]
    close(load(books.folder), "2026-06", as_of=datetime(2026, 7, 1), by="ann")


def test_words_that_cannot_be(company: Company) -> None:
    for words, told in (
        (("close", "2026-5"), '"2026-5" is no month'),
        (("close", "2026-05..2026-06"), "is several months: write one"),
        (("refresh", "--by", "ann"), "--by goes with --reopen"),
        (("explain", "feature:f", "--lines", "--currency", "USD"), "no --currency"),
    ):
        ran = costlens(*words)
        assert (ran.code, ran.out) == (2, "")
        assert told in ran.err
    company.bill({"cost": "1"})
    assert "nothing is built yet" in company.run("close", "2026-05").err
    company.refresh()
    ran = company.run("refresh", "--reopen", "2026-05", "--reopen", "2026-06")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.splitlines()[::2] == [
        "costlens: --reopen: 2026-05 is not closed, so there is nothing to reopen",
        "costlens: --reopen: 2026-06 is not closed, so there is nothing to reopen",
    ]


def test_rates_of_a_closed_month_stay_and_one_that_comes_later_is_fixed_too(books: Company) -> None:
    assert (cost(books, "2026-05"), cost(books, "2026-06")) == (14, 24)
    close(load(books.folder), "2026-05", as_of=NOW, by="ann")
    write_fx(books, FX[0], "2026-06,EUR,USD,1.5")  # the rate of May is gone
    ran = books.refresh()
    assert ran.err == (
        "info: fx.csv: 2026-05 is closed with EUR to USD at 1.1, which stands here no more: it "
        "stays\n    put the line back: 2026-05,EUR,USD,1.1\n"
    )
    assert (cost(books, "2026-05"), cost(books, "2026-06")) == (14, 30)
    ran = books.run("cost", "--month", "2026-05", "--currency", "CHF")
    assert (
        ran.err.splitlines()[1]
        == "    add the line: 2026-05,EUR,CHF,<rate>, then run: costlens refresh"
    )
    later = ["2026-05,EUR,CHF,0.5", "2026-05,USD,CHF,0.25", "2026-06,EUR,CHF,0.5"]
    write_fx(books, *FX, *later)
    assert books.refresh().err == ""
    assert cost(books, "2026-05", "CHF") == Decimal("5.75")
    write_fx(books, *FX, "2026-05,EUR,CHF,0.6", *later[1:])
    ran = books.refresh()
    assert "2026-05 is closed with EUR to CHF at 0.5, and this line says 0.6: 0.5 stays" in ran.err
    assert "its bill in EUR stays billed 5 CHF, and not 6; effective 5 CHF, and not 6." in ran.err
    assert cost(books, "2026-05", "CHF") == Decimal("5.75")
    (row,) = [row for row in books.ask("findings") if row["code"] == "closed_rate"]
    assert (row["severity"], row["place"], row["currency"], row["amount"]) == (
        *("warning", "fx.csv:4", "CHF", "1"),
    )
    assert books.run("refresh", "--reopen", "2026-05").err == ""
    assert cost(books, "2026-05", "CHF") == Decimal("6.75")
    assert books.ask("months")[0]["state"] == "reopened"


def test_a_month_of_a_closed_rate_needs_no_line_of_its_own_to_be_loaded(books: Company) -> None:
    close(load(books.folder), "2026-05", as_of=NOW, by="ann")
    write_fx(books, FX[0])
    ran = books.run("refresh")
    assert ran.err == (
        "costlens: fx.csv: no rate from EUR to USD in 2026-06\n"
        "    add the line 2026-06,EUR,USD,<rate>\n"
    )
    ran = books.run("refresh", "--reopen", "2026-05")
    assert "add the line 2026-05,EUR,USD,<rate>" in ran.err
    assert books.ask("months")[0]["state"] == "closed"


def test_the_lake_of_a_former_version_has_no_closed_month(books: Company) -> None:
    lake = Lake(books.folder / "lake")
    assert lake.build().versions["closings"] is None
    assert not (Path(lake.folder) / "closings").exists()
    close(load(books.folder), "2026-05", as_of=NOW, by="ann")
    assert lake.build().versions["closings"] is not None
