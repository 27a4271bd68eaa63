"""What is published stays, as it was, and is found."""

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import duckdb
import pytest
from deltalake import DeltaTable

from costlens.errors import CostLensError
from costlens.lake import TABLES, Build, Draft, Lake

Publish = Callable[[Draft], Build]
MAY = {"billing_period": "2026-05"}


def publish_amounts(
    lake: Lake, con: duckdb.DuckDBPyConnection, publish: Publish, *, stop: int
) -> None:
    for amount in range(1, stop):
        with lake.writing() as draft:
            draft.write(con, "ledger", "select $n as billed", MAY, {"n": amount})
            if amount % 3 == 0:
                draft.write(con, "claims", "select $n as low", params={"n": amount})
            publish(draft)


def amounts(lake: Lake, con: duckdb.DuckDBPyConnection, number: int) -> list[tuple[Decimal]]:
    lake.open(con, lake.build(number))
    return con.execute("select billed from ledger union all select low from claims").fetchall()


def test_no_lake_has_no_builds_and_says_what_to_run(lake: Lake) -> None:
    assert lake.builds() == []
    with pytest.raises(CostLensError) as error:
        lake.build()
    assert str(error.value) == f"{lake.folder}: nothing is built yet\n    run: costlens refresh"
    assert not lake.folder.exists()


def test_a_build_that_is_not_there_is_told_with_those_that_are(
    lake: Lake, con: duckdb.DuckDBPyConnection, publish: Publish
) -> None:
    publish_amounts(lake, con, publish, stop=2)
    with pytest.raises(CostLensError, match="no build 7\n    there is only build 1"):
        lake.build(7)
    publish_amounts(lake, con, publish, stop=3)
    with pytest.raises(CostLensError, match="no build 7\n    there are 3 builds, from 1 to 3"):
        lake.build(7)


def test_a_build_comes_back_as_it_was_published(lake: Lake) -> None:
    with lake.writing() as draft:
        assert draft.base is None
        published = draft.publish(
            built_at=datetime(2026, 11, 21, 7, tzinfo=timezone(timedelta(hours=1))),
            engine="0.1.0",
            inputs={"bill": ["é", None, 1]},
            settings={"idle": "show"},
            book={},
            periods={"2026-05": "closed"},
            totals={"USD": "12.000000000001"},
        )
    assert published.built_at == datetime(2026, 11, 21, 6)
    assert published.versions == {table: None for table in TABLES if table != "builds"}
    assert Lake(lake.folder).builds() == [published]
    assert Lake(lake.folder).build() == published == lake.build(1)


def test_a_build_without_any_rows_opens_as_typed_empty_tables(
    lake: Lake, con: duckdb.DuckDBPyConnection, publish: Publish
) -> None:
    with lake.writing() as draft:
        publish(draft)
    lake.open(con, lake.build())
    for table in TABLES.values():
        described = con.execute(f'describe "{table.name}"').fetchall()
        assert {row[0]: row[1] for row in described} == table.columns
        counted = con.execute(f'select count(*) from "{table.name}"').fetchall()
        assert counted == [(1 if table.name == "builds" else 0,)]


def test_every_build_reads_as_it_was_after_thirty_and_past_checkpoints(
    lake: Lake, con: duckdb.DuckDBPyConnection, publish: Publish
) -> None:
    publish_amounts(lake, con, publish, stop=2)
    ledger = DeltaTable(lake.folder / "ledger")
    ledger.alter.set_table_properties({"delta.checkpointInterval": "5"})
    with lake.writing() as draft:
        publish(draft)
    publish_amounts(lake, con, publish, stop=30)
    assert list((lake.folder / "ledger" / "_delta_log").glob("*.checkpoint.parquet"))
    assert [build.number for build in lake.builds()] == list(range(1, 32))
    assert amounts(lake, con, 2) == [(Decimal(1),)]
    for number in range(3, 32):
        amount = number - 2
        claim = amount - amount % 3
        wanted = [(Decimal(n),) for n in (amount, claim) if n]
        assert amounts(lake, con, number) == wanted


def test_an_unchanged_table_keeps_its_version_and_its_files(
    lake: Lake, con: duckdb.DuckDBPyConnection, publish: Publish
) -> None:
    publish_amounts(lake, con, publish, stop=5)
    third, fourth = lake.builds()[2:]
    assert third.versions["claims"] == fourth.versions["claims"]
    claims = {path for path in lake.files(fourth) if "/claims/" in path}
    assert claims
    assert claims < set(lake.files(third))


