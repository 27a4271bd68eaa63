"""Vacuum deletes what no kept build needs, and nothing else."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from deltalake import DeltaTable, QueryBuilder

from costlens.errors import CostLensError
from costlens.lake import Build, Draft, Lake

Publish = Callable[[Draft], Build]
NOW = datetime(2026, 11, 21, 7)


def publish_many(
    lake: Lake, con: duckdb.DuckDBPyConnection, publish: Publish, *, count: int = 9
) -> None:
    for number in range(1, count + 1):
        with lake.writing() as draft:
            month = f"2026-{number % 7 + 1:02}"
            draft.write(con, "ledger", f"select {number} as billed", {"billing_period": month})
            publish(draft)


def data_files(lake: Lake) -> set[str]:
    paths = lake.folder.rglob("*.parquet")
    return {str(path) for path in paths if "_delta_log" not in path.parts}


def amounts(lake: Lake, con: duckdb.DuckDBPyConnection, number: int) -> set[Decimal]:
    lake.open(con, lake.build(number))
    return {row[0] for row in con.execute("select billed from ledger").fetchall()}


@pytest.mark.slow
def test_kept_builds_read_as_before_and_only_they_are_listed(
    lake: Lake, con: duckdb.DuckDBPyConnection, publish: Publish
) -> None:
    publish_many(lake, con, publish, count=30)
    before = 1
    for keep, first in ((None, 1), (50, 1), (30, 1), (29, 2), (4, 27), (4, 27), (1, 30)):
        done = lake.vacuum(keep=keep, as_of=NOW)
        assert list(done.builds) == list(range(before, first))
        assert [build.number for build in lake.builds()] == list(range(first, 31))
        for number in range(first, 31):
            wanted = {Decimal(n) for n in range(max(1, number - 6), number + 1)}
            assert amounts(lake, con, number) == wanted
        before = first
    with pytest.raises(CostLensError, match="no build 29\n    there is only build 30"):
        lake.build(29)


def test_what_was_deleted_is_what_is_reported(
    lake: Lake, con: duckdb.DuckDBPyConnection, publish: Publish
) -> None:
    publish_many(lake, con, publish)
    before = {path: Path(path).stat().st_size for path in data_files(lake)}
    done = lake.vacuum(keep=2, as_of=NOW)
    gone = before.keys() - data_files(lake)
    assert set(map(str, done.files)) == gone
    assert done.bytes == sum(before[path] for path in gone) > 0
    needed = {path for build in lake.builds() for path in lake.files(build)}
    assert data_files(lake) == needed
    assert lake.vacuum(keep=2, as_of=NOW).files == ()


def test_orphans_and_unfinished_commits_go_and_strangers_stay(
    lake: Lake, con: duckdb.DuckDBPyConnection, publish: Publish
) -> None:
    publish_many(lake, con, publish)
    orphan = lake.folder / "ledger" / "billing_period=2031-01" / "orphan.parquet"
    orphan.parent.mkdir()
    orphan.write_text("half")
    unfinished = lake.folder / "ledger" / "_delta_log" / "_commit_1b.json.tmp"
    unfinished.write_text("half")
    stranger = lake.folder / "notes" / "mine.parquet"
    stranger.parent.mkdir()
    stranger.write_text("mine")
    done = lake.vacuum(keep=None, as_of=NOW)
    assert set(done.files) == {orphan, unfinished}
    assert not orphan.parent.exists()
    assert stranger.exists()
    assert len(lake.builds()) == 9


def test_publishing_goes_on_after_a_vacuum_with_the_next_number(
    lake: Lake, con: duckdb.DuckDBPyConnection, publish: Publish
) -> None:
    publish_many(lake, con, publish)
    lake.vacuum(keep=1, as_of=NOW)
    with lake.writing() as draft:
        draft.write(con, "ledger", "select 100 as billed", {"billing_period": "2026-01"})
        assert publish(draft).number == 10
    assert amounts(lake, con, 10) == {Decimal(n) for n in (3, 4, 5, 6, 8, 9, 100)}


def test_a_foreign_reader_of_the_newest_versions_misses_no_file_after_a_vacuum(
    lake: Lake, con: duckdb.DuckDBPyConnection, publish: Publish
) -> None:
    publish_many(lake, con, publish)
    lake.vacuum(keep=1, as_of=NOW)
    ledger = QueryBuilder().register("ledger", DeltaTable(lake.folder / "ledger"))
    found = ledger.execute("select sum(billed) as billed from ledger").read_all()
    assert found.column("billed").to_pylist() == [Decimal(sum(range(3, 10)))]


def test_no_lake_is_vacuumed_to_nothing_and_not_created(lake: Lake, tmp_path: Path) -> None:
    assert lake.vacuum(keep=None, as_of=NOW).files == ()
    assert list(tmp_path.iterdir()) == []


def test_the_latest_build_cannot_be_given_away(lake: Lake) -> None:
    with pytest.raises(ValueError, match="keep at least 1"):
        lake.vacuum(keep=0, as_of=NOW)
