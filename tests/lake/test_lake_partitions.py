"""A partition is replaced whole, alone, and whatever its name is."""

import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from deltalake import DeltaTable, QueryBuilder

from costlens.errors import CostLensError
from costlens.lake import Build, Draft, Lake

Publish = Callable[[Draft], Build]
MONTHS = ("2026-04", "2026-05", "2026-06")
ODD = (
    "x y/é=%",
    "a%2Fb",
    'it\'s "q"',
    "*?[a]{b}",
    "日本",
    "NULL",
    "null",
    "__HIVE_DEFAULT_PARTITION__",
    "a\\b",
    "tab\tline\n",
    ".",
    "..",
    "0123",
    "1e5",
    "2026-01-01",
    "a+b&c#d;e:f",
    "@40",
    " ",
    "AWS",
    "aws",
)


def write_months(draft: Draft, con: duckdb.DuckDBPyConnection) -> dict[str, Path | None]:
    return {
        month: draft.write(
            con,
            "ledger",
            "select $month as billing_period, i as billed from range(10) as t(i)",
            {"billing_period": month},
            {"month": month},
        )
        for month in MONTHS
    }


def rows(con: duckdb.DuckDBPyConnection) -> list[tuple[str, Decimal]]:
    return con.execute(
        "select billing_period, sum(billed) from ledger group by all order by all"
    ).fetchall()


def test_replacing_partitions_replaces_exactly_those_in_one_commit(
    lake: Lake, con: duckdb.DuckDBPyConnection, publish: Publish
) -> None:
    with lake.writing() as draft:
        files = write_months(draft, con)
        first = publish(draft)
    with lake.writing() as draft:
        new = draft.write(con, "ledger", "select 7 as billed", {"billing_period": "2026-05"})
        draft.drop("ledger", {"billing_period": "2026-06"})
        second = publish(draft)
    lake.open(con, second)
    assert rows(con) == [("2026-04", Decimal(45)), ("2026-05", Decimal(7))]
    ledger = {path for path in lake.files(second) if "/ledger/" in path}
    assert ledger == {str(files["2026-04"]), str(new)}
    assert second.versions["ledger"] == (first.versions["ledger"] or 0) + 1
    lake.open(con, first)
    assert rows(con) == [(month, Decimal(45)) for month in MONTHS]


def test_further_writes_of_a_draft_to_a_partition_add_to_the_first(
    lake: Lake, con: duckdb.DuckDBPyConnection, publish: Publish
) -> None:
    with lake.writing() as draft:
        write_months(draft, con)
        publish(draft)
    with lake.writing() as draft:
        for amount in ("1", "2"):
            draft.write(con, "ledger", f"select {amount} as billed", {"billing_period": "2026-05"})
        publish(draft)
    lake.open(con, lake.build())
    assert rows(con)[1] == ("2026-05", Decimal(3))


def test_a_write_of_no_rows_empties_the_partition_and_leaves_no_file(
    lake: Lake, con: duckdb.DuckDBPyConnection, publish: Publish
) -> None:
    with lake.writing() as draft:
        write_months(draft, con)
        publish(draft)
    with lake.writing() as draft:
        empty = draft.write(
            con, "ledger", "select 1 as billed where false", {"billing_period": "2026-04"}
        )
        assert empty is None
        assert draft.changed("ledger")
        publish(draft)
    lake.open(con, lake.build())
    assert [row[0] for row in rows(con)] == ["2026-05", "2026-06"]


def test_a_table_without_partitions_is_replaced_whole(
    lake: Lake, con: duckdb.DuckDBPyConnection, publish: Publish
) -> None:
    for node in ("a", "b"):
        with lake.writing() as draft:
            draft.write(con, "catalogue", "select $node as node", params={"node": node})
            publish(draft)
    lake.open(con, lake.build())
    assert con.execute("select node from catalogue").fetchall() == [("b",)]


def test_dropping_what_is_not_there_changes_nothing(
    lake: Lake, con: duckdb.DuckDBPyConnection, publish: Publish
) -> None:
    with lake.writing() as draft:
        write_months(draft, con)
        first = publish(draft)
    with lake.writing() as draft:
        draft.drop("ledger", {"billing_period": "2020-01"})
        draft.drop("shares", {"billing_period": "2020-01"})
        assert not draft.changed("ledger")
        assert publish(draft).versions == first.versions


def test_odd_partition_values_come_back_to_us_and_to_a_foreign_reader(
    lake: Lake, con: duckdb.DuckDBPyConnection, publish: Publish
) -> None:
    with lake.writing() as draft:
        for at, source in enumerate(ODD):
            partition = {"source": source, "month": source[::-1]}
            draft.write(con, "outputs", f"select {at} as x_line", partition)
        publish(draft)
    wanted = [(source, source[::-1], at) for at, source in enumerate(ODD)]
    lake.open(con, lake.build())
    read = "select source, month, x_line from outputs order by x_line"
    assert con.execute(read).fetchall() == wanted
    for source, month, at in wanted:
        one = "select x_line from outputs where source = $source and month = $month"
        assert con.execute(one, {"source": source, "month": month}).fetchall() == [(at,)]
    foreign = QueryBuilder().register("outputs", DeltaTable(lake.folder / "outputs"))
    found = foreign.execute(read).read_all()
    columns = (found.column(name).to_pylist() for name in ("source", "month", "x_line"))
    assert list(zip(*columns, strict=True)) == wanted


