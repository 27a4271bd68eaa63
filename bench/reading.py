"""How fast a bill is read: a million lines of an AWS report, gzipped CSV, against DuckDB alone.

The legacy report and 2.0 are made once. Bare DuckDB reads the columns that the pack reads, as text,
counts their lines, and writes the charges that came of them to Parquet as the lake does. Ours is the
ingest of that source: read, checked, added up, written and read back. Quote ratios, not seconds.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

HERE = Path(__file__).parent
SQL = HERE / "reading"
FORMS = ("legacy", "cur2")
CHARGES = "charges.parquet"
_LAKE = "format parquet, compression zstd, compression_level 1"


@dataclass(frozen=True, kw_only=True)
class Spent:
    """What a process took."""

    user: float
    wall: float
    peak: float  # MiB

    def __str__(self) -> str:
        return f"{self.user:6.2f} s user  {self.wall:6.2f} s wall  {self.peak:6.0f} MiB"


def connect(threads: int) -> "duckdb.DuckDBPyConnection":
    import duckdb

    con = duckdb.connect()
    con.execute("set TimeZone = 'UTC'")
    con.execute("set threads = $threads", {"threads": threads})
    return con


def make(folder: Path, threads: int) -> None:
    """Make a month of a report and a workspace that reads it, once per size."""
    form, _, lines = folder.name.partition("-")
    text = (SQL / f"{form}.sql").read_text(encoding="utf-8")
    marker, wanted = (
        folder / "made.json",
        json.dumps([lines, text, (SQL / "lines.sql").read_text()]),
    )
    if marker.exists() and marker.read_text(encoding="utf-8") == wanted:
        return
    (folder / "bill").mkdir(parents=True, exist_ok=True)
    con = connect(threads)
    con.execute(
        f"create temp table lines as {(SQL / 'lines.sql').read_text(encoding='utf-8')}",
        {"lines": int(lines)},
    )
    con.execute(
        f"copy ({text}) to '{folder / 'bill' / 'report.csv.gz'}' (format csv, header, compression gzip)"
    )
    (folder / "costlens.yaml").write_text(
        "version: 1\nsources: [{name: bill, type: aws_cur, path: bill/}]\n", encoding="utf-8"
    )
    (folder / "catalog").mkdir(exist_ok=True)
    (folder / "catalog" / "all.yaml").write_text(
        "features:\n  - {name: churn, billed_by: [{tags: {team: team-1}}]}\n", encoding="utf-8"
    )
    marker.write_text(wanted, encoding="utf-8")


def bare_count(folder: Path, threads: int) -> None:
    """Read the columns that the pack knows, as text, and count."""
    from costlens.config.values import Source
    from costlens.ingest.fetch import find_files
    from costlens.ingest.header import read_layout
    from costlens.ingest.packs import find_packs

    con = connect(threads)
    pack = next(pack for pack in find_packs(folder) if pack.name == "aws_cur")
    source = Source(name="bill", type="aws_cur", path="bill/")
    ((file,), _) = find_files(source, folder, pack.description)
    layout = read_layout(con, file, link=file.path, pack=pack)
    names = layout.header.names
    columns = ", ".join(f"'c{at}': 'VARCHAR'" for at in range(len(names)))
    gathered = [at for members in layout.gathered.values() for at in members.values()]
    read = sorted({*layout.found.values(), *gathered})
    con.execute(
        f"select count(*), {', '.join(f'count(c{at})' for at in read)} from read_csv("
        f"'{file.path}', columns = {{{columns}}}, auto_detect = false, header = false, skip = 1, "
        "delim = ',', quote = '\"', escape = '\"', compression = 'gzip')"
    ).fetchall()


def bare_write(folder: Path, threads: int) -> None:
    """Write the charges once more as the lake does, from Parquet."""
    con, out = connect(threads), folder / "again.parquet"
    con.execute(f"copy (from read_parquet('{folder / CHARGES}')) to '{out}' ({_LAKE})")
    out.unlink()


def ingest(folder: Path, threads: int) -> None:
    """Load the one source there is into a draft that is given up."""
    from costlens.allocate.book import tag_keys
    from costlens.config import load
    from costlens.engine import connect as connected
    from costlens.ingest import load_sources
    from costlens.refresh import lake_of

    workspace = load(folder)
    lake = lake_of(workspace)
    keys = tag_keys(workspace.settings, workspace.catalogue)
    as_of = datetime(2026, 6, 5, tzinfo=UTC)
    with lake.writing() as draft, connected(lake.folder / ".scratch") as con:
        con.execute("set threads = $threads", {"threads": threads})
        load_sources(
            workspace, draft, con, tag_keys=keys, as_of=as_of, say=lambda _: None, closed={}
        )
        if not (folder / CHARGES).exists():
            con.execute(f"copy (from charges) to '{folder / CHARGES}' ({_LAKE})")


def timed(folder: Path, what: str, threads: int) -> Spent:
    """Run one measurement in a process of its own."""
    command = [sys.executable, str(Path(__file__).resolve()), "--folder", str(folder)]
    command += ["--threads", str(threads), "--only", what]
    start = time.perf_counter()
    child = subprocess.Popen(command)
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        sys.exit(f"failed: {what} in {folder}")
    wall = time.perf_counter() - start
    return Spent(user=usage.ru_utime, wall=wall, peak=usage.ru_maxrss / 1024)


def measure(folder: Path, *, form: str, threads: int, times: int) -> None:
    """Measure one form, alternating, and print the medians."""
    (folder / CHARGES).unlink(missing_ok=True)
    timed(folder, "ingest", threads)  # writes the charges once; nothing of it is counted
    taken: dict[str, list[Spent]] = {what: [] for what in MEASURES}
    for _ in range(times):
        for what, one in taken.items():
            one.append(timed(folder, what, threads))
    print(f"\n{form}, {threads} threads, best of {times}")
    best = {
        what: Spent(
            user=min(one.user for one in all_of),
            wall=min(one.wall for one in all_of),
            peak=max(one.peak for one in all_of),
        )
        for what, all_of in taken.items()
    }
    for what, one in best.items():
        print(f"  {what:12} {one}")
    for basis in ("user", "wall"):
        bare = getattr(best["bare_count"], basis) + getattr(best["bare_write"], basis)
        print(f"  {basis} of ingest / (count + write): {getattr(best['ingest'], basis) / bare:.2f}")


MEASURES = {"bare_count": bare_count, "bare_write": bare_write, "ingest": ingest}
DONE = {"make": make, **MEASURES}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--form", choices=FORMS, action="append")
    parser.add_argument("--folder", type=Path, default=HERE / "data" / "reading")
    parser.add_argument("--only", choices=DONE)
    given = parser.parse_args()
    if given.only:
        DONE[given.only](given.folder, given.threads)
        return
    for form in given.form or FORMS:
        folder = given.folder.resolve() / f"{form}-{given.lines}"
        folder.mkdir(parents=True, exist_ok=True)
        timed(
            folder, "make", given.threads
        )  # in a process of its own: a child's peak begins at ours
        measure(folder, form=form, threads=given.threads, times=given.times)


if __name__ == "__main__":
    main()
