"""What a report tells ties to the bill, in every format, with every digit that the format has."""

import csv
import io
import json
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree
from zipfile import ZipFile

import duckdb
import pytest
from company import Company
from desks import Office, declare, office

from costlens.config.reports import Question
from costlens.questions.ask import Answer
from costlens.questions.spreadsheet import as_workbook

BILL = {"billed": Decimal("50.100000000001"), "effective": Decimal("36.2")}
TO_OUT = {"window": "2026-04", "to": "out"}
NAMES = Question.__args__  # type: ignore[attr-defined]


def told(paid: Company, folder: Path, **report: object) -> Path:
    """Run one report, and name its file."""
    said = {"name": "r", "window": "2026-04", "to": "out", **report}
    desk = office(paid, folder, said)
    ran = desk.company.run("report", "run", "r")
    assert ran.code == 0, ran.err
    (found,) = (path for path in (folder / "out" / "r").glob("*/*") if path.name != "manifest.json")
    return found


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text())))


def add_up(records: list[dict[str, str]], column: str) -> Decimal:
    return sum((Decimal(row[column] or 0) for row in records), Decimal(0))


@pytest.mark.parametrize("basis", ["billed", "effective"])
@pytest.mark.parametrize("by", ["team", "cost_centre"])
def test_a_chargeback_debits_what_it_credits_and_that_is_the_bill(
    paid: Company, tmp_path: Path, by: str, basis: str
) -> None:
    found = rows(told(paid, tmp_path / "w", question=f"chargeback_by_{by}", basis=basis))
    assert add_up(found, "debit") == add_up(found, "credit") == BILL[basis]
    accounts = {row["account"] for row in found if row["side"] == "pays"}
    known = {"growth", "platform", "lab"} if by == "team" else {"CC-1", "CC-2", "(no cost centre)"}
    assert known <= accounts


@pytest.mark.few(3)
@pytest.mark.parametrize("question", NAMES)
@pytest.mark.parametrize("window", ["2026-04", "2026-04..2026-05", "last 13 weeks", "all"])
def test_every_question_can_be_told_of_every_kind_of_window(
    paid: Company, tmp_path: Path, question: str, window: str
) -> None:
    assert told(paid, tmp_path / "w", question=question, window=window).is_file()


def test_every_format_adds_up_to_the_same(paid: Company, tmp_path: Path) -> None:
    for style in ("csv", "json", "parquet", "excel"):
        path = told(
            paid, tmp_path / style, question="cost_by_feature", basis="billed", format=style
        )
        if style == "csv":
            total = add_up(rows(path), "allocated")
            read = duckdb.sql(
                f"select sum(allocated::decimal(38,12)) from read_csv('{path}', all_varchar = true)"
            )
            assert read.fetchall() == [(BILL["billed"],)]
        elif style == "json":
            total = add_up(json.loads(path.read_text()), "allocated")
        elif style == "parquet":
            ((total,),) = duckdb.sql(f"select sum(allocated) from '{path}'").fetchall()
        else:
            total = sum(map(Decimal, column(path, "D")), Decimal(0))
        assert total == BILL["billed"], style