def test_the_view_of_builds_has_a_build_and_those_before_it(
    lake: Lake, con: duckdb.DuckDBPyConnection, publish: Publish
) -> None:
    publish_amounts(lake, con, publish, stop=4)
    lake.open(con, lake.build(2))
    assert con.execute("select build from builds order by build").fetchall() == [(1,), (2,)]


def test_the_files_of_a_build_are_all_that_its_views_read(
    lake: Lake, con: duckdb.DuckDBPyConnection, publish: Publish
) -> None:
    publish_amounts(lake, con, publish, stop=4)
    build = lake.build()
    lake.open(con, build)
    con.execute("set allowed_paths = $paths", {"paths": lake.files(build)}).fetchall()
    con.execute("set enable_external_access = false").fetchall()
    for table in TABLES:
        con.execute(f'select * from "{table}"').fetchall()
    other = lake.files(lake.build(1))[0]
    with pytest.raises(duckdb.PermissionException):
        con.execute("select * from read_parquet($path)", {"path": other})


def test_a_draft_shows_what_it_would_publish_and_nobody_else_sees_it(
    lake: Lake, con: duckdb.DuckDBPyConnection, publish: Publish
) -> None:
    publish_amounts(lake, con, publish, stop=2)
    with lake.writing() as draft, duckdb.connect() as reader:
        draft.write(con, "ledger", "select 50 as billed", {"billing_period": "2026-06"})
        draft.drop("ledger", MAY)
        draft.open(con)
        assert con.execute("select billed from ledger").fetchall() == [(Decimal(50),)]
        assert amounts(lake, reader, 1) == [(Decimal(1),)]
        draft.write(con, "ledger", "select billed + 1 as billed from ledger", MAY)
        assert draft.changed("ledger")
        assert not draft.changed("claims")
        publish(draft)
    assert amounts(lake, con, 2) == [(Decimal(51),), (Decimal(50),)]


def test_a_draft_given_up_leaves_no_file_and_no_build(
    lake: Lake, con: duckdb.DuckDBPyConnection, publish: Publish
) -> None:
    publish_amounts(lake, con, publish, stop=2)
    before = sorted(lake.folder.rglob("*.parquet"))
    with lake.writing() as draft:
        draft.write(con, "ledger", "select 2 as billed", MAY)
    assert sorted(lake.folder.rglob("*.parquet")) == before
    assert [build.number for build in lake.builds()] == [1]
    with pytest.raises(ValueError, match="this draft is published or given up"):
        publish(draft)


def test_a_foreign_reader_finds_the_build_in_the_history_of_a_table(
    lake: Lake, con: duckdb.DuckDBPyConnection, publish: Publish
) -> None:
    publish_amounts(lake, con, publish, stop=3)
    newest = DeltaTable(lake.folder / "ledger").history(1)[0]
    assert newest["userMetadata"] == "costlens build 2"
    assert newest["version"] == lake.build().versions["ledger"]


def test_a_second_writer_is_refused_at_once_and_told_who_writes(
    lake: Lake, con: duckdb.DuckDBPyConnection, publish: Publish
) -> None:
    code = (
        "import os, sys, pathlib, costlens.lake\n"
        "with costlens.lake.Lake(pathlib.Path(sys.argv[1])).writing():\n"
        "    print(os.getpid(), flush=True)\n"
        "    sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, lake.folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        pid = other.stdout.readline().strip()
        told = f"the lake is being written by process {pid}"
        with pytest.raises(CostLensError, match=told), lake.writing():
            pass
        with pytest.raises(CostLensError, match=told):
            lake.vacuum(keep=None, as_of=datetime(2026, 11, 21, tzinfo=UTC))
        assert lake.builds() == []
        other.kill()
    publish_amounts(lake, con, publish, stop=2)
    assert amounts(lake, con, 1) == [(Decimal(1),)]


def test_a_lake_that_cannot_be_written_says_why(lake: Lake) -> None:
    lake.folder.write_text("a file stands here")
    with pytest.raises(CostLensError, match="cannot write the lake: File exists"), lake.writing():
        pass
