"""Write what ran as an Airflow 3 metadata database (SQLite): the tables that tell of runs."""

import sqlite3
from collections import defaultdict
from datetime import datetime
from pathlib import Path

from making.company import DAY, FIRST, MINUTE, hex_id
from making.runs import Run, Try

TABLES = {
    "alembic_version": "version_num VARCHAR(32) NOT NULL PRIMARY KEY",
    "slot_pool": """id INTEGER NOT NULL PRIMARY KEY, pool VARCHAR(256), slots INTEGER,
        description TEXT, include_deferred BOOLEAN NOT NULL""",
    "dag": """dag_id VARCHAR(250) NOT NULL PRIMARY KEY, is_paused BOOLEAN NOT NULL,
        is_stale BOOLEAN NOT NULL, last_parsed_time TIMESTAMP, fileloc VARCHAR(2000),
        relative_fileloc VARCHAR(2000), bundle_name VARCHAR(250) NOT NULL, owners VARCHAR(2000),
        dag_display_name VARCHAR(2000), description TEXT, timetable_type VARCHAR(255) NOT NULL,
        timetable_summary TEXT, timetable_description VARCHAR(1000),
        max_active_tasks INTEGER NOT NULL, max_active_runs INTEGER""",
    "dag_tag": """name VARCHAR(100) NOT NULL, dag_id VARCHAR(250) NOT NULL,
        PRIMARY KEY (name, dag_id)""",
    "backfill": """id INTEGER NOT NULL PRIMARY KEY, dag_id VARCHAR(250) NOT NULL,
        from_date TIMESTAMP NOT NULL, to_date TIMESTAMP NOT NULL, dag_run_conf JSON NOT NULL,
        is_paused BOOLEAN, reprocess_behavior VARCHAR(250) NOT NULL,
        max_active_runs INTEGER NOT NULL, created_at TIMESTAMP NOT NULL, completed_at TIMESTAMP,
        updated_at TIMESTAMP NOT NULL, triggering_user_name VARCHAR(512)""",
    "dag_run": """id INTEGER NOT NULL PRIMARY KEY, dag_id VARCHAR(250) NOT NULL,
        queued_at TIMESTAMP, logical_date TIMESTAMP, start_date TIMESTAMP, end_date TIMESTAMP,
        state VARCHAR(50), run_id VARCHAR(250) NOT NULL, creating_job_id INTEGER,
        run_type VARCHAR(50) NOT NULL, triggered_by VARCHAR(50),
        triggering_user_name VARCHAR(512), conf JSON, data_interval_start TIMESTAMP,
        data_interval_end TIMESTAMP, run_after TIMESTAMP NOT NULL,
        last_scheduling_decision TIMESTAMP, log_template_id INTEGER, created_at TIMESTAMP,
        updated_at TIMESTAMP, clear_number INTEGER DEFAULT '0' NOT NULL, backfill_id INTEGER,
        bundle_version VARCHAR(250), scheduled_by_job_id INTEGER, context_carrier JSON,
        span_status VARCHAR(250) DEFAULT 'not_started' NOT NULL,
        created_dag_version_id CHAR(32), partition_key VARCHAR(250), partition_date TIMESTAMP,
        UNIQUE (dag_id, run_id)""",
}
# The two tables of tasks differ in their key and in one column.
TRY_COLUMNS = """{id} CHAR(32) NOT NULL PRIMARY KEY, task_id VARCHAR(250) NOT NULL,
    dag_id VARCHAR(250) NOT NULL, run_id VARCHAR(250) NOT NULL,
    map_index INTEGER DEFAULT '-1' NOT NULL, start_date TIMESTAMP, end_date TIMESTAMP,
    duration FLOAT, state VARCHAR(20), try_number INTEGER NOT NULL,
    max_tries INTEGER DEFAULT '-1', hostname VARCHAR(1000), unixname VARCHAR(1000),
    pool VARCHAR(256) NOT NULL, pool_slots INTEGER NOT NULL, queue VARCHAR(256),
    priority_weight INTEGER, operator VARCHAR(1000), custom_operator_name VARCHAR(1000),
    queued_dttm TIMESTAMP, scheduled_dttm TIMESTAMP, queued_by_job_id INTEGER, {beat}
    pid INTEGER, executor VARCHAR(1000), executor_config BLOB, updated_at TIMESTAMP,
    rendered_map_index VARCHAR(250), context_carrier JSON,
    span_status VARCHAR(250) DEFAULT 'not_started' NOT NULL, external_executor_id TEXT,
    trigger_id INTEGER, trigger_timeout TIMESTAMP, next_method VARCHAR(1000), next_kwargs JSON,
    task_display_name VARCHAR(2000), dag_version_id CHAR(32), retry_delay_override FLOAT,
    retry_reason VARCHAR(500)"""
TABLES["task_instance"] = TRY_COLUMNS.format(id="id", beat="last_heartbeat_at TIMESTAMP,")
TABLES["task_instance_history"] = TRY_COLUMNS.format(id="task_instance_id", beat="")

DAGS = {
    "shop_features_daily": ("platform", "0 1 * * *", "Customer and product features"),
    "risk_features_12h": ("risk", "30 11,23 * * *", "Features for fraud detection"),
    "churn_scoring_daily": ("retention", "0 8 * * *", "Score all customers for churn"),
    "offers_daily": ("retention", "0 14 * * *", "Choose the next best offer of each customer"),
    "discovery_nightly": ("discovery", "30 19 * * *", "Item embeddings, ranking, recommendations"),
}
POOLS = {"default_pool": 128, "emr_features": 10, "gpu": 8}
MAX_TRIES = 2


