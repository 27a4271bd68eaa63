"""Logs of nested events: names, parts, packings, torn ends, and what stands in the way."""

import gzip
import json

import pytest
from conftest import DATA, Desk

from costlens.ingest.zstd import is_cut

ZSTD = DATA.parent / "runs" / "spark" / "eventlog_v2_local-1795224491410"
START = 1777885200000  # 2026-05-04T09:00:00Z
WHOLE = "\n    deliver the file again, whole"
GOES_ON = "what is still being written goes on; else deliver it again, whole"


def event(name: str, **more: object) -> str:
    return json.dumps({"Event": f"SparkListener{name}", **more}, separators=(",", ":")) + "\n"


def task(at: int, **more: object) -> str:
    """Write the end of a task of stage 0 that ran for a second, `at` seconds after nine."""
    info = {"Launch Time": START + at * 1000, "Finish Time": START + at * 1000 + 1000}
    told = {"Stage ID": 0, "Task Info": info, "Task Metrics": {"Executor Run Time": 1000}, **more}
    return event("TaskEnd", **told)


def opening(app: str, attempt: int | None = None) -> str:
    """Write how a log begins."""
    told: dict[str, object] = {"App Name": "etl", "App ID": app, "Timestamp": START}
    told |= {"App Attempt ID": str(attempt)} if attempt else {}
    properties = {"spark.jobGroup.id": "views"}
    job = {"Job ID": 0, "Submission Time": START, "Stage IDs": [0], "Properties": properties}
    return event("LogStart") + event("ApplicationStart", **told) + event("JobStart", **job)


END = event("ApplicationEnd", Timestamp=START + 3_600_000)


@pytest.fixture
def logs(desk: Desk) -> Desk:
    """A desk whose one source is a folder of event logs."""
    desk.sources("name: spark, type: spark, path: logs/")
    return desk


def loaded(desk: Desk) -> list[tuple[str, str, str, str]]:
    return desk.rows(
        "select run, part, state, sum(busy_s)::integer::varchar from attempts "
        "group by all order by all"
    )


def test_logs_are_known_by_their_names_and_other_files_are_passed_over(logs: Desk) -> None:
    for name in ("local-1", "app-20260504-0001", "application_1_0001_1", "spark-5f1c"):
        logs.write(f"logs/{name}", opening(name) + task(1) + END)
    logs.write("logs/made.by.hand.zstd", (ZSTD / f"events_1_{ZSTD.name[12:]}.zstd").read_bytes())
    logs.write("logs/notes", "no log")
    logs.write("logs/eventlog_v2_local-9/appstatus_local-9.inprogress", "")
    logs.write("logs/eventlog_v2_local-9/events_1_local-9", opening("local-9") + task(1) + END)
    logs.load()
    assert {run for run, *_ in loaded(logs)} == {
        *("local-1", "app-20260504-0001", "application_1_0001_1", "spark-5f1c"),
        *("local-1795224491410", "local-9"),
    }


def test_the_parts_of_a_log_are_read_in_the_order_of_their_numbers(logs: Desk) -> None:
    lines = [opening("local-9"), *(task(at) for at in range(1, 12)), END]
    for number, text in enumerate(lines, start=1):
        logs.write(f"logs/eventlog_v2_local-9/events_{number}_local-9", text)
    # Only the last part may end in the middle of a line.
    logs.write("logs/eventlog_v2_local-9/events_13_local-9", END[:-9])
    told = [str(one) for one in logs.load().findings if one.code == "torn_log"]
    assert told == [
        "logs/eventlog_v2_local-9/events_13_local-9:1: the last line is cut off: the log counts "
        f"up to there\n    {GOES_ON}"
    ]
    assert loaded(logs) == [("local-9", "views", "succeeded", "11")]
    logs.write("logs/eventlog_v2_local-9/events_4_local-9", task(3)[:-9])
    assert logs.refusal() == [
        f"logs/eventlog_v2_local-9/events_4_local-9:1: this line is not JSON{WHOLE}"
    ]


