"""A refresh does what changed and no more; every build stays as it was published."""

import csv
import io
import shutil
from decimal import Decimal
from pathlib import Path

import pytest
from company import Company
from shop import (
    CATALOGUE,
    PERIOD_TABLES,
    bill,
    files,
    line,
    month_lines,
    open_shop,
    results,
    rows,
    runs_of,
    usage_of,
)


@pytest.fixture(scope="session")
def _shop(tmp_path_factory: pytest.TempPathFactory) -> Company:
    company = open_shop(Company(folder=tmp_path_factory.mktemp("shop")))
    company.refresh()
    return company


@pytest.fixture
def shop(_shop: Company, tmp_path: Path) -> Company:
    """Copy a shop whose May and June are in build 1."""
    folder = tmp_path / "shop"
    shutil.copytree(_shop.folder, folder)
    return Company(folder=folder, sources=list(_shop.sources))


def numbers(company: Company) -> list[int]:
    return sorted({int(row["build"]) for row in company.ask("builds")})


def totals(company: Company, *words: str) -> dict[str, Decimal]:
    """Say what each month's bill comes to, and see that the statement has no difference."""
    stated = company.ask("statement", *words)
    assert {Decimal(row["difference"]) for row in stated} == {Decimal(0)}
    return {
        row["period"]: Decimal(row["source_total"]) for row in stated if row["basis"] == "billed"
    }


def assert_nothing_new(company: Company) -> None:
    before = numbers(company)
    ran = company.refresh()
    assert ran.out == f"nothing new: build {before[-1]} still holds\n"
    assert numbers(company) == before


def test_the_shop_has_every_kind_of_money(shop: Company) -> None:
    cost = shop.cost("feature")
    assert {"orders", "clicks", "(idle)", "(unmatched)", "(no feature)"} <= cost.keys()
    assert set(totals(shop)) == {"2026-05", "2026-06"}


def test_nothing_new_makes_no_build_and_says_so(shop: Company) -> None:
    assert_nothing_new(shop)
    assert numbers(shop) == [1]


def test_the_same_file_written_again_changes_nothing(shop: Company) -> None:
    bill(shop, 5)
    (shop.folder / "catalog" / "all.yaml").write_text(CATALOGUE)
    assert_nothing_new(shop)


def test_a_comment_or_another_spelling_of_the_same_changes_nothing(shop: Company) -> None:
    shop.catalogue(CATALOGUE.replace("[{name: clicks}]", "[{  name: clicks  }]") + "# no more\n")
    assert_nothing_new(shop)


@pytest.mark.slow
def test_a_copy_under_another_name_counts_once(shop: Company) -> None:
    before = totals(shop), results(shop)
    shutil.copy(shop.folder / "billing/2026-05.csv", shop.folder / "billing/2026-05 (1).csv")
    ran = shop.refresh()
    assert "holds the same as" in ran.err
    assert ran.out == "nothing new: build 1 still holds\n"
    assert (totals(shop), results(shop)) == before


def test_a_renamed_file_changes_nothing(shop: Company) -> None:
    before = totals(shop), results(shop)
    (shop.folder / "billing/2026-05.csv").rename(shop.folder / "billing/may.csv")
    shop.refresh()
    assert (totals(shop), results(shop)) == before
    assert_nothing_new(shop)


def test_a_late_file_adds_its_month_and_leaves_the_others(shop: Company) -> None:
    before = [files(shop, 5), files(shop, 6)]
    ledger = rows(shop, "ledger")
    bill(shop, 7)
    assert shop.refresh().out == "build 2 published\n"
    assert [files(shop, 5), files(shop, 6)] == before
    assert set(totals(shop)) == {"2026-05", "2026-06", "2026-07"}
    assert rows(shop, "ledger", where="billing_period < '2026-07'") == ledger
    assert set(files(shop, 7)) == {"charges", *PERIOD_TABLES}