def stamp(at: datetime | None) -> str | None:
    """Write a time as Airflow keeps it in SQLite: naive UTC text."""
    return f"{at:%Y-%m-%d %H:%M:%S.%f}" if at else None


def insert(con: sqlite3.Connection, table: str, **columns: object) -> None:
    """Insert one row; columns that are not named stay null or at their default."""
    marks = ", ".join("?" * len(columns))
    names = ", ".join(f'"{name}"' for name in columns)
    con.execute(f"insert into {table} ({names}) values ({marks})", tuple(columns.values()))


def write_dags(con: sqlite3.Connection) -> None:
    """Write what the DAGs are."""
    insert(con, "alembic_version", version_num="d2f4e1b3c5a7")
    for number, (pool, slots) in enumerate(POOLS.items(), 1):
        insert(con, "slot_pool", id=number, pool=pool, slots=slots, include_deferred=0)
    for dag, (team, cron, description) in DAGS.items():
        insert(
            con,
            "dag",
            dag_id=dag,
            is_paused=0,
            is_stale=0,
            last_parsed_time=stamp(FIRST),
            fileloc=f"/opt/airflow/dags/{dag}.py",
            relative_fileloc=f"{dag}.py",
            bundle_name="dags-folder",
            owners=team,
            dag_display_name=dag,
            description=description,
            timetable_type="CronTriggerTimetable",
            timetable_summary=cron,
            max_active_tasks=16,
            max_active_runs=1,
        )
        insert(con, "dag_tag", name=f"team:{team}", dag_id=dag)


def write_run(con: sqlite3.Connection, number: int, run: Run, tries: list[Try]) -> None:
    """Write one run of a DAG."""
    start = min(one.start for one in tries if one.start)
    stop = max(one.stop for one in tries if one.stop)
    failed = any(one.state == "upstream_failed" for one in tries)
    by = {"scheduled": "TIMETABLE", "manual": "UI", "backfill": "BACKFILL"}[run.kind]
    insert(
        con,
        "dag_run",
        id=number,
        dag_id=run.dag,
        queued_at=stamp(run.after if run.kind == "scheduled" else start),
        logical_date=stamp(run.logical),
        start_date=stamp(start),
        end_date=stamp(stop),
        state="failed" if failed else "success",
        run_id=run.run_id,
        run_type=run.kind,
        triggered_by=by,
        triggering_user_name=None if run.kind == "scheduled" else "mira",
        conf="{}",
        data_interval_start=stamp(run.logical),
        data_interval_end=stamp(run.logical),
        run_after=stamp(run.after),
        backfill_id=1 if run.kind == "backfill" else None,
        created_dag_version_id=hex_id("dag version", run.dag),
    )


def write_try(con: sqlite3.Connection, one: Try, *, is_last: bool) -> None:
    """Write one try: the last one of its task, or an earlier one in the history."""
    table, key = (
        ("task_instance", "id") if is_last else ("task_instance_history", "task_instance_id")
    )
    duration = (one.stop - one.start).total_seconds() if one.start and one.stop else None
    columns = {
        key: hex_id(one.run.dag, one.run.run_id, one.task, one.map_index, one.number),
        "task_id": one.task,
        "dag_id": one.run.dag,
        "run_id": one.run.run_id,
        "map_index": one.map_index,
        "start_date": stamp(one.start),
        "end_date": stamp(one.stop),
        "duration": duration,
        "state": one.state,
        "try_number": one.number,
        "max_tries": MAX_TRIES,
        "hostname": "airflow-worker-1",
        "pool": one.pool,
        "pool_slots": one.slots,
        "queue": "default",
        "operator": "_PythonDecoratedOperator",
        "task_display_name": one.task,
    }
    insert(con, table, **columns)


def write(path: Path, tries: list[Try]) -> None:
    """Write the database of these tries."""
    path.unlink(missing_ok=True)
    with sqlite3.connect(path) as con:
        for table, columns in TABLES.items():
            con.execute(f"create table {table} ({columns})")
        write_dags(con)
        of_run: dict[Run, list[Try]] = defaultdict(list)
        of_task: dict[tuple[Run, str, int], int] = {}
        for one in tries:
            of_run[one.run].append(one)
            key = (one.run, one.task, one.map_index)
            of_task[key] = max(one.number, of_task.get(key, 0))
        backfills = [run for run in of_run if run.kind == "backfill"]
        insert(
            con,
            "backfill",
            id=1,
            dag_id="shop_features_daily",
            from_date=stamp(backfills[0].logical),
            to_date=stamp(backfills[-1].logical),
            dag_run_conf="{}",
            is_paused=0,
            reprocess_behavior="none",
            max_active_runs=1,
            created_at=stamp(of_run[backfills[0]][0].start),
            completed_at=stamp(of_run[backfills[-1]][-1].stop),
            updated_at=stamp(FIRST + 55 * DAY + MINUTE),
            triggering_user_name="mira",
        )
        for number, (run, some) in enumerate(of_run.items(), 1):
            write_run(con, number, run, some)
            for one in some:
                is_last = one.number == of_task[one.run, one.task, one.map_index]
                write_try(con, one, is_last=is_last)
    con.close()