def test_a_part_that_is_missing_is_told(logs: Desk) -> None:
    for number in (1, 2, 5, 7):
        logs.write(f"logs/eventlog_v2_local-9/events_{number}_local-9", task(number))
    assert logs.refusal() == [
        f"logs/eventlog_v2_local-9: {what}\n    copy the folder again, whole"
        for what in ("the parts 3 to 4 are missing", "part 6 is missing")
    ]


def test_a_compacted_part_stands_only_for_those_that_are_gone(logs: Desk) -> None:
    folder = "logs/eventlog_v2_local-9"
    logs.write(f"{folder}/events_2_local-9.compact", opening("local-9") + task(1))
    logs.write(f"{folder}/events_3_local-9", task(3) + END)
    (told,) = [one for one in logs.load().findings if one.code == "compacted"]
    assert str(told).startswith(f"{folder}/events_2_local-9.compact: was compacted")
    assert loaded(logs) == [("local-9", "views", "succeeded", "2")]
    logs.write(f"{folder}/events_1_local-9", opening("local-9") + task(1))
    logs.write(f"{folder}/events_2_local-9", task(2))
    assert not [one for one in logs.load().findings if one.code == "compacted"]
    assert loaded(logs) == [("local-9", "views", "succeeded", "3")]


def test_a_log_that_goes_on_is_read_anew_and_keeps_its_place_under_its_last_name(
    logs: Desk,
) -> None:
    begun = logs.write("logs/local-1.inprogress", opening("local-1") + task(1) + task(2)[:40])
    logs.write("logs/local-2", opening("local-2") + task(1) + END)
    told = [one.code for one in logs.load().findings]
    assert told == ["torn_log", "no_end"]
    assert loaded(logs)[0] == ("local-1", "views", "succeeded", "1")
    begun.unlink()
    logs.write("logs/local-1", opening("local-1") + task(1) + task(2) + END)
    assert not logs.load().findings
    assert loaded(logs)[0] == ("local-1", "views", "succeeded", "2")


def test_all_tries_of_an_application_are_read_together_whenever_they_come(logs: Desk) -> None:
    app = "application_1_0001"
    logs.write(f"logs/{app}_1", opening(app, 1) + task(1) + END)
    logs.load()
    assert loaded(logs) == [(app, "views", "succeeded", "1")]
    logs.write(f"logs/{app}_2", opening(app, 2) + task(2) + task(3) + END)
    logs.load()
    assert loaded(logs) == [(app, "views", "failed", "1"), (app, "views", "succeeded", "2")]


@pytest.mark.parametrize(
    ("start", "packing"), [(b"LZ4Block", "lz4"), (b"\x82SNAPPY\0", "snappy"), (b"ZV\1", "lzf")]
)
def test_a_packing_that_is_not_read_says_which_setting_of_spark_to_change(
    logs: Desk, start: bytes, packing: str
) -> None:
    logs.write(f"logs/local-1.{packing}", start + b"...")
    assert logs.refusal() == [
        f"logs/local-1.{packing}: is packed by {packing}, which is not read\n"
        "    set spark.eventLog.compression.codec to zstd, or spark.eventLog.compress to false"
    ]


def test_gzip_and_plain_parts_are_one_log_as_databricks_delivers_them(logs: Desk) -> None:
    folder = "logs/0504-cluster/eventlog/77"
    logs.write(f"{folder}/eventlog", task(2) + task(3)[:30])
    rolled = gzip.compress((opening("app-1") + task(1)).encode())
    logs.write(f"{folder}/eventlog-2026-05-04--09-00.gz", rolled)
    assert "torn_log" in [one.code for one in logs.load().findings]
    assert loaded(logs) == [("app-1", "views", "succeeded", "2")]


