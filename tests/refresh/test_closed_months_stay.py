"""A closed month stays as it was closed, whatever is delivered, written or measured later."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from company import Company
from shop import CATALOGUE, anew, bill, line, month_lines, of_any_build, open_shop, results, runs_of

FX = """month,from,to,rate
2026-05,USD,EUR,{may}
2026-06,USD,EUR,{june}
2026-05,USD,CHF,0.7
2026-06,USD,CHF,0.6
"""
ASKED = (
    ("cost", "--by", "feature", "--currency", "EUR"),
    ("cost", "--by", "team", "--basis", "billed", "--currency", "CHF"),
    ("roi", "--by", "feature"),
    ("statement", "--by", "class", "--currency", "EUR"),
    ("explain", "feature:clicks"),
    ("explain", "model:churn", "--lines"),
)


def answers(company: Company, month: str = "2026-05") -> dict[str, str]:
    """Ask everything about a month; of the statement, all that a closed month keeps."""
    found: dict[str, str] = {}
    for words in ASKED:
        ran = company.run(*words, "--month", month, "--format", "csv")
        assert ran.code == 0, ran.err
        found[" ".join(words)] = of_any_build(ran)
    ran = company.run("trace", f"bill:{month}:1", "--format", "csv")
    assert ran.code == 0, ran.err
    found["trace"] = of_any_build(ran)
    statement = company.ask("statement", "--month", month, "--currency", "EUR")
    assert all(row.pop("difference") == "0" for row in statement)
    found["statement"] = str([{**row, "state": "", "held": ""} for row in statement])
    return found


def report(company: Company, *words: str) -> Mapping[str, bytes]:
    out = company.folder / "reports"
    ran = company.run("report", "--month", "2026-05", "-o", str(out), *words)
    assert ran.code == 0, ran.err
    return {path.name: path.read_bytes() for path in sorted((out / "2026-05").iterdir())}


def rates(company: Company, may: str = "0.9", june: str = "0.8") -> None:
    (company.folder / "fx.csv").write_text(FX.format(may=may, june=june))


@pytest.fixture
def shop(tmp_path: Path) -> Company:
    folder = tmp_path / "shop"
    folder.mkdir()
    company = Company(folder=folder, settings={"currency": "EUR"})
    open_shop(company)
    rates(company)
    company.refresh()
    return company


def test_a_closed_month_stays_whatever_changes_until_it_is_reopened(
    shop: Company, tmp_path: Path
) -> None:
    may, june = answers(shop), answers(shop, "2026-06")
    assert shop.run("close", "2026-05", "--by", "ann").out == (
        "2026-05 is closed by build 2, at USD to CHF 0.7, USD to EUR 0.9\n"
    )
    assert (answers(shop), answers(shop, "2026-06")) == (may, june)
    written = {money: report(shop, *money) for money in ((), ("--currency", "CHF"))}

    bill(shop, 5, "9")  # the provider says otherwise
    bill(shop, 6, "9")
    rates(shop, may="0.95", june="0.75")
    shop.runs(*runs_of(5, days=(1,)), *runs_of(6))  # a day of runs is gone
    changed = CATALOGUE.replace("weight: 2", "weight: 7").replace(", {name: clicks}]", "]")
    shop.catalogue(changed.replace(", {feature: clicks}", "").replace("retention", "growth"))
    first, again = shop.refresh(), shop.refresh()
    assert (first.out, again.out) == (
        "build 3 published\n",
        "nothing new: build 3 still holds\n",
    )
    assert first.err == again.err == shop.run("check").err
    assert shop.run("check", "--full").err.endswith(first.err)
    assert (
        'costlens.yaml:4: 2026-05 is closed, and what "bill" delivered of it by 2026-' in first.err
    )
    assert "is another bill: billed +5.97, effective +5.97 USD\n" in first.err
    assert (
        "warning: fx.csv:2: 2026-05 is closed with USD to EUR at 0.9, and this line says 0.95: "
        "0.9 stays\n    its bill in USD stays billed 31.085999999999 EUR, and not "
        "32.812999999999; effective 31.085999999999 EUR, and not 32.812999999999. To take the "
        "new rate: costlens refresh --reopen 2026-05\n"
    ) in first.err

    assert answers(shop) == may
    now = answers(shop, "2026-06")
    assert all(now[words] != june[words] for words in now if words != "explain feature:clicks")
    assert {row["held"] for row in shop.ask("statement", "--month", "2026-05")} == {"5.97"}
    assert shop.run("vacuum", "--keep", "1").code == 0
    assert {row["build"] for row in shop.ask("builds")} == {"2", "3"}
    assert answers(shop) == may
    for money, files in written.items():
        assert report(shop, *money) == files

    reopened = shop.run("refresh", "--reopen", "2026-05", "--by", "bob")
    assert (reopened.code, reopened.out) == (0, "build 4 published\n")
    assert "closed" not in reopened.err
    assert results(shop) == anew(shop, tmp_path / "anew" / "shop")
    (row,) = shop.ask("query", "select * from closings")
    assert (row["month"], row["build"], row["closed_by"], row["reopened_by"]) == (
        *("2026-05", "2"),
        *("ann", "bob"),
    )
    assert row["closed_at"] < row["reopened_at"]
    assert shop.run("vacuum", "--keep", "1").code == 0
    assert {row["build"] for row in shop.ask("builds")} == {"4"}
    assert shop.run("close", "2026-05").out.startswith(
        "2026-05 is closed by build 5, at USD to CHF"
    )
    assert [row["build"] for row in shop.ask("months")] == ["5", ""]
    assert len(shop.ask("query", "select * from closings where month = '2026-05'")) == 2


def test_what_comes_for_a_closed_month_is_listed_as_held_until_it_is_read(shop: Company) -> None:
    def loads() -> list[tuple[str, ...]]:
        columns = ("load", "state", "billed", "billed_change")
        listed = shop.ask("loads", "--month", "2026-05")
        return [tuple(row[c] for c in columns) for row in listed if row["makes"] == "charges"]

    first = ("bill/2026-05/1", "current", "34.539999999999", "")
    assert shop.run("close", "2026-05").code == 0
    bill(shop, 5, "8")
    shop.refresh()
    assert loads() == [first, ("bill/2026-05/2", "held", "37.509999999999", "2.97")]
    bill(shop, 5, "9")
    shop.refresh()
    assert loads()[1:] == [
        ("bill/2026-05/2", "superseded", "37.509999999999", "2.97"),
        ("bill/2026-05/3", "held", "40.509999999999", "3"),
    ]
    assert [row["held"] for row in shop.ask("months")] == ["1", "0"]
    bill(shop, 5)  # as it was when it was closed
    assert "closed" not in shop.refresh().err
    assert [row[1] for row in loads()] == ["current", "superseded", "superseded"]
    (shop.folder / "billing" / "2026-05.csv").unlink()
    assert "is gone: 2026-05 stays as it was loaded" in shop.refresh().err
    assert [row[1] for row in loads()] == ["current", "superseded", "superseded"]


@pytest.mark.slow
def test_a_file_of_two_months_is_read_for_the_open_one_alone(tmp_path: Path) -> None:
    company = Company(folder=tmp_path)
    company.bill(*month_lines(5), *month_lines(6), file="bill.csv")
    company.refresh()
    assert company.run("close", "2026-05").code == 0
    company.sources[0]["drop_tags"] = ["nobody"]  # the same files, to be read in another way
    company.source(**company.sources[0])
    assert "closed" not in company.refresh().err
    assert company.refresh().out == "nothing new: build 3 still holds\n"
    states = [(row["period"], row["state"]) for row in company.ask("loads")]
    assert states == [
        *(("2026-05", "current"), ("2026-05", "unread")),
        *(("2026-06", "superseded"), ("2026-06", "current")),
    ]
    assert [row["held"] for row in company.ask("months")] == ["0", "0"]
    drop: dict[str, object] = {"drop_tags": ["nobody"]}
    company.bill(*month_lines(5, "8"), *month_lines(6, "8"), file="bill.csv", **drop)
    company.refresh()

    def billed() -> list[tuple[str, str]]:
        rows = company.ask("statement")
        return [(row["source_total"], row["held"]) for row in rows if row["basis"] == "billed"]

    assert billed() == [("34.539999999999", "2.97"), ("37.509999999999", "")]
    assert company.refresh().out == "nothing new: build 4 still holds\n"
    company.run("refresh", "--reopen", "2026-05")  # the file itself is the one of before
    assert billed() == [("37.509999999999", ""), ("37.509999999999", "")]
    assert company.refresh().out == "nothing new: build 5 still holds\n"


@pytest.mark.slow
def test_a_source_may_come_or_go_and_a_closed_month_stays(tmp_path: Path) -> None:
    company = Company(folder=tmp_path)
    (tmp_path / "fx.csv").write_text("month,from,to,rate\n2026-05,EUR,USD,2\n")
    company.bill(line(5, 1, "10"), name="old")
    company.bill(line(5, 1, "1", BillingAccountId="2"), line(6, 1, "4", BillingAccountId="2"))
    company.refresh()
    assert company.run("close", "2026-05").code == 0
    del company.sources[0]
    euro = {"BillingAccountId": "3", "BillingCurrency": "EUR"}
    company.bill(line(5, 1, "7", **euro), name="new")
    ran = company.refresh()
    assert 'the source "old" is gone: what came from it no longer counts, but in closed' in ran.err
    assert '2026-05 is closed, and what "new" delivered of it' in ran.err
    assert "billed +7, effective +7 EUR\n" in ran.err

    def statement(*words: str) -> list[tuple[str, ...]]:
        columns = ("source", "period", "currency", "ingested", "difference", "state", "held")
        rows = company.ask("statement", *words)
        return [tuple(row[c] for c in columns) for row in rows if row["basis"] == "billed"]

    assert statement() == [
        ("bill", "2026-05", "USD", "1", "0", "closed", "0"),
        ("bill", "2026-06", "USD", "4", "0", "open", ""),
        ("new", "2026-05", "EUR", "0", "0", "closed", "7"),
        ("old", "2026-05", "USD", "10", "0", "closed", "0"),
    ]
    assert statement("--currency", "USD")[2] == (
        *("new", "2026-05", "USD", "0", "0", "closed", "14"),
    )
    assert company.cost("service", "--month", "2026-05") == {"(unmatched)": 11}
    company.run("refresh", "--reopen", "2026-05")
    assert statement() == [
        ("bill", "2026-05", "USD", "1", "0", "open", ""),
        ("bill", "2026-06", "USD", "4", "0", "open", ""),
        ("new", "2026-05", "EUR", "7", "0", "open", ""),
    ]
