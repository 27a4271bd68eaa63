"""`costlens packs new` begins a pack that works, from nothing but a file."""

import re
import shutil
from pathlib import Path

import pytest
from company import Company, write

from costlens.ingest import find_packs

ROWS = [
    {
        "Invoice No": "7",
        "Usage Date": f"2026-05-{day:02}",
        "Product": "Labels",
        "Project": "churn",
        "Net amount": "12.50",
        "Reviewer": "ann",
    }
    for day in range(1, 9)
]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Company:
    company = Company(folder=tmp_path_factory.mktemp("built"))
    company.bill({"cost": "1"})
    company.refresh()
    write(company.folder / "bills" / "may.csv", ROWS)
    return company


@pytest.fixture
def acme(built: Company, tmp_path: Path) -> Company:
    shutil.copytree(built.folder, tmp_path, dirs_exist_ok=True)
    return Company(folder=tmp_path, sources=list(built.sources))


def new(company: Company, file: str = "bills/may.csv", *words: str):  # noqa: ANN201 -- a Ran
    return company.run("packs", "new", "acme", str(company.folder / file), *words)


def test_a_begun_pack_loads_the_file_it_was_begun_from(acme: Company) -> None:
    ran = new(acme)
    assert ran.code == 0, ran.err
    assert "connectors/acme/: charges.sql, connector.yaml, control.sql, expected.csv, " in ran.out
    assert "  BilledCost         Net amount\n  ChargePeriodStart  Usage Date\n" in ran.out
    assert "  not used           Reviewer\n" in ran.out
    folder = acme.folder / "connectors" / "acme"
    assert len((folder / "sample.csv").read_text().splitlines()) == 6
    assert len((folder / "expected.csv").read_text().splitlines()) == 6
    assert "acme" in [row["name"] for row in acme.ask("packs")]
    acme._source(name="labels", type="acme", path="bills/")
    assert acme.run("check").code == 0
    acme.refresh()
    rows = acme.ask(
        "query",
        "select ServiceName, SubAccountId, InvoiceId, count(*) as n, sum(BilledCost) as cost "
        "from charges where source = 'labels' group by all",
    )
    assert [tuple(row.values()) for row in rows] == [("Labels", "churn", "7", "8", "100")]


@pytest.mark.parametrize(
    ("header", "cost", "day"),
    [
        ("Date,Cost Center,Net Amount", "Net Amount", "Date"),
        ("Usage Date,Usage Amount,Charge", "Charge", "Usage Date"),
        ("Date,Discount Amount,Line Total", "Line Total", "Date"),
        ("Date,Unit Price,Tax Amount,Total Fee", "Total Fee", "Date"),
        ("ts,Net Amount (EUR),Quantity", "Net Amount (EUR)", "ts"),
        (
            "bill_billing_period_start_date,line_item_usage_start_date,line_item_usage_amount,"
            "line_item_unblended_cost,cost_category",
            "line_item_unblended_cost",
            "line_item_usage_start_date",
        ),
    ],
)
def test_no_quantity_discount_or_cost_centre_is_taken_for_the_amount(
    acme: Company, header: str, cost: str, day: str
) -> None:
    names = header.split(",")
    values = ["2026-05-01" if re.search("(?i)date|^ts", name) else "7" for name in names]
    (acme.folder / "one.csv").write_text(f"{header}\n{','.join(values)}\n")
    ran = new(acme, "one.csv")
    assert ran.code == 0, ran.err
    assert re.search(rf"BilledCost +{re.escape(cost)}\n", ran.out), ran.out
    assert re.search(rf"ChargePeriodStart +{re.escape(day)}\n", ran.out), ran.out


def test_a_column_a_tag_is_gathered(acme: Company) -> None:
    (acme.folder / "one.csv").write_text(
        "Date,Cost,tag:team,x_line,tag:env\n2026-05-01,7,risk,5,prod\n2026-05-02,1,,6,test\n"
    )
    ran = new(acme, "one.csv")
    assert ran.code == 0, ran.err
    assert "  Tags               tag:*\n  not used           x_line\n" in ran.out
    acme.source(name="labels", type="acme", path="one.csv")
    acme.refresh()
    rows = acme.ask(
        "query", "select BilledCost, Tags from charges where source = 'labels' order by x_line"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("7", '{"env":"prod","team":"risk"}'),
        ("1", '{"env":"test"}'),
    ]


