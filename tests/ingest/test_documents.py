"""Tables out of JSON documents: pages, manifests and events, wherever their rows lie."""

import gzip
import json
import tempfile
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import Desk

from costlens.config.values import Source
from costlens.errors import CostLensError
from costlens.ingest.fetch import find_files
from costlens.ingest.packs import read_pack
from costlens.ingest.source import macros
from costlens.ingest.tabled import as_deliveries, open_delivery

PACK = """\
name: own
title: Own
produces: [attempts]
format: [json, jsonl, csv]
tables:
  tries:
    needs: [run, start]
    columns: [state, size]
    rows: ["runs[].tries[]", "[]"]
    aliases: {run: ["runs[].info.id"], start: [times.start, begun]}
  labels:
    needs: [key, value]
    columns: [run, account, job]
    rows: ["runs[].labels{}", "jobs{}.steps[]"]
    aliases:
      key: [x_key]
      value: [x_value]
      run: ["runs[].info.id"]
      account: [/meta.account]
      job: ["jobs{}.x_key"]
    optional: true
  about:
    needs: [account]
    columns: [x_value]
    rows: "."
    document: [account]
    optional: true
  odd:
    needs: [n]
    rows: 'deep."a.b".c'
    optional: true
"""
ATTEMPTS = """\
select x_line, 'p' as pipeline, run, 'run' as part, 1 as try, state, utc(start) as start,
    utc(start) as stop, quantity(size) as size
from tries
"""
CONTROL = """\
select strftime(utc(start), '%Y-%m') as period, count(*) as rows from tries group by period
"""


@pytest.fixture
def own(desk: Desk) -> Desk:
    """A desk with a pack that reads documents, and a source of them."""
    desk.sources("name: log, type: own, path: log")
    desk.write("connectors/own/connector.yaml", PACK)
    desk.write("connectors/own/attempts.sql", ATTEMPTS)
    desk.write("connectors/own/control.sql", CONTROL)
    return desk


def page(*runs: int, day: str = "2026-05-01") -> str:
    """Write a page of runs, each with one try."""
    tries = [
        {"info": {"id": f"r{run}"}, "tries": [{"begun": f"{day}T0{run}:00:00Z", "state": "ok"}]}
        for run in runs
    ]
    return json.dumps({"meta": {"account": "007"}, "runs": tries}, indent=1)


def opened(own: Desk) -> dict[str, list[tuple[Any, ...]]]:
    """Read the source's one delivery: the rows of each table, the first and last with places."""
    pack = read_pack(own.folder / "connectors/own")
    source = Source(name="log", type="own", path="log")
    with duckdb.connect() as con, tempfile.TemporaryDirectory() as staging, macros(con):
        files, _ = find_files(source, own.folder, pack.description)
        read = open_delivery(
            con, as_deliveries(files, pack, source), pack=pack, currency="", staging=Path(staging)
        )
        read.view(con)
        tables = {
            table: con.execute(f'select * from "{table}" order by x_line').fetchall()
            for table in read.selects
        }
        return {
            table: [
                (*row[:-1], read.line_of(row[-1]) if at < 8 or row is rows[-1] else "")
                for at, row in enumerate(rows)
            ]
            for table, rows in tables.items()
        }


