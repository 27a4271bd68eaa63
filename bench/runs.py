"""Measure how runs load: an Airflow database, Spark's event logs, and one log of a gigabyte.

    python bench/runs.py --attempts 1000000 --tasks 10000000 --logs 20 --memory 2

Prints for each kind the size of what is read, seconds of wall and of user CPU, and peak memory. Each
load is a process of its own, whose DuckDB may take 60 % of `--memory` GB, as it would on such a machine.
`new` loads all; `again` finds nothing changed; `one more` has one log more in the same month.
`bare_scan` is the lower bound: DuckDB alone reads the same files for the three numbers of a task.
"""

import argparse
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing as closed
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

DATA = Path(__file__).parent / "data" / "runs"
KINDS = ("airflow", "spark", "one_log")
HOUR = 3_600_000
BEGIN = 1_777_593_600_000  # 1 May 2026
STAGES = 40  # of a log, four for each of ten views

# As Spark 4.3 writes them; a task's accumulables repeat its metrics, and are half of a real line.
_METRICS = {
    "Executor Deserialize Time": 20,
    "Executor Deserialize CPU Time": 8_000_290,
    "Executor Run Time": "$run",
    "Executor CPU Time": 35_266_957,
    "Peak Execution Memory": 0,
    "Result Size": 2663,
    "JVM GC Time": 21,
    "Result Serialization Time": 1,
    "Memory Bytes Spilled": 0,
    "Disk Bytes Spilled": 0,
    "Shuffle Read Metrics": {
        "Remote Blocks Fetched": 0,
        "Local Blocks Fetched": 4,
        "Fetch Wait Time": 0,
        "Remote Bytes Read": 0,
        "Remote Bytes Read To Disk": 0,
        "Local Bytes Read": 299_230,
        "Total Records Read": 9976,
    },
    "Shuffle Write Metrics": {
        "Shuffle Bytes Written": 0,
        "Shuffle Write Time": 0,
        "Shuffle Records Written": 0,
    },
    "Input Metrics": {"Bytes Read": 0, "Records Read": 0},
    "Output Metrics": {"Bytes Written": "$bytes", "Records Written": "$rows"},
    "Updated Blocks": [],
}
_TASK = {
    "Event": "SparkListenerTaskEnd",
    "Stage ID": "$stage",
    "Stage Attempt ID": 0,
    "Task Type": "ResultTask",
    "Task End Reason": {"Reason": "Success"},
    "Task Info": {
        "Task ID": "$task",
        "Index": "$task",
        "Attempt": 0,
        "Partition ID": 0,
        "Launch Time": "$launch",
        "Executor ID": "$executor",
        "Host": "10.0.0.1",
        "Locality": "PROCESS_LOCAL",
        "Speculative": False,
        "Getting Result Time": 0,
        "Finish Time": "$finish",
        "Failed": False,
        "Killed": False,
        "Accumulables": "$accumulables",
    },
    "Task Metrics": _METRICS,
}
_ACCUMULABLE = {
    "ID": 38,
    "Name": "internal.metrics.executorDeserializeTime",
    "Update": 206,
    "Value": 206,
    "Internal": True,
    "Count Failed Values": True,
}


def connect() -> "duckdb.DuckDBPyConnection":
    import duckdb

    con = duckdb.connect()
    con.execute("set TimeZone = 'UTC'")
    return con


# Of Airflow 3: ten tasks of a run, every tenth at its second try.
_AIRFLOW = """
create table numbers as
with recursive counted (i) as (select 0 union all select i + 1 from counted limit $runs)
select i, 'pipeline_' || i % 200 as dag_id, 'scheduled__' || i as run_id,
    julianday('2026-05-01') + i % 2500 * 0.25 / 24 as day
from counted;
create table tasks as select value as t from json_each('[0,1,2,3,4,5,6,7,8,9]');
create table dag as select distinct dag_id, 'ml-platform' as owners from numbers;
create table dag_tag as select dag_id, 'features' as name from dag;
create table dag_run as
select dag_id, run_id, strftime('%Y-%m-%d %H:%M:%S.000000', day) as logical_date,
    strftime('%Y-%m-%d %H:%M:%S.000000', day) as data_interval_start,
    strftime('%Y-%m-%d %H:%M:%S.000000', day) as data_interval_end, 'scheduled' as run_type
from numbers;
create table task_instance as
select dag_id, run_id, 'task_' || t as task_id, -1 as map_index, 'success' as state,
    strftime('%Y-%m-%d %H:%M:%f', day + (t * 60 + 31) / 86400.0) || '000' as start_date,
    strftime('%Y-%m-%d %H:%M:%f', day + (t * 60 + 61 + i % 30) / 86400.0) || '000' as end_date,
    1 + (t = 9) as try_number, 'worker-' || i % 20 as hostname, 'default_pool' as pool,
    1 as pool_slots, 'default' as queue, 'PythonOperator' as operator, null as executor,
    null as external_executor_id
from numbers cross join tasks;
create table task_instance_history as
select dag_id, run_id, task_id, map_index, 'failed' as state,
    strftime('%Y-%m-%d %H:%M:%f', julianday(start_date) - 30 / 86400.0) || '000' as start_date,
    strftime('%Y-%m-%d %H:%M:%f', julianday(start_date) - 10 / 86400.0) || '000' as end_date,
    1 as try_number, hostname, pool, pool_slots, queue, operator, executor, external_executor_id
from task_instance where try_number = 2;
drop table numbers;
drop table tasks;
"""


