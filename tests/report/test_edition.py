"""What an edition holds, that it ties to the statement, and that one build always writes the same."""

import csv
import hashlib
import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from company import Company, costlens
from paying import CATALOGUE, lines, open_company

from costlens.errors import UntiedError
from costlens.lake import Lake
from costlens.questions.ask import open_build
from costlens.report.edition import choose_month, make_edition

SHEETS = {
    "cost_by_feature.csv": "allocated",
    "cost_by_model.csv": "allocated",
    "roi_by_product.csv": "cost",
}
Bytes = dict[str, bytes]


def edition(company: Company, out: Path, *words: str, month: str = "2026-04") -> Bytes:
    """Write an edition and read its files."""
    ran = company.run("report", "-o", str(out), "--month", month, *words)
    assert ran.code == 0, ran.err
    return read(out / month)


def read(folder: Path) -> Bytes:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def rows(found: Bytes, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(found[name].decode().splitlines()))


def add_up(records: list[dict[str, str]], column: str) -> Decimal:
    return sum((Decimal(row[column]) for row in records), Decimal(0))


@pytest.mark.parametrize("basis", ["billed", "effective"])
def test_every_file_adds_up_to_the_statement(paid: Company, out: Path, basis: str) -> None:
    found = edition(paid, out, "--basis", basis)
    asked = paid.ask("statement", "--month", "2026-04")
    assert rows(found, "statement.csv") == asked
    bill = {row["basis"]: Decimal(row["ingested"]) for row in asked}
    assert bill == {"billed": Decimal("50.100000000001"), "effective": Decimal("36.2")}
    for name, column in SHEETS.items():
        assert add_up(rows(found, name), column) == bill[basis]
    paying = rows(found, "chargeback_by_team.csv")
    assert {each: add_up(paying, each) for each in bill} == bill


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("cost_by_feature.csv", ("cost", "--by", "feature")),
        ("cost_by_model.csv", ("cost", "--by", "model")),
        ("roi_by_product.csv", ("roi", "--by", "product")),
        ("statement.csv", ("statement",)),
    ],
)
def test_a_file_holds_what_the_command_answers(
    paid: Company, out: Path, name: str, words: tuple[str, ...]
) -> None:
    found = edition(paid, out)
    ran = paid.run(*words, "--month", "2026-04", "--format", "csv")
    assert found[name].decode() == ran.out


def test_teams_pay_for_their_products_and_for_what_no_product_needs(
    paid: Company, out: Path
) -> None:
    found = rows(edition(paid, out, "--basis", "billed"), "chargeback_by_team.csv")
    parts = ("products", "own_stages", "waste", "idle", "unmatched", "excluded")
    assert [(row["team"], row["cost_centre"], *(row[part] for part in parts)) for row in found] == [
        ("platform", "CC-2", "0", "3", "0", "15", "0", "0"),  # clicks, and five idle eighths
        ("growth", "CC-1", "13", "0", "3", "0", "0", "0"),  # 10 of its own, orders twice
        ("lab", "", "0", "5", "0", "0", "0", "0"),
        ("(excluded)", "", "0", "0", "0", "0", "0", "7"),
        ("(no owner)", "", "3", "0.1", "0", "0", "0", "0"),
        ("(unmatched)", "", "0", "0", "0", "0", "1.000000000001", "0"),
    ]
    for row in found:
        assert sum(Decimal(row[part]) for part in parts) == Decimal(row["billed"])
    effective = {row["team"]: row["effective"] for row in found}
    assert effective["platform"] == "9"
    assert effective["growth"] == "12"


def test_the_manifest_names_the_build_and_the_bytes(paid: Company, out: Path) -> None:
    found = edition(paid, out, month="2026-05")
    said = json.loads(found.pop("manifest.json"))
    (build,) = {row["build"]: row for row in paid.ask("builds")}.values()
    assert {key: said[key] for key in said if key not in ("files", "engine")} == {
        "version": 1,
        "month": "2026-05",
        "last_day": "2026-05-20",
        "complete": False,
        "build": int(build["build"]),
        "built_at": build["built_at"].replace(" ", "T") + "Z",
        "basis": "effective",
        "currency": "USD",
        "closed": None,
    }
    assert {one["file"] for one in said["files"]} == found.keys()
    for one in said["files"]:
        content = found[one["file"]]
        assert one["sha256"] == hashlib.sha256(content).hexdigest()
        assert one["rows"] == len(rows(found, one["file"]))
        assert one["totals"][one["total"]] == {"USD": "36.2"}
    (roi,) = (one for one in said["files"] if one["file"] == "roi_by_product.csv")
    assert roi["totals"]["benefit"] == {"USD": "200"}  # 20 of 31 days of 310