def test_rows_and_their_columns_are_found_wherever_a_pack_says_they_lie(own: Desk) -> None:
    both = {
        "meta": {"account": "007"},
        "runs": [
            {
                "info": {"id": "r1"},
                "tries": [
                    {"times": {"start": "2026-05-01"}, "state": None},
                    {"begun": "2026-05-02"},
                ],
                "labels": {"team": "a", "n": 1.5, "none": None, "on": True, "many": [1, {"b": 2}]},
            },
            {"info": {"id": "r2"}},
            {"tries": [{"run": "own", "start": "2026-05-03", "state": "ok", "begun": "never"}]},
        ],
        "deep": {"a.b": {"c": {"n": "x"}}},
    }
    own.write("log/a.json", b"\xef\xbb\xbf" + json.dumps(both, indent=2).encode())
    steps = {"jobs": {"j.1": {"steps": ["s", 2]}}}
    about = {"account": 1}
    lines = "\n".join(json.dumps(one) for one in (steps, about, {"account": 2}))
    own.write("log/deeper/b.ndjson.gz", gzip.compress(f"\n{lines}\n".encode()))
    own.write("log/c.json", '[{"run": "r9", "start": "2026-05-09"}, {"start": "2026-05-08"}]')
    assert opened(own) == {
        "tries": [
            ("r1", "2026-05-01", None, None, "log/a.json runs[0].tries[0]"),
            ("r1", "2026-05-02", None, None, "log/a.json runs[0].tries[1]"),
            ("own", "2026-05-03", "ok", None, "log/a.json runs[2].tries[0]"),
            ("r9", "2026-05-09", None, None, "log/c.json [0]"),
            (None, "2026-05-08", None, None, "log/c.json [1]"),
        ],
        "labels": [
            ("team", "a", "r1", "007", None, "log/a.json runs[0].labels{team}"),
            ("n", "1.5", "r1", "007", None, "log/a.json runs[0].labels{n}"),
            ("none", None, "r1", "007", None, "log/a.json runs[0].labels{none}"),
            ("on", "true", "r1", "007", None, "log/a.json runs[0].labels{on}"),
            ("many", '[1,{"b":2}]', "r1", "007", None, "log/a.json runs[0].labels{many}"),
            ("0", "s", None, None, "j.1", "log/deeper/b.ndjson.gz document 1 jobs{j.1}.steps[0]"),
            ("1", "2", None, None, "j.1", "log/deeper/b.ndjson.gz document 1 jobs{j.1}.steps[1]"),
        ],
        "about": [
            ("1", '{"account":1}', "log/deeper/b.ndjson.gz document 2"),
            ("2", '{"account":2}', "log/deeper/b.ndjson.gz document 3"),
        ],
        "odd": [("x", "log/a.json deep.a.b.c")],
    }


def test_a_number_keeps_all_its_digits_and_a_text_that_looks_like_one_stays(own: Desk) -> None:
    sizes = ["0.12345678901234567890123", "123456789012345678901234567890", "-1.5E-7", "1.10"]
    told = '"id 12345678901234567890.5 \\" 0.12345678901234567890"'
    tries = ", ".join(f'{{"start": "2026-05-01", "size": {size}}}' for size in sizes)
    own.write("log/a.json", f'{{"runs": [{{"info": {{"id": {told}}}, "tries": [{tries}]}}]}}')
    rows = opened(own)["tries"]
    assert [row[3] for row in rows] == [*sizes[:2], "-1.5e-7", "1.1"]
    assert {row[0] for row in rows} == {json.loads(told)}


def test_a_large_document_gives_the_rows_of_small_ones(own: Desk) -> None:
    runs = [
        {"info": {"id": f"r{n}"}, "tries": [{"begun": str(n)}], "labels": {"pad": "x" * 300}}
        for n in range(4000)
    ]
    whole = json.dumps({"meta": {"account": "007"}, "runs": runs})
    assert len(whole) > 1 << 20
    own.write("log/whole.json", whole)
    large = opened(own)
    assert large["tries"][3999] == (
        "r3999",
        "3999",
        None,
        None,
        "log/whole.json runs[3999].tries[0]",
    )
    own.write(
        "log/whole.json",
        "\n".join(json.dumps({"meta": {"account": "007"}, "runs": [run]}) for run in runs),
    )
    small = opened(own)
    for table in ("tries", "labels"):
        assert [row[:-1] for row in small[table]] == [row[:-1] for row in large[table]]
    assert small["labels"][3999][-1] == "log/whole.json document 4000 runs[0].labels{pad}"


def test_pages_are_one_delivery_that_counts_the_same_one_once_and_reloads_with_a_new_one(
    own: Desk,
) -> None:
    own.write("log/page1.json", page(1, 2))
    own.write("log/again.json", page(1, 2))
    own.write("log/other.json", '{"tasks": [], "total": 0}')
    notes = {str(finding) for finding in own.load().findings}
    assert notes == {
        "log/page1.json: holds the same as log/again.json: it counts once\n"
        "    remove one of the two",
        "log/other.json: is not read: no table of the pack own lies in a document with the keys "
        "tasks, total\n    leave it, or move it to the source that reads it",
    }
    assert own.rows("select run from attempts order by run") == [("r1",), ("r2",)]
    assert not own.load(day=2).changed
    own.write("log/june/page2.json", page(3, day="2026-06-01"))
    assert own.load(day=3).changed
    assert own.rows("select month, run from attempts order by run") == [
        ("2026-05", "r1"),
        ("2026-05", "r2"),
        ("2026-06", "r3"),
    ]