def airflow(folder: Path, attempts: int) -> Path:
    """Write a database of Airflow with as many tries: eleven of the ten tasks of each run."""
    path = folder / "airflow.db"
    with closed(sqlite3.connect(path)) as database:
        database.executescript(_AIRFLOW.replace("$runs", str(attempts // 11)))
    return path


def spark_logs(folder: Path, *, logs: int, tasks: int, accumulables: int) -> None:
    """Write the logs of applications that make ten views each, in whole hours of their own."""
    con = connect()
    for number in range(logs):
        path = folder / f"app-20260501{number:06}-0000"
        share = tasks // logs
        start = BEGIN + number * HOUR
        with path.open("w") as log:
            for event in opening(number, start):
                log.write(json.dumps(event, separators=(",", ":")) + "\n")
        part = path.with_suffix(".part")
        con.execute(
            f"copy ({task_lines(share, start, accumulables)}) to '{part}' "
            "(format csv, header false, quote '', escape '', delimiter '\x01')"
        )
        with path.open("ab") as log, part.open("rb") as lines:
            shutil.copyfileobj(lines, log, 1 << 24)
        part.unlink()
        with path.open("a") as log:
            for event in closing(start):
                log.write(json.dumps(event, separators=(",", ":")) + "\n")


def opening(number: int, start: int) -> list[dict[str, object]]:
    """Give what stands before the tasks: the application, its executors and its jobs."""
    app = {"App Name": f"features_{number % 50}", "App ID": f"app-{number}", "Timestamp": start}
    events: list[dict[str, object]] = [
        {"Event": "SparkListenerLogStart", "Spark Version": "4.3.0"},
        {"Event": "SparkListenerApplicationStart", **app, "User": "etl"},
    ]
    events += [
        {
            "Event": "SparkListenerExecutorAdded",
            "Timestamp": start,
            "Executor ID": str(executor),
            "Executor Info": {"Host": "10.0.0.1", "Total Cores": 16, "Resources": {}},
        }
        for executor in range(20)
    ]
    for job in range(STAGES // 4):
        stages = [job * 4 + at for at in range(4)]
        plan = f"Execute InsertIntoHadoopFsRelationCommand s3://lake/views/fv_{job}, false, Parquet"
        events.append(
            {
                "Event": "org.apache.spark.sql.execution.ui.SparkListenerSQLExecutionStart",
                "executionId": job,
                "rootExecutionId": job,
                "physicalPlanDescription": plan,
                "time": start,
            }
        )
        events.append(
            {
                "Event": "SparkListenerJobStart",
                "Job ID": job,
                "Submission Time": start,
                "Stage IDs": stages,
                "Properties": {
                    "spark.jobGroup.id": f"view:fv_{job}",
                    "spark.sql.execution.id": str(job),
                },
            }
        )
    return events


def closing(start: int) -> list[dict[str, object]]:
    """Give what stands after the tasks."""
    ended: list[dict[str, object]] = [
        {
            "Event": "SparkListenerJobEnd",
            "Job ID": job,
            "Completion Time": start + HOUR - 1000,
            "Job Result": {"Result": "JobSucceeded"},
        }
        for job in range(STAGES // 4)
    ]
    return [*ended, {"Event": "SparkListenerApplicationEnd", "Timestamp": start + HOUR}]


def task_lines(tasks: int, start: int, accumulables: int) -> str:
    """Write the select of a log's task lines."""
    text = json.dumps(_TASK, separators=(",", ":")).replace("'", "''")
    text = text.replace('"$accumulables"', json.dumps([_ACCUMULABLE] * accumulables))
    values = {
        "stage": f"i * {STAGES} // {tasks}",
        "task": "i",
        "launch": f"{start} + i * 3000 // {tasks} * 1000 + i % 997",
        "finish": f"{start} + i * 3000 // {tasks} * 1000 + i % 997 + 1000 + hash(i) % 30000",
        "run": "900 + hash(i) % 30000",
        "executor": "'\"' || i % 20 || '\"'",
        "bytes": "i % 100 * 1000",
        "rows": "i % 100",
    }
    line = f"'{text}'"
    for word, value in values.items():
        line = line.replace(f'"${word}"', f"' || {value} || '")
    return f"select {line} from range({tasks}) as r (i)"


def workspace(folder: Path, kind: str, path: str) -> Path:
    """Make a workspace of one source."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    source = {"name": "log", "type": kind, "path": path}
    settings = {"version": 1, "sources": [source]}
    (folder / "costlens.yaml").write_text(json.dumps(settings))
    return folder


def refresh(folder: Path, memory: float) -> None:
    """Refresh within a share of the memory, as a machine of that size would."""
    from costlens.cli import main

    path = folder / "costlens.yaml"
    settings = json.loads(path.read_text())
    path.write_text(json.dumps(settings | {"memory_limit": f"{memory * 0.6:.2f}GB"}))
    main(["refresh", "--config", str(folder)])


def bare_scan(folder: Path, memory: float) -> None:
    """Read three numbers of every task and add them up by stage."""
    con = connect()
    con.execute(f"set memory_limit = '{memory * 0.6:.2f}GB'")
    info = 'STRUCT("Launch Time" BIGINT, "Finish Time" BIGINT)'
    columns = {
        "Stage ID": "BIGINT",
        "Task Info": info,
        "Task Metrics": 'STRUCT("Executor Run Time" BIGINT)',
    }
    con.execute(
        'select "Stage ID", count(*), min("Task Info"."Launch Time"), max("Task Info"."Finish Time"), '
        'sum("Task Metrics"."Executor Run Time") from read_json($files, columns = $columns, '
        "format = 'newline_delimited') group by all",
        {"files": [str(path) for path in sorted(folder.iterdir())], "columns": columns},
    ).fetchall()


def timed(command: list[str]) -> tuple[float, float, float]:
    """Run a process; return its seconds of wall and of user CPU and its peak memory in MiB."""
    start = time.perf_counter()
    child = subprocess.Popen(command)
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        sys.exit(f"failed: {' '.join(command)}")
    return time.perf_counter() - start, usage.ru_utime, usage.ru_maxrss / 1024


def told(what: str, target: Path, *, step: str, memory: float) -> None:
    """Run one step in a process of its own, and print what it took."""
    again = [sys.executable, str(Path(__file__).resolve()), "--memory", str(memory)]
    wall, spent, peak = timed([*again, "--only", step, "--folder", str(target)])
    print(f"{what:12} {wall:8.1f} s wall {spent:8.1f} s user {peak:8.0f} MiB", flush=True)


def measure_airflow(size: argparse.Namespace) -> None:
    """Load a database of Airflow, and find that nothing changed."""
    path = airflow(size.folder, size.attempts)
    print(f"airflow: {size.attempts:,} attempts, {path.stat().st_size / 1e9:.2f} GB", flush=True)
    folder = workspace(size.folder / "airflow", "airflow", str(path))
    for what in ("new", "again"):
        told(what, folder, step="refresh", memory=size.memory)
    if not size.keep:
        path.unlink()


def measure_spark(size: argparse.Namespace, *, logs: int, tasks: int) -> None:
    """Load logs, all but the last of several; find that nothing changed; load the last."""
    place = size.folder / "spark_logs"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    spark_logs(place, logs=logs, tasks=tasks, accumulables=size.accumulables)
    whole = sum(path.stat().st_size for path in place.iterdir())
    print(f"spark: {tasks:,} tasks in {logs:,} logs, {whole / 1e9:.2f} GB", flush=True)
    folder = workspace(size.folder / "spark", "spark", str(place))
    told("bare_scan", place, step="bare_scan", memory=size.memory)
    last = max(place.iterdir())
    aside = size.folder / last.name
    if logs > 1:
        last.rename(aside)
    for what in ("new", "again"):
        told(what, folder, step="refresh", memory=size.memory)
    if logs > 1:
        aside.rename(last)
        told("one more", folder, step="refresh", memory=size.memory)
    if not size.keep:
        shutil.rmtree(place)


def measure(size: argparse.Namespace) -> None:
    """Measure the kinds that are asked for."""
    size.folder.mkdir(parents=True, exist_ok=True)
    (size.folder / "airflow.db").unlink(missing_ok=True)
    if "airflow" in size.kinds:
        measure_airflow(size)
    if "spark" in size.kinds:
        measure_spark(size, logs=size.logs, tasks=size.tasks)
    if "one_log" in size.kinds:
        measure_spark(size, logs=1, tasks=size.log_tasks)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=DATA)
    parser.add_argument(
        "--kinds", nargs="+", choices=KINDS, default=KINDS, help="which; all if left out"
    )
    parser.add_argument("--attempts", type=int, default=1_000_000, help="of Airflow")
    parser.add_argument("--tasks", type=int, default=10_000_000, help="of all of Spark's logs")
    parser.add_argument("--logs", type=int, default=20)
    parser.add_argument("--log-tasks", type=int, default=900_000, help="of the one log: 1 GB")
    parser.add_argument("--accumulables", type=int, default=0, help="of a task; 7 are usual")
    parser.add_argument("--memory", type=float, default=2.0)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--only", choices=["bare_scan", "refresh"])
    size = parser.parse_args()
    size.folder = size.folder.resolve()
    if size.only:
        {"bare_scan": bare_scan, "refresh": refresh}[size.only](size.folder, size.memory)
    else:
        measure(size)


if __name__ == "__main__":
    main()
