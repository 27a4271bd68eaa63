"""Tables of Airflow, MLflow and Dagster on real servers: as their SQLite files say it, and only what is new.

The servers are those at COSTLENS_POSTGRESQL_URL and COSTLENS_MYSQL_URL, by default on this machine;
their user, whose password may be in PGPASSWORD or MYSQL_PWD, creates databases and users. Where none
answers the tests are skipped, unless COSTLENS_REQUIRE_DATABASES is set.
"""

import csv
import gzip
import json
import os
import random
import re
import shutil
import socket
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import psycopg
import pymysql
import pytest
from conftest import Desk
from database_server import Server

from costlens.config import load
from costlens.config.address import address_of
from costlens.engine import connect
from costlens.errors import CostLensError
from costlens.ingest.databases import mysql, postgresql, read_database
from costlens.ingest.databases.trouble import TroubleError
from costlens.ingest.fetch import SourceFile
from costlens.ingest.load import pack_of
from costlens.ingest.packs import find_packs

DATA = Path(__file__).parents[1] / "data" / "runs"
DOCS = Path(__file__).parents[2] / "docs" / "databases.md"
PACKS = {pack.name: pack for pack in find_packs(None)}
URLS = {
    "postgresql": os.environ.get(
        "COSTLENS_POSTGRESQL_URL", "postgresql://postgres@127.0.0.1/postgres"
    ),
    "mysql": os.environ.get("COSTLENS_MYSQL_URL", "mysql://root@127.0.0.1/mysql"),
}


@pytest.fixture(scope="session", params=list(URLS))
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    address = address_of(URLS[request.param])
    assert address is not None
    made = Server(address=address)
    try:
        made.run("select 1")
    except (psycopg.Error, pymysql.Error) as error:
        if os.environ.get("COSTLENS_REQUIRE_DATABASES"):
            raise
        pytest.skip(f"no {made.kind} answers at {made.shown(address.database)}: {error}")
    try:
        yield made
    finally:
        made.clear()


@pytest.fixture(scope="session")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The databases that the tools wrote, as SQLite has them; of Dagster's many, one is made."""
    folder = tmp_path_factory.mktemp("stores")
    history = DATA / "dagster_storage" / "history"
    packed = [*(DATA / f"{name}.db.gz" for name in ("airflow", "mlflow")), *history.rglob("*.gz")]
    for path in packed:
        with gzip.open(path) as opened, (folder / path.stem).open("wb") as out:
            shutil.copyfileobj(opened, out)
    (folder / "index.db").rename(folder / "dagster.db")
    with closing(sqlite3.connect(folder / "dagster.db")) as con:
        con.execute("attach ? as all_runs", (str(folder / "runs.db"),))
        con.execute("delete from event_logs")
        con.execute("create table run_tags as select * from all_runs.run_tags")
        for path in history.glob("runs/????????-*.gz"):
            con.execute("attach ? as of_run", (str(folder / path.stem),))
            columns = "run_id, event, dagster_event_type, timestamp, step_key, asset_key, partition"
            con.execute(
                f"insert into event_logs ({columns}) select {columns} from of_run.event_logs"
            )
            con.commit()
            con.execute("detach of_run")
    return folder


@pytest.fixture(scope="session")
def shop(server: Server, stores: Path) -> str:
    """A database with the tables of all tools."""
    name = server.make()
    for store in TOOLS:
        with closing(sqlite3.connect(stores / f"{store}.db")) as con:
            has = {table for (table,) in con.execute("select name from sqlite_master")}
        tables = [table for table in PACKS[store].description.tables if table in has]
        server.copy(stores / f"{store}.db", name, *tables)
    return name


TOOLS = ("airflow", "mlflow", "dagster")
TOLD = {
    "attempts": "pipeline, run, part, slice, try, parent, state, start, stop, data_start, "
    "data_stop, resource_id, size, size_unit, tags",
    "outputs": "pipeline, run, part, target, measure, quantity",
    "links": "from_node, to_node, kind, version, run, seen, seen_as",
}
TASKS = (
    "create table task_instance (dag_id varchar(250), task_id varchar(250), run_id varchar(250), "
    "state varchar(20), start_date {time}, end_date {time}, try_number integer)"
)
DAGS = "create table dag (dag_id varchar(250), owners varchar(250))"
SECRET = "hünter2 %@:/"


def told(desk: Desk) -> dict[str, list[tuple[object, ...]]]:
    return {
        table: desk.rows(f"select {columns} from {table} order by all")
        for table, columns in TOLD.items()
    }