def test_what_is_no_json_is_told_for_every_file_with_its_line(own: Desk) -> None:
    own.write("log/blank.json", " \n")
    assert own.refusal() == [
        "log/blank.json: holds no JSON document\n    deliver it again, or remove it"
    ]
    own.write("log/cut.json", page(1, 2)[:-8])
    own.write("log/gone.json.gz", gzip.compress(page(1).encode() * 99)[:-40])
    assert own.refusal() == [
        "log/gone.json.gz: is cut short: its gzip data ends too early\n    deliver it again, whole"
    ]
    (own.folder / "log/gone.json.gz").unlink()
    own.write("log/wrong.json", '{"runs":\n [{"a": 1,\n oops]}')
    own.write("log/latin.json", '{"runs": ["é"]}'.encode("latin-1"))
    own.write("log/fine.json", page(3))
    told = own.refusal()
    assert told == [
        f"log/cut.json:{page(1, 2)[:-8].count(chr(10)) + 1}: is cut short: its last JSON value does "
        "not end\n    deliver it again, whole",
        "log/latin.json: is not UTF-8 text\n    save it as UTF-8",
        "log/wrong.json:3: is not JSON: expecting property name enclosed in double quotes, column 2"
        "\n    deliver it as its tool writes it",
    ]
    assert own.check() == told


def test_rows_that_are_missing_or_lie_elsewhere_are_told_with_what_there_is(own: Desk) -> None:
    own.write("log/a.json", '{"account": 1}')
    assert own.refusal() == [
        "log/a.json: the table tries is missing\n    its rows lie at runs[].tries[] or [] of a "
        "document; here are documents with the keys account"
    ]
    own.write("log/b.json", '{"runs": {"r1": {"tries": []}}}')
    assert own.refusal() == [
        f"log/b.json: the rows of {table} lie in a list at runs; here is an object\n"
        "    deliver it as its tool writes it"
        for table in ("tries", "labels")
    ]
    own.write("log/b.json", '{"runs": [{"tries": [{"state": "ok", "begin": null}]}]}')
    assert own.refusal() == [
        "log/b.json: tries: the column run is missing\n    its rows have begin, state",
        "log/b.json: tries: the column start is missing\n    its rows have begin, state",
    ]
    own.write("log/b.json", '{"runs": [{"tries": [{"run": "r1", "start": "soon"}]}]}')
    assert own.refusal() == [
        'log/b.json runs[0].tries[0]: "soon" in the column start is not a time\n'
        "    write it in UTC, such as 2026-05-01T13:00:00Z"
    ]
    own.write("log/b.json", '{"runs": []}')
    assert not own.load().changed


def test_a_file_of_a_tables_own_rows_is_that_table_beside_documents(own: Desk) -> None:
    own.write("log/tries.jsonl", '{"run": "r1", "start": "2026-05-01"}\n')
    own.load()
    assert own.rows("select run from attempts") == [("r1",)]
    own.write("log/tries.jsonl", page(2).replace("\n", ""))
    own.load(day=2)
    assert own.rows("select run from attempts") == [("r2",)]


def test_a_pack_that_says_wrongly_where_its_rows_lie_is_refused_with_all_that_is_wrong(
    own: Desk,
) -> None:
    path = own.folder / "connectors/own/connector.yaml"
    told = 'no path "%s" to the rows of tries\n    write keys, as in runs[].data.tags[]'
    for wrong in ("runs[", "runs..tries[]", "runs[]tries", ".runs", "runs[0]"):
        path.write_text(PACK.replace('"[]"]', f'"{wrong}"]'))
        with pytest.raises(CostLensError) as raised:
            read_pack(path.parent, shown="own.yaml")
        assert str(raised.value) == f"own.yaml:1: {told % wrong}"
    path.write_text(
        PACK.replace("format: [json, ", "format: [").replace("[times.start", '["jobs{}.x"')
    )
    with pytest.raises(CostLensError) as raised:
        read_pack(path.parent, shown="own.yaml")
    assert [finding.message for finding in raised.value.findings] == [
        "tries says where rows lie in a document",
        'no path "jobs{}.x" for a column of tries',
        "labels says where rows lie in a document",
        "about says where rows lie in a document",
        "odd says where rows lie in a document",
    ]
