"""Readers and a writer at once: each reader sees whole builds only, and never waits."""

import subprocess
import sys
from datetime import datetime

import duckdb

from costlens.lake import Lake

LAST = 25
READER = """
import sys
from pathlib import Path
import duckdb
from costlens.lake import Lake

lake, last, seen = Lake(Path(sys.argv[1])), int(sys.argv[2]), []
print("ready", flush=True)
while not seen or seen[-1] < last:
    if not lake.builds():
        continue
    build = lake.build()
    with duckdb.connect() as con:
        lake.open(con, build)
        for _ in range(2):
            found = con.execute(
                "select (select sum(billed) from ledger), (select sum(low) from claims), "
                "(select count(*) from ledger), (select max(build) from builds)"
            ).fetchall()
            n = build.number
            assert build.totals == {"n": n}, (build, found)
            assert found == [(10 * n, n, 10, n)], (build, found)
    if not seen or seen[-1] != n:
        seen.append(n)
assert seen == sorted(seen)
print(len(seen))
"""


def test_two_readers_see_only_whole_builds_while_a_writer_publishes(
    lake: Lake, con: duckdb.DuckDBPyConnection
) -> None:
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", READER, str(lake.folder), str(LAST)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for reader in readers:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "ready\n"
    for number in range(1, LAST + 1):
        with lake.writing() as draft:
            for month in ("2026-01", "2026-02"):
                rows = f"select {number} as billed from range(5)"
                draft.write(con, "ledger", rows, {"billing_period": month})
            draft.write(con, "claims", f"select {number} as low")
            draft.publish(
                built_at=datetime(2026, 11, 21),
                engine="",
                inputs={},
                settings={},
                book={},
                periods={},
                totals={"n": number},
            )
    for reader in readers:
        out, err = reader.communicate(timeout=60)
        assert reader.returncode == 0, err
        assert int(out) > 1
