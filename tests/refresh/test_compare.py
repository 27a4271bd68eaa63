"""Why two builds differ: each cause gets its part, and the parts are the difference."""

from decimal import Decimal
from pathlib import Path

import pytest
from company import Company
from shop import CATALOGUE, bill, open_shop, runs_of

from costlens.money import exact_sum

CAUSES = ("bill", "runs", "rules", "catalogue", "rates", "engine")
FX = "month,from,to,rate\n2026-05,USD,EUR,{}\n2026-06,USD,EUR,0.8\n"


@pytest.fixture
def shop(tmp_path: Path) -> Company:
    company = open_shop(Company(folder=tmp_path))
    (tmp_path / "fx.csv").write_text(FX.format("0.9"))
    company.refresh()
    return company


def compared(company: Company, *words: str) -> list[dict[str, str]]:
    """Compare, and see that every row adds up, and to what both builds say."""
    rows = company.ask("compare", *words)
    for row in rows:
        change = Decimal(row["after"]) - Decimal(row["before"])
        assert Decimal(row["change"]) == change
        assert exact_sum(Decimal(row[cause]) for cause in CAUSES) == change
    return rows


def moved(rows: list[dict[str, str]]) -> set[str]:
    return {cause for row in rows for cause in CAUSES if Decimal(row[cause])}


def change_bill(company: Company) -> None:
    bill(company, 5, "9")


def change_runs(company: Company) -> None:
    company.runs(*runs_of(5, days=(1,)), *runs_of(6))


def change_rules(company: Company) -> None:
    text = (company.folder / "catalog" / "all.yaml").read_text()
    company.catalogue(text.replace("resource_id: table", "tags: {kind: table}"))


def change_catalogue(company: Company) -> None:
    text = (company.folder / "catalog" / "all.yaml").read_text()
    company.catalogue(text.replace("weight: 2", "weight: 7"))


CHANGES = {"bill": change_bill, "runs": change_runs, "catalogue": change_catalogue}
CHANGES["rules"] = change_rules


@pytest.mark.few(1)
@pytest.mark.parametrize("cause", CHANGES)
def test_what_one_cause_changed_is_its_part(shop: Company, cause: str) -> None:
    CHANGES[cause](shop)
    shop.refresh()
    rows = compared(shop, "1", "2")
    assert moved(rows) == {cause}
    for build, column in (("1", "before"), ("2", "after")):
        cost = shop.cost("feature", "--build", build)
        assert {row["name"]: Decimal(row[column]) for row in rows if Decimal(row[column])} == {
            name: amount for name, amount in cost.items() if amount
        }


@pytest.mark.slow
def test_several_at_once_add_up_to_the_difference_at_every_level(shop: Company) -> None:
    for change in CHANGES.values():
        change(shop)
    (shop.folder / "fx.csv").write_text(FX.format("1.1"))
    shop.refresh()
    for by in ("feature", "product"):
        rows = compared(shop, "1", "--by", by, "--currency", "EUR")
        assert moved(rows) - {"catalogue"} == {"bill", "runs", "rules", "rates"}
    assert not moved(compared(shop, "1", "--month", "2026-06")) - {"runs", "rules", "catalogue"}
    back = compared(shop, "2", "1")
    assert exact_sum(Decimal(row["change"]) for row in back) < 0
    assert (shop.folder / "catalog" / "all.yaml").read_text() != CATALOGUE


def test_a_build_that_is_not_there_is_told(shop: Company) -> None:
    ran = shop.run("compare", "1", "9")
    assert ran.code == 1
    assert "no build 9" in ran.err


@pytest.mark.parametrize("cause", ["runs", "catalogue"])
def test_what_waited_for_a_closed_month_is_its_causes_part_once_it_is_reopened(
    shop: Company, cause: str
) -> None:
    assert shop.run("close", "2026-05").code == 0
    CHANGES[cause](shop)
    shop.refresh()  # the month stays; what the build knows is new
    assert not moved(compared(shop, "2", "3", "--month", "2026-05"))
    assert shop.run("refresh", "--reopen", "2026-05").code == 0
    assert moved(compared(shop, "3", "4", "--month", "2026-05")) == {cause}