def test_zstd_that_is_cut_is_told_and_counts_up_to_there(logs: Desk) -> None:
    name = f"events_1_{ZSTD.name[12:]}.zstd"
    whole = (ZSTD / name).read_bytes()
    path = logs.write(f"logs/{ZSTD.name}/{name}", whole[:-2000])
    (told, end) = logs.load().findings
    assert str(told) == (
        f"logs/{ZSTD.name}/{name}: its last piece is cut off: the log counts up to there\n"
        f"    {GOES_ON}"
    )
    assert end.code == "no_end"
    # An end within any frame is seen, whatever byte it falls on.
    assert not is_cut(ZSTD / name)
    for cut in range(1, 4000, 61):
        path.write_bytes(whole[:-cut])
        assert is_cut(path)
    logs.write(f"logs/{ZSTD.name}/events_2_{ZSTD.name[12:]}", END)
    assert logs.refusal() == [
        f"logs/{ZSTD.name}/{name}: its last piece is cut off\n    deliver it again, whole"
    ]
    logs.write(f"logs/{ZSTD.name}/{name}", whole[5:])
    assert logs.refusal() == [
        f"logs/{ZSTD.name}/{name}: is named .zstd but is not packed so\n    deliver it again"
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"a": 1}\n{"a": 2}\n', ": is none of Spark's event logs: Event is missing"),
        (opening("local-1") + '{"a": 1}\n', ":4: this event lacks Event"),
        (opening("local-1") + "\n\nEvent\n" + END, ":6: this line is not JSON"),
        ("Event\nEvent\n", ":1: this line is not JSON (and on 1 more line)"),
        (
            opening("local-1") + event("TaskEnd", **{"Task Info": 7}),
            ":4: this line has another shape than such a log",
        ),
        (
            opening("local-1") + event("TaskEnd", **{"Stage ID": 0}) + END,
            ":4: the end of a task lacks its stage or its times, on 1 lines",
        ),
        (
            opening("local-1") + task(1).replace(str(START + 1000), '"soon"'),
            ':4: "soon" in the column launch is not a whole number',
        ),
    ],
    ids=["another log", "another line", "text in it", "text", "shape", "no times", "no number"],
)
def test_what_is_no_such_log_is_refused_at_its_line(logs: Desk, text: str, told: str) -> None:
    logs.write("logs/local-1", text)
    logs.write("logs/local-2", opening("local-2") + task(1) + END)
    (found,) = logs.refusal()
    assert found.partition("\n")[0] == f"logs/local-1{told}"


def test_every_file_that_cannot_be_read_is_told_at_once(logs: Desk) -> None:
    logs.write("logs/local-1", opening("local-1") + "no\n" + END)
    logs.write("logs/local-2", opening("local-2") + task(1) + END)
    logs.write("logs/local-3.gz", gzip.compress(opening("local-3").encode())[:-9])
    assert [one.partition("\n")[0] for one in logs.refusal()] == [
        "logs/local-1:4: this line is not JSON",
        "logs/local-3.gz: is cut short: its gzip data ends too early",
    ]


def test_a_check_reads_the_beginning_of_every_log(logs: Desk) -> None:
    logs.write("logs/local-1", opening("local-1") + task(1) + END)
    logs.write("logs/local-2", opening("local-2") + "no\n" + END)
    assert [one.partition("\n")[0] for one in logs.check()] == [
        "logs/local-2:4: this line is not JSON"
    ]


def test_a_line_of_a_plain_table_that_is_not_json_is_told_by_its_number(desk: Desk) -> None:
    desk.sources("name: runs, type: runs, path: runs.jsonl")
    run = '{"run_id": "a", "pipeline": "p", "start": "2026-05-04T09:00:00Z"}\n'
    desk.write("runs.jsonl", run + "\n" + run + '{"run_id": \n')
    (told,) = desk.refusal()
    assert told.startswith("runs.jsonl:4: this line is not JSON")


def test_an_application_is_split_only_by_what_it_can_be_split_by(desk: Desk) -> None:
    desk.sources('name: spark, type: spark, path: logs/, values: {split_by: "cpu"}')
    desk.write("logs/local-1", opening("local-1") + task(1) + END)
    assert desk.refusal() == [
        'logs/local-1:1: "cpu" is nothing to split an application by\n'
        "    write work_s, values, rows or bytes"
    ]
