"""Measure how run logs load: Spark's event logs.

    python bench/runs.py --tasks 10000000 --logs 20 --memory 2

Prints for each kind the size of the logs, seconds of wall and processor, and peak memory. Each load is
a process of its own, whose DuckDB may take 60 % of `--memory` GB, as it would on such a machine.
`bare_scan` is the lower bound: DuckDB alone reads the same files for the three numbers of a task.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

HERE = Path(__file__).parent
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


def spark_logs(folder: Path, size: argparse.Namespace) -> None:
    """Write the logs of applications that make ten views each, in whole hours of their own."""
    con = connect()
    for number in range(size.logs):
        path = folder / f"app-20260501{number:06}-0000"
        tasks = size.tasks // size.logs
        start = BEGIN + number * HOUR
        with path.open("w") as log:
            for event in opening(number, start):
                log.write(json.dumps(event, separators=(",", ":")) + "\n")
        part = path.with_suffix(".part")
        con.execute(
            f"copy ({task_lines(tasks, start, size.accumulables)}) to '{part}' "
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
    from costlens import engine
    from costlens import refresh as flow
    from costlens.cli import main

    whole = engine.connect

    def bounded(scratch: Path | None = None) -> "duckdb.DuckDBPyConnection":
        con = whole(scratch)
        con.execute(f"set memory_limit = '{memory * 0.6:.2f}GB'")
        return con

    engine.connect = bounded
    if hasattr(flow, "connect"):
        flow.connect = bounded  # type: ignore[attr-defined]
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
    """Run a process; return its wall and processor seconds and its peak memory in MiB."""
    start = time.perf_counter()
    child = subprocess.Popen(command)
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        sys.exit(f"failed: {' '.join(command)}")
    spent = usage.ru_utime + usage.ru_stime
    return time.perf_counter() - start, spent, usage.ru_maxrss / 1024


def measure(size: argparse.Namespace) -> None:
    logs = size.folder / "spark_logs"
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir(parents=True)
    spark_logs(logs, size)
    whole = sum(path.stat().st_size for path in logs.iterdir())
    print(f"{size.tasks:,} tasks in {size.logs} logs, {whole / 1e9:.2f} GB", flush=True)
    folder = workspace(size.folder / "spark", "spark", str(logs))
    again = [sys.executable, str(Path(__file__).resolve()), "--memory", str(size.memory)]
    for what, target in (("bare_scan", logs), ("refresh", folder), ("refresh", folder)):
        wall, spent, peak = timed([*again, "--only", what, "--folder", str(target)])
        print(f"{what:12} {wall:8.1f} s wall {spent:8.1f} s processor {peak:8.0f} MiB", flush=True)
    if not size.keep:
        shutil.rmtree(logs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("/tmp/costlens-bench-runs"))
    parser.add_argument("--tasks", type=int, default=1_000_000)
    parser.add_argument("--logs", type=int, default=20)
    parser.add_argument("--accumulables", type=int, default=0, help="of a task; 7 are usual")
    parser.add_argument("--memory", type=float, default=2.0)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--only", choices=["bare_scan", "refresh"])
    size = parser.parse_args()
    if size.only:
        {"bare_scan": bare_scan, "refresh": refresh}[size.only](size.folder, size.memory)
    else:
        measure(size)


if __name__ == "__main__":
    main()