def test_runs_of_june_leave_may_as_it_was(shop: Company) -> None:
    may, june = files(shop, 5), files(shop, 6)
    before = shop.cost("feature", "--start", "2026-06")
    shop.runs(*runs_of(5), *runs_of(6, (1, 2, 3)))
    assert shop.refresh().out == "build 2 published\n"
    assert files(shop, 5) == may
    now = files(shop, 6)
    assert not now["attempts"] & june["attempts"]
    assert not now["ledger"] & june["ledger"]
    assert now["charges"] == june["charges"]
    after = shop.cost("feature", "--start", "2026-06")
    assert after["(idle)"] < before["(idle)"]
    assert sum(after.values()) == sum(before.values())


@pytest.mark.slow
def test_usage_of_june_leaves_may_as_it_was(shop: Company) -> None:
    may = files(shop, 5)
    more = {**usage_of(6)[0], "consumer": "product:campaign", "hour": "2026-06-03T05:00:00Z"}
    shop.activity(*usage_of(5), *usage_of(6), more)
    assert shop.refresh().out == "build 2 published\n"
    assert files(shop, 5) == may


def test_a_changed_catalogue_is_allocated_again(shop: Company) -> None:
    before, charges = shop.cost(), rows(shop, "charges")
    shop.catalogue(CATALOGUE.replace(", {feature: clicks}]}", "]}"))
    assert shop.refresh().out == "build 2 published\n"
    after = shop.cost()
    assert after["orders"] > before["orders"]
    assert after["clicks"] < before["clicks"]
    assert sum(after.values()) == sum(before.values())
    assert rows(shop, "charges") == charges


def test_a_month_taken_back_is_gone_from_the_next_build_alone(shop: Company) -> None:
    both = totals(shop)
    bill(shop, 6, file="billing/2026-05.csv")
    (shop.folder / "billing/2026-06.csv").unlink()
    ran = shop.refresh()
    assert "2026-05 are in no file any more" in ran.err
    assert set(totals(shop)) == {"2026-06"}
    assert set(shop.cost()) == set(shop.cost("feature", "--start", "2026-06"))
    assert totals(shop, "--build", "1") == both


def test_a_source_taken_out_no_longer_counts(shop: Company) -> None:
    shop.sources = [one for one in shop.sources if one["name"] != "usage"]
    shop.catalogue(CATALOGUE.replace(", requests: {source: usage}", ""))
    bill(shop, 5)
    ran = shop.refresh()
    assert 'the source "usage" is gone' in ran.err
    assert rows(shop, "activity").count("\n") == 1
    assert rows(shop, "activity", build=1).count("\n") > 1


@pytest.mark.slow
def test_a_build_answers_as_it_did_when_it_was_new(shop: Company) -> None:
    asked = (["cost"], ["statement"], ["findings"], ["explain", "feature:orders"])
    asked += (["trace", "bill:2026-05:1"], ["query", "select * from charges order by all"])

    def answers() -> list[str]:
        ran = [shop.run(*words, "--build", "1", "--format", "csv") for words in asked]
        assert {one.code for one in ran} == {0}, [one.err for one in ran]
        return [one.out for one in ran]

    before = answers()
    bill(shop, 5, "9")
    shop.runs(*runs_of(5, (1,)), *runs_of(6))
    shop.catalogue(CATALOGUE.replace("weight: 2", "weight: 5"))
    shop.refresh()
    bill(shop, 7)
    shop.refresh()
    assert numbers(shop) == [1, 2, 3]
    assert answers() == before
    assert [shop.run(*words, "--format", "csv").out for words in asked] != before


def test_builds_lists_what_each_build_ties_to(shop: Company) -> None:
    bill(shop, 5, "9")
    shop.refresh()
    listed = shop.ask("builds")
    assert list(listed[0]) == [
        "build", "built_at", "source", "period", "currency", "billed", "effective",
    ]  # fmt: skip
    assert [(row["build"], row["period"]) for row in listed] == [
        ("1", "2026-05"), ("1", "2026-06"), ("2", "2026-05"), ("2", "2026-06"),
    ]  # fmt: skip
    for number in ("1", "2"):
        stated = totals(shop, "--build", number)
        assert stated == {r["period"]: Decimal(r["billed"]) for r in listed if r["build"] == number}
    assert len({row["built_at"] for row in listed}) == 2