def column(path: Path, letter: str) -> list[str]:
    """Read the numbers of a column of a workbook as they are stored."""
    sheet = ElementTree.fromstring(ZipFile(path).read("xl/worksheets/sheet1.xml"))
    space = {"x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
    return [
        cell.findtext("x:v", "", space)
        for cell in sheet.iterfind(".//x:c", space)
        if cell.get("r", "").rstrip("0123456789") == letter and cell.get("t") is None
    ]


@pytest.mark.parametrize("text", ["=1+1", "+49 30 1", "-x", "@SUM(A1)", "\t=1", "plain"])
def test_no_text_of_a_workbook_is_a_formula(text: str) -> None:
    book = ZipFile(
        io.BytesIO(as_workbook(Answer(columns=("=c",), types=("VARCHAR",), rows=((text,),))))
    )
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    shared = ElementTree.fromstring(book.read("xl/sharedStrings.xml"))
    assert [node.text for node in shared.iter() if node.tag.endswith("}t")] == ["=c", text]
    is_marked = "quotePrefix" in book.read("xl/styles.xml").decode()
    assert is_marked == (text != "plain") == (' s="' in sheet.partition('r="A2"')[2])


def test_csv_of_a_report_is_guarded_and_that_of_the_command_is_as_it_is(
    paid: Company, tmp_path: Path
) -> None:
    texts = ["=1+1", "@SUM(A1)", "+49 30", "-x", "plain", ""]
    rows = ", ".join(f"('{text}', -1.50::decimal(9, 2))" for text in texts)
    said = f"select * from (values {rows}) as v(a, b)"
    desk = office(paid, tmp_path / "w", {"name": "r", "sql": "q.sql", "to": "out", "window": "all"})
    (tmp_path / "w" / "q.sql").write_text(said)
    assert desk.company.run("report", "run", "r").code == 0
    found = (tmp_path / "w" / "out" / "r" / "all" / "r_all.csv").read_text().splitlines()
    assert found[1:] == [
        "'=1+1,-1.5",
        "'@SUM(A1),-1.5",
        "'+49 30,-1.5",
        "'-x,-1.5",
        "plain,-1.5",
        ",-1.5",
    ]
    printed = desk.company.run("query", said, "--format", "csv").out.splitlines()
    assert printed[1:] == [f"{text},-1.5" for text in texts]


def test_the_same_build_writes_the_same_workbook(paid: Company, tmp_path: Path) -> None:
    both = [
        told(paid, tmp_path / name, question="statement", format="excel").read_bytes()
        for name in "ab"
    ]
    assert both[0] == both[1]


def test_columns_are_chosen_and_a_wrong_one_is_told(paid: Company, tmp_path: Path) -> None:
    path = told(
        paid, tmp_path / "w", question="cost_by_model", columns=["allocated", "name", "currency"]
    )
    assert path.read_text().startswith("allocated,name,currency\n")
    wrong = {"name": "r", "question": "cost_by_model", "columns": ["price"], "to": "out"}
    desk = office(paid, tmp_path / "v", {**wrong, "window": "2026-04"})
    ran = desk.company.run("report", "run", "r")
    assert (ran.code, (tmp_path / "v" / "out").exists()) == (1, False)
    assert 'report "r" has no column price' in ran.err
    assert "columns: name, currency, avoidable" in ran.err


def test_sql_of_ones_own_is_given_the_window_and_reads_nothing_else(
    paid: Company, tmp_path: Path
) -> None:
    desk = office(paid, tmp_path / "w")
    sql = tmp_path / "w" / "mine.sql"
    sql.write_text(
        "select sum(BilledCost) as billed, $first as first, $basis as basis from charges"
        " where billing_period >= $first and billing_period < $after"
    )
    declare(tmp_path / "w", {"name": "mine", "sql": "mine.sql", "window": "2026-04", "to": "out"})
    assert desk.company.run("report", "run", "mine").code == 0
    path = tmp_path / "w" / "out" / "mine" / "2026-04" / "mine_2026-04.csv"
    assert path.read_text() == "billed,first,basis\n50.100000000001,2026-04,effective\n"
    sql.write_text("select * from read_text('costlens.yaml')")
    ran = desk.company.run("report", "run", "mine")
    assert ran.code == 1
    assert ran.err.startswith("costlens: mine.sql: ")
    assert path.read_text().startswith("billed,")


@pytest.fixture
def doctored(paid: Company, tmp_path: Path) -> Office:
    """A workspace whose lake somebody changed: April bears two units more than were billed."""
    desk = office(paid, tmp_path / "w", {"name": "costs", "question": "cost_by_model", **TO_OUT})
    for path in (tmp_path / "w" / "lake" / "ledger" / "billing_period=2026-04").glob("*.parquet"):
        aside = path.with_suffix(".new")
        duckdb.sql(
            f"copy (select * replace (case when target = 'churn' then effective + 0.000000000001 "
            f"else effective end as effective) from '{path}') to '{aside}' (format parquet)"
        )
        aside.replace(path)
    return desk


def test_a_report_that_does_not_tie_is_refused_with_both_amounts(
    doctored: Office, tmp_path: Path
) -> None:
    ran = doctored.company.run("report", "run", "costs")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith(
        'costlens: build 1: report "costs" adds up to 36.200000000002 USD and should to 36.2 USD\n'
        "    nothing was written. "
    )
    assert not (tmp_path / "w" / "out").exists()
    ran = doctored.company.run("report", "--month", "2026-04", "-o", str(tmp_path / "w" / "out"))
    assert ran.code == 1
    assert "build 1: allocated of cost_by_model.csv adds up to 36.200000000002 USD" in ran.err
    assert not (tmp_path / "w" / "out").exists()


def test_one_that_is_due_is_broken_and_the_next_is_made(doctored: Office, tmp_path: Path) -> None:
    due = {"schedule": "0 7 * * *", **TO_OUT}
    declare(
        tmp_path / "w",
        {"name": "costs", "question": "cost_by_model", **due},
        {"name": "idle", "question": "idle_and_waste", **due},
    )
    doctored.due("2026-05-10T08:00")
    assert doctored.due("2026-05-11T07:00") == 1
    said = {row["report"]: (row["state"], row["why"]) for row in doctored.history()}
    assert said["idle"] == ("sent", "")
    assert said["costs"][0] == "broken"
    assert said["costs"][1].startswith('report "costs" adds up to 36.200000000002 USD')
