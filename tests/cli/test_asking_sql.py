"""`query` answers one select over one build, and reads nothing else."""

from decimal import Decimal
from pathlib import Path

import pytest
from company import Company

from costlens.lake import TABLES

NO_SELECT = [
    "select 1; select 2",
    "copy charges to 'out.csv'",
    "copy (select 1) to '/dev/stdout'",
    "attach 'other.db'",
    "insert into charges select * from charges",
    "delete from charges",
    "update charges set BilledCost = 0",
    "drop view charges",
    "create table mine as select 1",
    "create or replace view charges as select 1 as BilledCost",
    "pragma version",
    "set enable_external_access = true",
    "reset allowed_paths",
    "install httpfs",
    "load httpfs",
    "export database 'folder'",
    "call pragma_version()",
    "begin",
    "explain select 1",
    "",
    "/* nothing */",
]
OUTSIDE = [
    "select * from read_csv('{path}')",
    "select * from read_csv_auto('{path}')",
    "select * from read_text('{path}')",
    "select * from read_blob('{path}')",
    "select * from read_json('{path}')",
    "select * from read_parquet('{path}')",
    "select * from parquet_metadata('{path}')",
    "select * from sniff_csv('{path}')",
    "select * from glob('{folder}/*')",
    "select * from glob('*')",
    "select * from '{path}'",
    "from '/etc/passwd'",
    "select * from read_csv('/etc/passwd')",
    "select * from read_text('costlens.yaml')",
    "select * from read_csv('http://127.0.0.1:9/bill.csv')",
    "select * from delta_scan('{folder}')",
    "select * from query('copy charges to ''out.csv''')",
    "select (select content from read_text('{path}')) from charges",
]


def test_a_select_is_answered(sample: Company) -> None:
    ((billed,),) = [
        tuple(row.values()) for row in sample.ask("query", "select sum(BilledCost) from charges")
    ]
    stated = [row for row in sample.ask("statement") if row["basis"] == "billed"]
    assert Decimal(billed) == sum(Decimal(row["ingested"]) for row in stated)


@pytest.mark.parametrize(
    "sql",
    [
        "select 1 as one;",
        "with x as (select 1 as one) from x",
        "select 1 as one -- that is why",
        "values (1)",
    ],
)
def test_any_form_of_a_select_is_one(sample: Company, sql: str) -> None:
    assert len(sample.ask("query", sql)) == 1


def test_every_table_can_be_asked(sample: Company) -> None:
    found = sample.ask("query", "select table_name from information_schema.tables order by all")
    assert [row["table_name"] for row in found] == sorted(TABLES)
    assert sample.ask("query", "show tables") == [{"name": name} for name in sorted(TABLES)]
    for table in TABLES:
        assert sample.run("query", f"select count(*) from {table}").code == 0


@pytest.mark.parametrize("sql", NO_SELECT)
def test_what_is_no_single_select_is_refused(sample: Company, sql: str) -> None:
    ran = sample.run("query", sql)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        "costlens: query: query takes exactly one select\n    for example: select * from ledger\n"
    )
    assert list(Path.cwd().iterdir()) == []


@pytest.mark.parametrize("sql", OUTSIDE)
def test_a_file_outside_the_build_is_not_read(sample: Company, tmp_path: Path, sql: str) -> None:
    path = tmp_path / "secret.csv"
    path.write_text("word\nsesame\n")
    ran = sample.run("query", sql.format(path=path, folder=tmp_path))
    assert (ran.code, ran.out) == (1, "")
    assert "sesame" not in ran.err
    assert ran.err.startswith("costlens: query: ")
    assert "Traceback" not in ran.err
    assert list(tmp_path.iterdir()) == [path]


def test_files_of_the_lake_that_no_build_names_are_not_read(sample: Company) -> None:
    log = sample.folder / "lake" / "ledger" / "_delta_log"
    ran = sample.run("query", f"select * from read_text('{log}/00000000000000000000.json')")
    assert (ran.code, ran.out) == (1, "")


@pytest.mark.parametrize("sql", ["selec 1", "select nope from ledger", "select 1 from nowhere"])
def test_a_mistake_in_the_sql_is_told_in_one_line(sample: Company, sql: str) -> None:
    ran = sample.run("query", sql)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("costlens: query: ")
    assert "Traceback" not in ran.err
