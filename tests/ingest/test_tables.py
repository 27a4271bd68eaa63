"""Sources of several tables: databases and folders of exports."""

import shutil
import sqlite3
from contextlib import closing

import pytest
from conftest import Desk

RUN = "insert into task_instance values ('d', 't', 'r{at}', 'success', {start}, {stop}, 1, x'80')"


@pytest.fixture
def airflow(desk: Desk) -> Desk:
    """A desk whose one source is a small Airflow database."""
    desk.sources("name: flow, type: airflow, path: flow.db")
    with closing(sqlite3.connect(desk.folder / "flow.db")) as made:
        made.execute(
            "create table task_instance (dag_id TEXT, task_id TEXT, run_id TEXT, state TEXT, "
            "start_date TIMESTAMP, end_date TIMESTAMP, try_number INTEGER, executor_config BLOB)"
        )
        insert(made, 1)
    return desk


def insert(con: sqlite3.Connection, at: int, *, start: str = "", stop: str = "") -> None:
    start = start or f"2026-05-0{at} 01:00:00.000001"
    stop = stop or f"2026-05-0{at} 02:00:00"
    con.execute(RUN.format(at=at, start=f"'{start}'", stop=f"'{stop}'"))
    con.commit()


def runs(desk: Desk) -> list[str]:
    return [run for (run,) in desk.rows("select run from attempts order by run")]


def test_what_is_still_in_the_write_ahead_log_is_read_and_nothing_is_written_beside(
    airflow: Desk,
) -> None:
    path = airflow.folder / "flow.db"
    with closing(sqlite3.connect(path)) as live:
        live.execute("pragma journal_mode = wal")
        live.execute("pragma wal_autocheckpoint = 0")
        insert(live, 2)
        assert path.with_name("flow.db-wal").stat().st_size > 0
        before = {p.name: p.read_bytes() for p in airflow.folder.glob("flow.db*")}
        airflow.load()
        assert {p.name: p.read_bytes() for p in airflow.folder.glob("flow.db*")} == before
        assert runs(airflow) == ["r1", "r2"]
        insert(live, 3)
        assert airflow.load(day=2).changed
        assert runs(airflow) == ["r1", "r2", "r3"]


def test_a_database_that_is_to_have_a_log_is_read_without_making_one(airflow: Desk) -> None:
    with closing(sqlite3.connect(airflow.folder / "flow.db")) as live:
        live.execute("pragma journal_mode = wal")
    assert [p.name for p in airflow.folder.glob("flow.db*")] == ["flow.db"]
    airflow.load()
    assert runs(airflow) == ["r1"]
    assert [p.name for p in airflow.folder.glob("flow.db*")] == ["flow.db"]


def test_a_database_that_grew_reloads_and_an_unchanged_one_does_not(airflow: Desk) -> None:
    airflow.load()
    assert not airflow.load(day=2).changed
    with closing(sqlite3.connect(airflow.folder / "flow.db")) as live:
        insert(live, 2)
    assert airflow.load(day=3).changed
    assert runs(airflow) == ["r1", "r2"]


def test_a_wrong_value_is_told_with_its_table_and_row(airflow: Desk) -> None:
    with closing(sqlite3.connect(airflow.folder / "flow.db")) as live:
        insert(live, 2, start="yesterday")
        insert(live, 3)
    told = (
        'flow.db, table task_instance row 2: "yesterday" in the column start_date is not a time\n'
        "    write it in UTC, such as 2026-05-01T13:00:00Z"
    )
    assert airflow.refusal() == [told]
    assert airflow.check() == [told]


def test_a_run_that_ends_before_it_starts_is_told_with_its_table_and_row(airflow: Desk) -> None:
    with closing(sqlite3.connect(airflow.folder / "flow.db")) as live:
        insert(live, 2, stop="2026-05-02 00:30:00")
    (told,) = airflow.refusal()
    assert told.startswith("flow.db, table task_instance row 2: the run ends before it starts")


def test_a_missing_table_and_a_missing_column_name_what_there_is(airflow: Desk) -> None:
    with closing(sqlite3.connect(airflow.folder / "flow.db")) as live:
        live.execute("alter table task_instance drop column end_date")
        live.commit()
    assert airflow.refusal() == [
        "flow.db, table task_instance: the column end_date is missing\n"
        "    the file has dag_id, task_id, run_id, state, start_date, try_number, executor_config"
    ]
    airflow.sources("name: lab, type: mlflow, path: flow.db")
    assert airflow.check() == [
        "flow.db: the table runs is missing\n    the database has task_instance"
    ]


def test_a_file_that_is_no_database_and_a_folder_without_a_table_are_told(desk: Desk) -> None:
    desk.sources("name: flow, type: airflow, path: flow.db")
    desk.write("flow.db", b"SQLite format 3\0" + b"\1" * 200)
    (told,) = desk.refusal()
    assert told.startswith("flow.db: cannot be read as a SQLite database: ")
    desk.sources("name: flow, type: airflow, path: meta")
    desk.write("meta/tasks.csv", "a,b\n1,2\n")
    assert desk.refusal() == [
        "costlens.yaml:3: meta/tasks.csv: no table of the pack airflow\n"
        "    name each file after its table: task_instance, task_instance_history, task_fail, "
        "dag_run, dag_tag, dag, asset_event, asset"
    ]
    desk.write("meta/dag_run.csv", "dag_id,run_id\nd,r\n")
    assert desk.refusal() == [
        "meta/: the table task_instance is missing\n    the folder has dag_run"
    ]


def test_a_database_is_no_bill_and_beside_bills_it_is_let_be(airflow: Desk) -> None:
    airflow.sources("name: bill, type: focus, path: flow.db")
    assert airflow.refusal() == [
        "flow.db: is sqlite, which the pack focus does not read\n    it reads csv, parquet"
    ]


def test_the_same_tables_in_two_forms_count_once_or_are_refused(
    airflow: Desk,
) -> None:
    (airflow.folder / "meta").mkdir()
    shutil.copy(airflow.folder / "flow.db", airflow.folder / "meta" / "one.db")
    airflow.write(
        "meta/task_instance.csv",
        "dag_id,task_id,run_id,state,start_date,end_date,try_number\n"
        "d,t,r1,success,2026-05-01 01:00:00.000001,2026-05-01 02:00:00,1\n",
    )
    airflow.sources("name: flow, type: airflow, path: meta")
    (told,) = airflow.refusal()
    assert 'an attempt of the run "r1" stands in two files' in told