@pytest.fixture(scope="session")
def of_files(stores: Path, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """What the SQLite files of all tools say."""
    made = Desk(folder=tmp_path_factory.mktemp("files"))
    made.sources(*(f"name: {t}, type: {t}, path: {stores / f'{t}.db'}" for t in TOOLS))
    made.load()
    return made


def test_a_server_tells_what_the_files_of_the_same_data_do(
    server: Server, shop: str, of_files: Desk, desk: Desk
) -> None:
    desk.sources(*(f'name: {tool}, type: {tool}, url: "{server.url(shop)}"' for tool in TOOLS))
    desk.load()
    assert told(desk) == told(of_files)
    assert all(told(of_files).values())


@pytest.fixture(scope="session")
def database(server: Server) -> str:
    return server.make()


@pytest.fixture
def empty(server: Server, database: str) -> str:
    """A database without tables."""
    server.run(
        *(f"drop table if exists {t}" for t in ("task_instance", "dag", "connection", "odd")),
        database=database,
    )
    if server.kind == "postgresql":
        server.run("drop schema if exists flow cascade", database=database)
    return database


@pytest.fixture
def tasks(server: Server, empty: str) -> str:
    """A database with two tries of tasks."""
    kind = "timestamptz" if server.kind == "postgresql" else "timestamp(6) null"
    server.run(TASKS.format(time=kind), database=empty)
    insert(server, empty, 1)
    insert(server, empty, 2)
    return empty


def insert(server: Server, database: str, at: int, *, start: str = "01:00:00.000001") -> None:
    server.run(
        f"insert into task_instance values ('d', 't', 'r{at}', 'success', "
        f"'2026-05-0{at} {start}', '2026-05-0{at} 02:00:00', 1)",
        database=database,
    )


def reads(desk: Desk, url: str, *, type: str = "airflow", more: str = "") -> None:
    desk.sources(f'name: flow, type: {type}, url: "{url}"{more}')


def read(desk: Desk) -> SourceFile:
    """Read the tables of the one source, as a refresh does before anything else."""
    workspace = load(desk.folder)
    (source,) = workspace.settings.sources
    return read_database(source, pack_of(source, PACKS), workspace, say=desk.said.append)


def refusal(desk: Desk) -> list[str]:
    with pytest.raises(CostLensError) as raised:
        read(desk)
    return [str(finding) for finding in raised.value.findings]


def runs(desk: Desk) -> dict[str, str]:
    rows = desk.rows("select run, strftime(start, '%H:%M:%S.%f') from attempts order by run")
    return dict(rows)


def test_what_did_not_change_is_neither_read_nor_built_again(
    desk: Desk, server: Server, tasks: str
) -> None:
    server.run(DAGS, "insert into dag values ('d', 'risk')", database=tasks)
    reads(desk, server.url(tasks))
    where = server.shown(tasks)
    assert desk.load().changed
    assert desk.said == [
        f"read {where}, table task_instance",
        f"read {where}, table dag",
        f"read {where}",
        "load attempts of flow, 2026-05",
    ]
    assert not desk.load(day=2).changed
    assert desk.said == []
    # What came later makes its own table be read, and no other one.
    insert(server, tasks, 3)
    assert desk.load(day=3).changed
    assert desk.said[:2] == [f"read {where}, table task_instance: 1 of 3 rows", f"read {where}"]
    assert [*runs(desk)] == ["r1", "r2", "r3"]


def test_what_ran_again_replaces_what_it_was_and_what_is_deleted_goes(
    desk: Desk, server: Server, tasks: str
) -> None:
    reads(desk, server.url(tasks))
    desk.load()
    assert runs(desk) == {"r1": "01:00:00.000001", "r2": "01:00:00.000001"}
    # As many rows as before, and no later time.
    server.run(
        "update task_instance set start_date = '2026-05-01 00:30:00' where run_id = 'r1'",
        "delete from task_instance where run_id = 'r2'",
        database=tasks,
    )
    insert(server, tasks, 4)
    assert desk.load(day=2).changed
    assert runs(desk) == {"r1": "00:30:00.000000", "r4": "01:00:00.000001"}


@pytest.mark.parametrize("seed", range(3))
def test_whatever_changes_the_copy_is_what_the_table_is(
    desk: Desk, server: Server, tasks: str, tmp_path: Path, seed: int
) -> None:
    reads(desk, server.url(tasks))
    dice = random.Random(seed)
    notes = ("", "a", 'say "so", then\nleave', "NULL", "'", "\\N", " ", "é\U0001f600")
    rows = [[f"r{at}", dice.choice(notes), None] for at in range(400)]
    put = "insert into task_instance (run_id, task_id, state) values (%s, %s, %s)"
    server.run("delete from task_instance", database=tasks)
    server.run(put, database=tasks, rows=rows)
    read(desk)
    for at in range(6):
        server.run(
            f"delete from task_instance where run_id like '%{dice.randrange(100)}'",
            f"update task_instance set state = '{dice.choice(('', 'up', 'down'))}' "
            f"where run_id = 'r{dice.randrange(400)}'",
            database=tasks,
        )
        server.run(put, database=tasks, rows=[[f"n{at}", dice.choice(notes), None]] * 2)
        desk.said.clear()
        ((_, copy),) = read(desk).parts
        assert re.search(r": \d{1,2} of \d{3} rows$", desk.said[0]), desk.said
        with server.opened(tasks) as database:
            names = database.columns()["task_instance"]
            database.write_csv("task_instance", names, tmp_path / "whole.csv")
        assert cells(copy.path) == cells(tmp_path / "whole.csv")


def cells(path: Path) -> list[list[str]]:
    """The rows of a copy as they are written, in any order: nothing is not an empty word."""
    with connect() as con:
        rows = con.execute(
            "from read_csv(?, header = true, all_varchar = true, quote = '\"', escape = '\"', "
            "delim = ',', nullstr = '', allow_quoted_nulls = false)",
            [str(path)],
        ).fetchall()
    return sorted([repr(cell) for cell in row] for row in rows)


def test_a_change_of_most_rows_reads_the_table_whole(
    desk: Desk, server: Server, tasks: str
) -> None:
    reads(desk, server.url(tasks))
    read(desk)
    server.run("update task_instance set state = 'failed'", database=tasks)
    desk.said.clear()
    read(desk)
    assert desk.said == [f"read {server.shown(tasks)}, table task_instance"]


def test_rows_in_another_order_are_the_same_rows(desk: Desk, server: Server, tasks: str) -> None:
    reads(desk, server.url(tasks))
    desk.load()
    server.run("delete from task_instance where run_id = 'r1'", database=tasks)
    insert(server, tasks, 1)
    assert not desk.load(day=2).changed
    assert desk.said == []


def test_a_copy_that_was_taken_away_or_is_of_another_database_is_read_again(
    desk: Desk, server: Server, tasks: str
) -> None:
    reads(desk, server.url(tasks))
    ((_, copy),) = read(desk).parts
    copy.path.unlink()
    assert read(desk).parts[0][1].sha256 == copy.sha256
    other = server.make()
    server.run(TASKS.format(time="varchar(40)"), database=other)
    insert(server, other, 5)
    reads(desk, server.url(other))
    assert read(desk).parts[0][1].sha256 != copy.sha256
    assert len(list((desk.folder / "lake" / ".databases").rglob("*.csv"))) == 1


def test_a_database_that_moved_is_the_same_source(desk: Desk, server: Server, tasks: str) -> None:
    reads(desk, server.url(tasks))
    desk.load()
    moved = server.make()
    server.run(TASKS.format(time="varchar(40)"), database=moved)
    for at in (1, 2, 3):
        insert(server, moved, at)
    reads(desk, server.url(moved))
    desk.load(day=2)
    assert [*runs(desk)] == ["r1", "r2", "r3"]


def test_a_password_is_read_from_where_it_is_kept_and_shown_nowhere(
    desk: Desk, server: Server, tasks: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = server.url(tasks, user=server.make_user(tasks, "task_instance", password=SECRET))
    (desk.folder / "secret").write_text(f"{SECRET}\n")
    reads(desk, url, more=", password: {file: secret}")
    assert read(desk).size > 0
    (desk.folder / "secret").unlink()
    assert refusal(desk) == [
        "costlens.yaml:3: the password cannot be read from secret: no such file or directory\n"
        "    write the password into that file, and nothing else"
    ]
    reads(desk, url, more=", password: {env: FLOW_PASSWORD}")
    assert refusal(desk) == [
        "costlens.yaml:3: the environment has no FLOW_PASSWORD\n    set it to the password"
    ]
    monkeypatch.setenv("FLOW_PASSWORD", SECRET)
    assert read(desk).size > 0
    assert desk.load().changed
    for path in desk.folder.rglob("*"):
        assert not path.is_file() or "hünter2".encode() not in path.read_bytes()


def test_a_wrong_password_is_refused(
    desk: Desk, server: Server, tasks: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = server.make_user(tasks, "task_instance", password=SECRET)
    if not server.asks_for_passwords(user):
        pytest.skip(f"this {server.kind} trusts every user, whatever the password")
    url, where = server.url(tasks, user=user), server.shown(tasks)
    reads(desk, url, more=", password: {env: FLOW_PASSWORD}")
    monkeypatch.setenv("FLOW_PASSWORD", SECRET)
    assert read(desk).size > 0
    monkeypatch.setenv("FLOW_PASSWORD", "a guess")
    assert refusal(desk) == [
        f"costlens.yaml:3: {where}: the server refuses the user {user} with this password\n"
        "    correct the user in url:, or the password where password: says that it is kept"
    ]
    monkeypatch.delenv("PGPASSWORD", raising=False)
    reads(desk, url)
    assert refusal(desk) == [
        f"costlens.yaml:3: {where}: the server refuses the user {user} without a password\n"
        "    write where it is kept: password: {env: NAME} or {file: PATH}"
    ]


def test_a_user_needs_to_select_what_the_pack_reads_and_nothing_else(
    desk: Desk, server: Server, tasks: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.run(DAGS, "create table connection (password text)", database=tasks)
    user = server.make_user(tasks, "task_instance", password=SECRET)
    monkeypatch.setenv("FLOW_PASSWORD", SECRET)
    reads(desk, server.url(tasks, user=user), more=", password: {env: FLOW_PASSWORD}")
    if server.kind == "postgresql":  # MySQL shows nobody what they may not read
        assert refusal(desk) == [
            f"costlens.yaml:3: {server.shown(tasks)}: the user {user} may not read the table dag\n"
            f"    as its owner: grant select on dag to {user}"
        ]
        server.run(f"grant select on dag to {user}", database=tasks)
    assert "task_instance" in dict(read(desk).parts)


def test_nothing_can_be_written_and_all_tables_are_of_one_moment(
    server: Server, tasks: str, tmp_path: Path
) -> None:
    with server.opened(tasks) as database:
        before = database.hash_rows("task_instance", ("run_id",))
        insert(server, tasks, 3)
        assert database.hash_rows("task_instance", ("run_id",)) == before
        database.write_csv("task_instance", ("run_id",), tmp_path / "out.csv")
        _, *lines = (tmp_path / "out.csv").read_text().split()
        assert [line.partition(",")[2] for line in lines] == ["r1", "r2"]
    for delete in ("delete from task_instance", "drop table task_instance"):
        with pytest.raises(TroubleError, match=r"(?i)read.only"), server.opened(tasks) as database:
            database.connection.cursor().execute(delete)
    with server.opened(tasks) as database:
        assert database.hash_rows("task_instance", ("run_id",)) != before


def test_values_come_as_the_other_databases_write_them(
    server: Server, empty: str, tmp_path: Path
) -> None:
    postgresql = server.kind == "postgresql"
    time, blob = ("timestamptz", "bytea") if postgresql else ("timestamp(6)", "blob")
    server.run(
        f"create table odd (flag boolean, at {time}, number double precision, document json, "
        f"note text, large numeric(30, 10), bytes {blob}, nothing text)",
        database=empty,
    )
    note = 'a "b", c\nd \\ \U0001f600'
    large = Decimal("12345678901234567890.5")
    row = (True, "2026-05-01 01:00:00.25", 0.1, '{"a": [1, "x"]}', note, large, b"\x80k", None)
    server.run(
        f"insert into odd values ({', '.join(['%s'] * len(row))})", database=empty, rows=[row]
    )
    out = tmp_path / "odd.csv"
    with server.opened(empty) as database:
        columns = database.columns()["odd"]
        database.write_csv("odd", columns, out)
    with out.open(newline="", encoding="utf-8") as file:
        header, cells = csv.reader(file)
    got = dict(zip(header, cells, strict=True))
    at = datetime.fromisoformat(got["at"])
    assert tuple(header) == ("x_group", *columns)
    assert got["flag"] == "1"
    assert at.replace(tzinfo=None) == datetime(2026, 5, 1, 1, 0, 0, 250000)
    assert got["number"] == "0.1"
    assert json.loads(got["document"]) == {"a": [1, "x"]}
    assert got["note"] == note
    assert Decimal(got["large"]) == large
    assert got["bytes"].removeprefix("\\x").lower() == "806b"
    assert got["nothing"] == ""


def test_whatever_keeps_a_database_from_being_read_is_told_and_what_was_read_stays(
    desk: Desk, server: Server, tasks: str
) -> None:
    reads(desk, server.url(tasks))
    desk.load()
    before, where, copy = runs(desk), server.shown(tasks), read(desk).parts[0][1]
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        nobody = f"127.0.0.1:{taken.getsockname()[1]}/flow"
        reads(desk, f"{server.kind}://me@{nobody}")
        (told,) = desk.refusal()
        assert told.startswith(
            f"costlens.yaml:3: {server.kind}://{nobody}: the server does not answer: "
        )
        assert "Connection refused" in told
        assert desk.check() == [told]
    reads(desk, server.url("costlens_test_none"))
    assert refusal(desk) == [
        f"costlens.yaml:3: {server.shown('costlens_test_none')}: there is no such database\n"
        "    correct its name, the last part of url:"
    ]
    reads(desk, server.url(tasks), type="mlflow")
    assert refusal(desk) == [
        f"{where}: the table runs is missing\n    the database has task_instance"
    ]
    reads(desk, server.url(tasks), type="focus")
    assert refusal(desk) == [
        'costlens.yaml:3: "url" is for tables of a database, and the pack focus reads none\n'
        "    write path:, or a type that reads tables: costlens packs"
    ]
    server.run("alter table task_instance drop column end_date", database=tasks)
    reads(desk, server.url(tasks))
    assert refusal(desk) == [
        f"{where}, table task_instance: the column end_date is missing\n"
        "    the file has dag_id, task_id, run_id, state, start_date, try_number"
    ]
    assert runs(desk) == before
    copy.check_unchanged()


def test_a_server_that_says_nothing_is_not_waited_for(
    desk: Desk, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in (mysql, postgresql):
        monkeypatch.setattr(kind, "_TIMEOUT_S", 2)
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        reads(desk, f"{server.kind}://me@127.0.0.1:{silent.getsockname()[1]}/flow")
        (told,) = refusal(desk)
    assert "the server does not answer: " in told


def test_a_wrong_value_is_told_with_its_table_and_row(
    desk: Desk, server: Server, empty: str
) -> None:
    server.run(TASKS.format(time="varchar(40)"), database=empty)
    insert(server, empty, 1)
    insert(server, empty, 2, start="noon")
    reads(desk, server.url(empty))
    told = (
        f'{server.shown(empty)}, table task_instance row 2: "2026-05-02 noon" in the column '
        "start_date is not a time\n    write it in UTC, such as 2026-05-01T13:00:00Z"
    )
    assert desk.refusal() == [told]
    assert desk.check() == [told]


def test_tables_of_a_schema_are_found_where_it_is_named(
    desk: Desk, server: Server, tasks: str
) -> None:
    reads(desk, server.url(tasks), more=", schema: flow")
    if server.kind == "mysql":
        assert refusal(desk) == [
            'costlens.yaml:3: "schema" is for PostgreSQL alone\n'
            "    name the database in the url instead"
        ]
        return
    where = server.shown(tasks)
    assert refusal(desk) == [
        f'costlens.yaml:3: {where}: there is no schema "flow"\n    it has public'
    ]
    server.run("create schema flow", "alter table task_instance set schema flow", database=tasks)
    assert dict(read(desk).parts)["task_instance"].name == f"{where}, table task_instance"
    reads(desk, server.url(tasks))
    assert refusal(desk) == [
        f"{where}: the table task_instance is missing\n    the database has no tables"
    ]


def test_a_package_that_is_not_installed_is_named(
    desk: Desk, server: Server, tasks: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = {"postgresql": "psycopg", "mysql": "pymysql"}[server.kind]
    monkeypatch.setitem(sys.modules, package, None)
    reads(desk, server.url(tasks))
    (told,) = refusal(desk)
    assert f"is not installed\n    run: pip install 'costlens[{server.kind}]'" in told


def test_a_view_of_the_events_that_count_tells_what_the_whole_log_does(
    server: Server, shop: str, of_files: Desk, desk: Desk
) -> None:
    if server.kind != "postgresql":
        pytest.skip("a schema of its own is PostgreSQL's")
    (text,) = re.findall(r"```sql\n(create schema costlens;.*?)```", DOCS.read_text(), re.DOTALL)
    server.run(*text.split(";")[:-1], database=shop)
    desk.sources(f'name: dagster, type: dagster, url: "{server.url(shop)}", schema: costlens')
    desk.load()
    attempts = f"select {TOLD['attempts']} from attempts where source = 'dagster' order by all"
    assert desk.rows(attempts) == of_files.rows(attempts)
    assert len(desk.rows(attempts)) == 16