def test_an_odd_partition_is_replaced_and_no_other(
    lake: Lake, con: duckdb.DuckDBPyConnection, publish: Publish
) -> None:
    for draft_number in range(2):
        with lake.writing() as draft:
            for source in ODD if draft_number == 0 else ODD[:3]:
                partition = {"source": source, "month": "2026-05"}
                draft.write(con, "outputs", f"select {draft_number} as x_line", partition)
            publish(draft)
    lake.open(con, lake.build())
    found = dict(con.execute("select source, x_line from outputs").fetchall())
    assert found == {source: int(source in ODD[:3]) for source in ODD}


@pytest.mark.parametrize("source", ["aws", "a/b"])
@pytest.mark.parametrize(
    ("condition", "files"),
    [
        ("billing_period = '2026-05'", 2),
        ("billing_period >= '2026-05' and billing_period < '2026-07'", 4),
        ("source = $source", 3),
        ("source = $source and billing_period = '2026-06'", 1),
    ],
)
def test_a_filter_on_a_partition_reads_only_the_files_of_it(
    lake: Lake,
    con: duckdb.DuckDBPyConnection,
    publish: Publish,
    source: str,
    condition: str,
    files: int,
) -> None:
    with lake.writing() as draft:
        for month in MONTHS:
            for name in (source, "other"):
                partition = {"source": name, "billing_period": month}
                draft.write(con, "charges", "select 1 as BilledCost", partition)
        publish(draft)
    lake.open(con, lake.build())
    query = f"select sum(BilledCost) from charges where {condition}"
    params = {"source": source} if "$source" in condition else {}
    assert con.execute(query, params).fetchall() == [(Decimal(files),)]
    plan = con.execute("explain analyze " + query, params).fetchall()[0][1]
    assert re.findall(r"Files Read: (\d+)", plan) == [str(files)]


def test_a_row_of_another_partition_is_refused_and_leaves_no_file(
    lake: Lake, con: duckdb.DuckDBPyConnection
) -> None:
    query = "select '2026-0' || i as billing_period, 1 as billed from range(4, 7) as t(i)"
    with lake.writing() as draft:
        with pytest.raises(duckdb.Error, match="belongs to another partition than 2026-05"):
            draft.write(con, "ledger", query, {"billing_period": "2026-05"})
        assert not draft.changed("ledger")
    assert not list(lake.folder.rglob("*.parquet"))


@pytest.mark.parametrize(
    ("table", "partition", "told"),
    [
        ("ledger", None, "partition of ledger is by billing_period"),
        ("ledger", {"billing_period": ""}, "has an empty value"),
        ("charges", {"billing_period": "2026-05"}, "is by source, billing_period"),
        ("claims", {"billing_period": "2026-05"}, "partition of claims is by none"),
        ("builds", None, "by publish alone"),
    ],
)
def test_a_partition_that_the_table_has_not_is_refused(
    lake: Lake,
    con: duckdb.DuckDBPyConnection,
    table: str,
    partition: dict[str, str] | None,
    told: str,
) -> None:
    with lake.writing() as draft, pytest.raises(ValueError, match=told):
        draft.write(con, table, "select 1 as x_line", partition)


def test_a_partition_too_long_for_a_folder_is_the_users_to_put_right(
    lake: Lake, con: duckdb.DuckDBPyConnection
) -> None:
    partition = {"source": "é" * 60, "month": "2026-05"}
    with lake.writing() as draft, pytest.raises(CostLensError, match="too long for a folder"):
        draft.write(con, "outputs", "select 1 as x_line", partition)


@pytest.mark.parametrize("name", ["day=1", "Source=x", "a%20b", "a\\b"])
def test_a_folder_whose_name_would_be_misread_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(CostLensError, match="a lake cannot be in a folder named"):
        Lake(tmp_path / name / "lake")


def test_a_lake_may_be_in_a_folder_with_an_odd_name(
    tmp_path: Path, con: duckdb.DuckDBPyConnection, publish: Publish
) -> None:
    lake = Lake(tmp_path / "team=ml" / "it's [a] 日本 #1 100%?*" / "lake")
    with lake.writing() as draft:
        write_months(draft, con)
        publish(draft)
    lake.open(con, lake.build())
    assert rows(con) == [(month, Decimal(45)) for month in MONTHS]
    assert all(Path(path).is_file() for path in lake.files(lake.build()))