@pytest.mark.slow
def test_vacuum_keeps_what_is_kept_and_old_builds_are_refused(shop: Company) -> None:
    for cost in ("8", "9", "10"):
        bill(shop, 5, cost)
        shop.refresh()
    before = {n: shop.run("cost", "--build", str(n), "--format", "csv").out for n in (3, 4)}
    assert shop.run("vacuum").out.startswith("0 builds forgotten, 0 files deleted, ")
    assert numbers(shop) == [1, 2, 3, 4]
    ran = shop.run("vacuum", "--keep", "2")
    assert ran.code == 0
    assert ran.out.startswith("2 builds forgotten, ")
    assert numbers(shop) == [3, 4]
    for number, text in before.items():
        assert shop.run("cost", "--build", str(number), "--format", "csv").out == text
    refused = shop.run("cost", "--build", "1")
    assert (refused.code, refused.out) == (1, "")
    lake = shop.folder / "lake"
    assert refused.err == f"costlens: {lake}: no build 1\n    there are 2 builds, from 3 to 4\n"
    assert_nothing_new(shop)
    bill(shop, 6, "11")
    assert shop.refresh().out == "build 5 published\n"
    assert shop.run("vacuum", "--keep", "0").code == 2


def test_the_order_of_lines_and_files_does_not_matter(shop: Company, tmp_path: Path) -> None:
    mixed = Company(folder=tmp_path / "mixed")
    mixed.folder.mkdir()
    open_shop(mixed)
    for path in (mixed.folder / "billing").iterdir():
        path.unlink()
    lines = [row for month in (6, 5) for row in month_lines(month)]
    mixed.bill(*(row for at in range(8) for row in reversed(lines[at::8])), file="billing/all.csv")
    mixed.runs(*(row for month in (5, 6) for row in reversed(runs_of(month))))
    mixed.refresh()
    assert results(mixed) == results(shop)


@pytest.mark.slow
def test_one_month_in_parts_is_one_month(shop: Company, tmp_path: Path) -> None:
    parts = Company(folder=tmp_path / "parts")
    parts.folder.mkdir()
    open_shop(parts, (5, 6))
    (parts.folder / "billing/2026-05.csv").unlink()
    lines = month_lines(5)
    parts.bill(*lines[11:], file="billing/part-1.csv")
    parts.bill(*lines[:11], file="billing/part-2.csv")
    parts.refresh()
    assert results(parts) == results(shop)


def test_a_correction_stands_in_the_month_it_was_billed_in(shop: Company) -> None:
    may = files(shop, 5)
    late = line(6, 1, "-1.25", ResourceId="table", ChargeClass="Correction")
    late = {**late, "ChargePeriodStart": "2026-05-02T00:00:00Z", "ChargePeriodEnd": "2026-05-03"}
    shop.bill(*month_lines(6), late, file="billing/2026-06.csv")
    shop.refresh()
    assert files(shop, 5) == may
    text = rows(shop, "ledger", where="billing_period = '2026-06' and day < '2026-06-01'")
    found = [row for row in csv.DictReader(io.StringIO(text)) if row["level"] == "feature"]
    assert sum(Decimal(row["billed"]) for row in found) == Decimal("-1.25")


def test_a_build_still_answers_while_the_catalogue_is_broken(company: Company) -> None:
    company.bill({"cost": "3", "ResourceId": "t"})
    company.catalogue("features: [{name: f, billed_by: [{resource_id: t}]}]")
    company.refresh()
    company.catalogue("features: [{name: f, nonsense: 1}]")
    assert company.run("refresh").code == 1
    assert company.cost() == {"f": 3}
