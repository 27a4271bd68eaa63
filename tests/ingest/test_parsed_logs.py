"""Logs that a former refresh parsed: they are not parsed again, and nothing comes out otherwise."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from conftest import Desk
from test_event_logs import END, opening, task

from costlens.engine import connect
from costlens.paths import bundled

TABLES = ("attempts", "outputs")


@pytest.fixture
def logs(desk: Desk) -> Desk:
    """A desk of three logs that were loaded, the last one of which is cut off."""
    desk.sources("name: spark, type: spark, path: logs/")
    for number in (1, 2):
        write(desk, number, task(number), task(number + 5), END)
    write(desk, 3, task(1), task(2)[:30])
    desk.load()
    return desk


def write(desk: Desk, number: int, *events: str) -> Path:
    return desk.write(f"logs/local-{number}", opening(f"local-{number}") + "".join(events))


def kept(desk: Desk) -> dict[Path, int]:
    """Name the files of parsed logs, each with the time it was written."""
    found = sorted((desk.folder / "lake/.parsed").rglob("*.*"))
    return {path: path.stat().st_mtime_ns for path in found if path.is_file()}


def rows(desk: Desk) -> list[list[tuple[Any, ...]]]:  # any: what DuckDB gives
    return [desk.rows(f"select * exclude (x_load) from {table} order by all") for table in TABLES]


def anew(desk: Desk) -> list[list[tuple[Any, ...]]]:  # any: what DuckDB gives
    """Load the same logs into a lake that knows nothing of them."""
    other = Desk(folder=desk.folder.with_name("anew"))
    other.folder.mkdir()
    other.sources("name: spark, type: spark, path: logs/")
    for path in sorted((desk.folder / "logs").iterdir()):
        other.write(f"logs/{path.name}", path.read_bytes())
    other.load()
    return rows(other)


def read(desk: Desk) -> list[str]:
    return [said for said in desk.said if said.startswith("read ")]


def test_only_new_and_changed_logs_are_parsed_and_the_rows_are_those_of_a_full_read(
    logs: Desk,
) -> None:
    before = kept(logs)
    write(logs, 4, task(9), END)
    write(logs, 3, task(1), task(2), task(3), END)
    logs.load(day=2)
    assert read(logs) == ["read logs/local-3 and 1 more"]
    assert before.items() <= kept(logs).items()
    assert rows(logs) == anew(logs)
    assert logs.rows(
        "select run, sum(busy_s)::integer from attempts where part = 'views' group by all "
        "order by all"
    ) == [("local-1", 2), ("local-2", 2), ("local-3", 3), ("local-4", 1)]


def test_a_log_that_is_cut_off_is_parsed_again_and_one_that_is_gone_is_not_kept(
    logs: Desk,
) -> None:
    write(logs, 4, task(9), END)
    logs.load(day=2)
    assert read(logs) == ["read logs/local-4", "read logs/local-3"]
    before = rows(logs)
    (logs.folder / "logs/local-2").unlink()
    assert [one.code for one in logs.load(day=3).findings if one.code == "file_gone"]
    assert not read(logs)
    files = [str(path) for path in kept(logs) if path.suffix == ".parquet"]
    with connect() as con:
        found = con.execute("select distinct app_id from read_parquet($files)", {"files": files})
        apps = {app for (app,) in found.fetchall()} - {None}
    assert apps == {"local-1", "local-4"}
    write(logs, 2, task(2), task(7), END)
    write(logs, 3, task(1), task(2)[:31])
    logs.load(day=4)
    assert read(logs) == ["read logs/local-3", "read logs/local-2"]
    assert rows(logs) == before


def test_what_a_killed_refresh_left_is_not_read_and_goes(logs: Desk) -> None:
    (whole,) = (path for path in kept(logs) if path.suffix == ".parquet")
    for tag in whole.parent.glob(".*.etag"):
        tag.unlink()
    whole.write_bytes(b"PAR1")
    half = logs.write(f"lake/.parsed/spark/logs/.{'0' * 32}.parquet.part", "PAR1")
    write(logs, 4, task(9), END)
    logs.load(day=2)
    assert read(logs) == ["read logs/local-4", "read logs/local-1 and 2 more"]
    assert not half.exists()
    assert whole.read_bytes() != b"PAR1"
    assert rows(logs) == anew(logs)
    logs.sources("name: other, type: spark, path: logs/")
    logs.load(day=3)
    assert [path.name for path in (logs.folder / "lake/.parsed").iterdir()] == ["other"]


def test_logs_are_parsed_again_where_the_pack_reads_something_else_of_them(desk: Desk) -> None:
    folder = desk.folder / "connectors/own"
    shutil.copytree(bundled("connectors") / "spark", folder)
    described = folder / "connector.yaml"
    described.write_text(described.read_text().replace("name: spark", "name: own"))
    desk.sources("name: spark, type: own, path: logs/")
    write(desk, 1, task(1), task(2), END)
    desk.load()
    attempts = folder / "attempts.sql"
    attempts.write_text(attempts.read_text() + "-- in other words\n")
    desk.load(day=2)
    assert not read(desk)
    kept_before = kept(desk).keys()
    of_start = "launch: [Task Info, Launch Time]"
    assert of_start in described.read_text()
    described.write_text(
        described.read_text().replace(of_start, "launch: [Task Info, Finish Time]")
    )
    desk.load(day=3)
    assert read(desk) == ["read logs/local-1"]
    assert not kept_before & kept(desk).keys()
