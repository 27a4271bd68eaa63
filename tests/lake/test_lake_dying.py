"""A writer may die at any moment: what was published stays, whole, and the next one goes on.

The writer here is a process that ends itself, without any clean-up, at its n-th touch of a file in
the lake: for some n until it comes through, and for every n in `make test-all`.
"""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from deltalake import DeltaTable

from costlens.lake import TABLES, Build, Draft, Lake

Publish = Callable[[Draft], Build]
Rows = list[tuple[str, Decimal]]

PROLOGUE = """
import os, sys
from datetime import datetime
from pathlib import Path
import deltalake, duckdb
from costlens.lake import Lake

folder, last = sys.argv[1], int(sys.argv[2])
touched = 0

def die(event, args):
    global touched
    if event in {"open", "os.mkdir", "os.remove", "os.rmdir"} and str(args[0]).startswith(folder):
        touched += 1
        if touched == last:
            os._exit(9)

lake, at = Lake(Path(folder)), datetime(2026, 11, 21)
sys.addaudithook(die)
"""
REFRESH = """
with lake.writing() as draft, duckdb.connect() as con:
    draft.write(con, "ledger", "select 20 as billed", {"billing_period": "2026-02"})
    draft.drop("ledger", {"billing_period": "2026-03"})
    draft.write(con, "claims", "select 'new' as claim, 1 as low")
    draft.write(con, "shares", "select 1::hugeint as numerator", {"billing_period": "2026-02"})
    draft.publish(built_at=at, engine="", inputs={}, settings={}, book={}, periods={}, totals={})
"""
VACUUM = """
lake.vacuum(keep=1, as_of=at)
"""
MONTHS = ("2026-01", "2026-02", "2026-03")
BEFORE = [*((month, Decimal(2)) for month in MONTHS), ("old", Decimal(2))]
AFTER = [("2026-01", Decimal(2)), ("2026-02", Decimal(20)), ("new", Decimal(1))]


def rows(lake: Lake, build: Build) -> Rows:
    with duckdb.connect() as con:
        lake.open(con, build)
        return con.execute(
            "select billing_period, billed from ledger union all select claim, low from claims "
            "order by 1"
        ).fetchall()


def data_files(lake: Lake) -> set[str]:
    paths = lake.folder.rglob("*.parquet")
    return {str(path) for path in paths if "_delta_log" not in path.parts}


@pytest.fixture(params=[pytest.param(1, marks=pytest.mark.slow), 5], ids=["every", "some"])
def stride(request: pytest.FixtureRequest) -> int:
    return int(request.param)


def deaths(script: str, old: Lake, folder: Path, stride: int) -> Iterator[Lake]:
    """Run a script on fresh copies of a lake until it comes through, yielding where it died."""
    for last in range(1, 1000, stride):
        copy = folder / str(last)
        shutil.copytree(old.folder, copy)
        code = [sys.executable, "-c", PROLOGUE + script, str(copy), str(last)]
        done = subprocess.run(code, capture_output=True, text=True, check=False)
        assert done.returncode in {0, 9}, done.stderr
        yield Lake(copy)
        if done.returncode == 0:
            assert last > 8
            return


@pytest.fixture
def old(lake: Lake, con: duckdb.DuckDBPyConnection, publish: Publish) -> Lake:
    for amount in (1, 2):
        with lake.writing() as draft:
            for month in MONTHS:
                partition = {"billing_period": month}
                draft.write(con, "ledger", f"select {amount} as billed", partition)
            draft.write(con, "claims", f"select 'old' as claim, {amount} as low")
            publish(draft)
    return lake


def assert_tables_are_at(lake: Lake, build: Build) -> None:
    """See that a foreign reader of every table's newest version reads just this build."""
    files = set(lake.files(build))
    newest = {
        uri
        for table in TABLES
        if (lake.folder / table / "_delta_log").is_dir()
        for uri in DeltaTable(lake.folder / table).file_uris()
    }
    assert newest == files


@pytest.mark.few(1)
@pytest.mark.parametrize("next_table", ["catalogue", "ledger"])
def test_a_refresh_that_dies_leaves_the_last_build_and_the_next_starts_from_it(
    old: Lake,
    con: duckdb.DuckDBPyConnection,
    publish: Publish,
    tmp_path: Path,
    next_table: str,
    stride: int,
) -> None:
    seen = []
    for lake in deaths(REFRESH, old, tmp_path, stride):
        build = lake.build()
        seen.append(build.number)
        known = BEFORE if build.number == 2 else AFTER
        assert rows(lake, build) == known
        partition = {"billing_period": "2026-04"} if next_table == "ledger" else None
        with lake.writing() as draft:
            assert draft.base == build
            draft.open(con)
            assert con.execute("select sum(low) from claims").fetchall() == [(known[-1][1],)]
            draft.write(
                con,
                next_table,
                "select null as valid_from" if not partition else "select 4 as billed",
                partition,
            )
            following = publish(draft)
        assert following.number == build.number + 1
        extra = [("2026-04", Decimal(4))] if partition else []
        assert rows(lake, following) == sorted([*known, *extra])
        assert_tables_are_at(lake, following)
        assert rows(lake, lake.build(1)) == [(name, Decimal(1)) for name, _ in BEFORE]
        lake.vacuum(keep=None, as_of=datetime(2026, 11, 21))
        needed = {path for each in lake.builds() for path in lake.files(each)}
        assert data_files(lake) == needed
    assert set(seen) == {2, 3}


def test_a_vacuum_that_dies_never_takes_a_file_of_a_listed_build_and_is_finished_by_the_next(
    old: Lake, tmp_path: Path, stride: int
) -> None:
    seen = []
    for lake in deaths(VACUUM, old, tmp_path, stride):
        seen.append(len(lake.builds()))
        for build in lake.builds():
            wanted = BEFORE if build.number == 2 else [(name, Decimal(1)) for name, _ in BEFORE]
            assert rows(lake, build) == wanted
        lake.vacuum(keep=1, as_of=datetime(2026, 11, 21))
        assert [build.number for build in lake.builds()] == [2]
        assert rows(lake, lake.build()) == BEFORE
        assert data_files(lake) == set(lake.files(lake.build()))
    assert set(seen) == {1, 2}


def test_a_first_refresh_that_dies_leaves_nothing_built_and_the_next_is_the_first(
    lake: Lake, con: duckdb.DuckDBPyConnection, publish: Publish, tmp_path: Path, stride: int
) -> None:
    lake.folder.mkdir()
    for left in deaths(REFRESH, lake, tmp_path / "copies", stride):
        if left.builds():
            continue
        with left.writing() as draft:
            assert draft.base is None
            draft.write(con, "claims", "select 'mine' as claim, 3 as low")
            build = publish(draft)
        assert build.number == 1
        assert rows(left, build) == [("mine", Decimal(3))]
        assert_tables_are_at(left, build)