def test_files_are_listed_on_stdout_and_the_month_is_named_beside(paid: Company, out: Path) -> None:
    ran = paid.run("report", "-o", str(out), "--format", "csv")
    assert ran.rows == [
        *(
            {"file": name, "rows": count, "currency": "USD", "total": "36.2"}
            for name, count in (
                ("cost_by_feature.csv", "7"),
                ("cost_by_model.csv", "6"),
                ("roi_by_product.csv", "7"),
                ("chargeback_by_team.csv", "6"),
                ("statement.csv", "2"),
            )
        ),
        {"file": "manifest.json", "rows": "", "currency": "", "total": ""},
    ]
    # April is complete, May, which comes later, is not
    assert ran.err == f"{out / '2026-04'}: 2026-04, whose bill is complete, by build 1\n"


def test_one_build_writes_the_same_bytes_in_every_process(paid: Company, out: Path) -> None:
    first = edition(paid, out)
    other = out.with_name("other")
    script = "from costlens.cli import main; main()"
    words = ("report", "--month", "2026-04", "-o", str(other), "--config", str(paid.folder))
    subprocess.run(
        [sys.executable, "-c", script, *words],
        check=True,
        capture_output=True,
        env={**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"},
    )
    assert read(other / "2026-04") == first
    assert edition(paid, out) == first
    assert [path.name for path in out.iterdir()] == ["2026-04"]  # nothing is left beside


def test_a_corrected_bill_makes_another_edition_and_the_old_build_the_old_one(
    tmp_path: Path,
) -> None:
    company = open_company(tmp_path)
    assert company.run("report").code == 0
    place = tmp_path / "reports" / "2026-04"  # beside costlens.yaml
    old = read(place)
    company.bill(*lines(4, machine="32"), file="billing/04.csv", **_exclude(company))
    company.refresh()
    assert read(place) == old
    assert company.run("report").code == 0
    new = read(place)
    assert {name for name in new if new[name] != old[name]} == {
        "chargeback_by_team.csv",
        "statement.csv",
        "manifest.json",
    }  # billed alone changed, and the others are effective
    assert company.run("report", "--build", "1").code == 0
    assert read(place) == old


def _exclude(company: Company) -> dict[str, object]:
    return {key: value for key, value in company.sources[0].items() if key == "exclude"}


def test_bills_of_several_currencies_tie_in_each_and_meet_in_one(tmp_path: Path) -> None:
    company = Company(folder=tmp_path)
    pounds = [{**line, "BillingCurrency": "GBP"} for line in lines(4)]
    company.bill(*lines(4), *pounds, file="billing/04.csv")
    company.catalogue(CATALOGUE)
    (tmp_path / "fx.csv").write_text("month,from,to,rate\n2026-04,GBP,USD,1.333333333333\n")
    company.refresh()
    found = edition(company, tmp_path / "out", "--basis", "billed")
    for name, column in {**SHEETS, "chargeback_by_team.csv": "billed"}.items():
        sums = {
            code: add_up([row for row in rows(found, name) if row["currency"] == code], column)
            for code in ("USD", "GBP")
        }
        if name == "roi_by_product.csv":
            # 50.100000000001 * 2.333333333333, rounded once
            assert sums == {"USD": Decimal("116.899999999986"), "GBP": 0}
        else:
            assert sums == {"USD": Decimal("50.100000000001"), "GBP": Decimal("50.100000000001")}


def test_a_file_that_misses_a_unit_is_not_made(paid: Company) -> None:
    asked = open_build(Lake(paid.folder / "lake"))
    month = choose_month(asked, "2026-04")
    assert make_edition(asked, month, basis="billed").month == month
    asked.con.execute(  # a temporary table hides the one of the lake
        "create temp table ledger as select * replace (case when target = 'churn' "
        "then billed + 0.000000000001 else billed end as billed) from memory.main.ledger"
    )
    with pytest.raises(UntiedError, match=r"cost_by_model\.csv adds up to"):
        make_edition(asked, month, basis="billed")
    asked.con.close()


def test_a_month_without_a_bill_is_refused_with_those_that_have_one(
    paid: Company, out: Path
) -> None:
    ran = paid.run("report", "-o", str(out), "--month", "2026-03")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        "costlens: there is no bill of 2026-03\n    months with a bill: 2026-04, 2026-05\n"
    )
    assert not out.exists()


def test_a_report_is_of_one_month() -> None:
    ran = costlens("report", "--month", "2026-04..2026-05")
    assert (ran.code, ran.out) == (2, "")
    assert '"2026-04..2026-05" is several months: write one, such as 2026-10' in ran.err