def test_a_column_that_stands_twice_is_refused_before_anything_is_written(acme: Company) -> None:
    (acme.folder / "one.csv").write_text("Date,Cost,cost\n2026-05-01,1,2\n")
    ran = new(acme, "one.csv")
    assert (ran.code, "the column Cost stands twice in the header" in ran.err) == (1, True), ran.err
    assert not (acme.folder / "connectors" / "acme").exists()


def test_nothing_that_exists_is_touched(acme: Company) -> None:
    folder = acme.folder / "connectors" / "acme"
    folder.mkdir(parents=True)
    (folder / "mine.txt").write_text("mine")
    ran = new(acme)
    assert (ran.code, ran.err) == (
        1,
        'costlens: the pack "acme" exists already: nothing was written\n'
        '    take another name, such as "own_acme"\n',
    )
    assert [path.name for path in folder.iterdir()] == ["mine.txt"]
    ran = acme.run("packs", "new", "focus", str(acme.folder / "bills/may.csv"))
    assert 'the pack "focus" exists already' in ran.err


def test_a_file_that_says_nothing_needs_to_be_told_what_is_what(acme: Company) -> None:
    write(acme.folder / "x.csv", [{"a": "2026-05-01", "b": "3", "c": "x"}])
    ran = new(acme, "x.csv")
    assert ran.err == (
        "costlens: x.csv: no column looks like an amount\n    write --cost and one of: a, b, c\n"
    )
    assert 'x.csv: has no column "d"' in new(acme, "x.csv", "--cost", "d").err
    assert not (acme.folder / "connectors").exists()
    assert new(acme, "x.csv", "--cost", "b", "--day", "a").code == 0
    (pack,) = (pack for pack in find_packs(acme.folder) if pack.name == "acme")
    assert pack.description.needs == ("b", "a")


def test_amounts_that_cannot_be_read_are_said(acme: Company) -> None:
    write(acme.folder / "x.csv", [{"date": "2026-05-01", "cost": "1.234,50"}])
    ran = new(acme, "x.csv")
    assert ran.code == 0
    assert (
        'no expected.csv: sample.csv:2: "1.234,50" in the column cost is not an amount of money'
        in ran.out
    )
    assert "connectors/acme/charges.sql and control.sql;" in ran.out


@pytest.mark.parametrize("name", ["Acme", "a b", "../x"])
def test_a_name_of_other_letters_is_refused(acme: Company, name: str) -> None:
    ran = acme.run("packs", "new", name, str(acme.folder / "bills/may.csv"))
    assert f'"{name}" is no name for a pack' in ran.err


@pytest.mark.parametrize("kind", ["parquet", "jsonl"])
def test_a_pack_can_begin_from_other_formats(acme: Company, kind: str) -> None:
    import duckdb

    path = acme.folder / "bills" / f"may.{kind}"
    form = "parquet" if kind == "parquet" else "json"
    with duckdb.connect() as con:
        con.execute(
            f"copy (from read_csv('{path.with_suffix('.csv')}')) to '{path}' (format {form})"
        )
    assert new(acme, f"bills/may.{kind}").code == 0
    acme._source(name="labels", type="acme", path=f"bills/may.{kind}")
    acme.refresh()
    (row,) = acme.ask("query", "select sum(BilledCost) as s from charges where source = 'labels'")
    assert row["s"] == "100"
    assert (acme.folder / "connectors" / "acme" / "expected.csv").is_file()


def test_packs_are_listed_as_before(company: Company) -> None:
    company.bill({"cost": "1"})
    assert {"focus", "generic", "oci"} <= {row["name"] for row in company.ask("packs")}
    assert Path(company.folder / "connectors").exists() is False


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "bill.json",
            b'{\n "Date": "2026-05-01",\n "Cost": 3\n}\n',
            "write one JSON object a line",
        ),
        ("bill.db", b"SQLite format 3\0" + bytes(100), "bill.db: is a database"),
        ("bill.parquet", b"PAR1" + bytes(20) + b"PAR1", "bill.parquet: cannot be read"),
    ],
)
def test_a_file_without_a_header_begins_nothing(
    acme: Company, name: str, content: bytes, message: str
) -> None:
    (acme.folder / name).write_bytes(content)
    ran = new(acme, name)
    assert ran.code == 1
    assert message in ran.err
    assert not (acme.folder / "connectors").exists()
