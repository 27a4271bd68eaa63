"""What cannot be read is told once, with its file, its line and what to write."""

import gzip
import os
import shutil
from pathlib import Path

import duckdb
import pytest
from conftest import DATA, HEADER, Desk, line

from costlens.paths import bundled

AGAIN = "\n    deliver it again, whole"
RUNS = "run_id,pipeline,start,end,status,feature,weight,slots\n"
USE = "consumer,target,hour,measure,quantity\n"


def _told(desk: Desk, text: str | bytes, name: str = "bills/a.csv") -> list[str]:
    desk.write(name, text)
    return desk.refusal()


def test_a_dataset_that_holds_no_charges_is_refused_with_its_name(desk: Desk) -> None:
    name = "focus_1_3_azure_contract_commitment.csv.gz"
    (desk.folder / "bills").mkdir()
    shutil.copy(DATA / name, desk.folder / "bills")
    assert desk.refusal() == [
        f"bills/{name}:1: is a FOCUS Contract Commitment file, which holds no charges\n"
        "    take it out of this source's path"
    ]


def test_every_missing_column_is_named_and_the_one_that_was_meant(desk: Desk) -> None:
    bad = HEADER.replace("BilledCost", "Billed_Cost").replace(",ChargeCategory", "")
    told = _told(desk, bad)
    assert told[0] == (
        'bills/a.csv:1: the column BilledCost is missing\n    rename the column "Billed_Cost"'
    )
    assert told[1].startswith(
        "bills/a.csv:1: the column ChargeCategory is missing\n    the file has "
    )


def test_a_column_that_stands_twice_is_refused(desk: Desk) -> None:
    assert _told(desk, HEADER.replace("Tags", "billedcost")) == [
        "bills/a.csv:1: the column BilledCost stands twice in the header\n    rename one of the two"
    ]


def test_a_ragged_line_is_found_behind_blank_and_folded_lines(desk: Desk) -> None:
    text = HEADER + "\n" + line(tags='{"a": "x\ny"}') + line().rstrip("\n") + ",more\n" + line()
    (told,) = _told(desk, text)
    assert told.startswith("bills/a.csv:5: this line has 15 columns, the header 14\n")


def test_a_file_that_ends_in_the_middle_of_a_quote_is_cut_short(desk: Desk) -> None:
    text = HEADER + line() + line(tags='{"team": "a"}')[:-8]
    (told,) = _told(desk, text)
    assert told.startswith("bills/a.csv:3: a quote opens here and never closes\n")


@pytest.mark.parametrize("left", [60, -5])
def test_a_gzip_cut_anywhere_is_cut_short(desk: Desk, left: int) -> None:
    whole = gzip.compress((HEADER + line() * 500).encode())
    assert _told(desk, whole[:left], "bills/a.csv.gz") == [
        f"bills/a.csv.gz: is cut short: its gzip data ends too early{AGAIN}"
    ]


def _parquet(path: Path, select: str) -> bytes:
    with duckdb.connect() as con:
        con.execute(f"copy ({select}) to '{path}' (format parquet)")
    return path.read_bytes()


def test_a_parquet_file_cut_in_half_is_cut_short(desk: Desk, tmp_path: Path) -> None:
    whole = _parquet(tmp_path / "a.parquet", "select 1 as BilledCost")
    assert _told(desk, whole[: len(whole) // 2], "bills/a.parquet") == [
        "bills/a.parquet: is cut short: a Parquet file ends in its index, this one does not" + AGAIN
    ]


def test_a_parquet_file_with_damaged_insides_is_told(desk: Desk, tmp_path: Path) -> None:
    whole = _parquet(tmp_path / "a.parquet", "select 1 as BilledCost")
    (told,) = _told(desk, whole[:20] + b"PAR1", "bills/a.parquet")
    assert told.startswith("bills/a.parquet: cannot be read: ")


def test_a_column_of_the_wrong_type_is_named(desk: Desk, tmp_path: Path) -> None:
    select = (
        "select date '2026-05-01' as BilledCost, date '2026-05-01' as BillingPeriodStart, "
        "timestamp '2026-05-01' as ChargePeriodStart, 'Usage' as ChargeCategory"
    )
    assert _told(desk, _parquet(tmp_path / "a.parquet", select), "bills/a.parquet") == [
        'bills/a.parquet, row 1: "2026-05-01" in the column BilledCost is not an amount of money\n'
        "    write a plain number, such as 1234.56 or -1.5e-7"
    ]


def test_every_column_with_unreadable_values_is_told_with_its_first_line(desk: Desk) -> None:
    bad = line("12,5".replace(",", ";")) + line("$3", effective="0")
    times = line().replace("2026-05-04T00:00:00Z", "soon")
    assert _told(desk, HEADER + line() + bad + times) == [
        'bills/a.csv:3: "12;5" in the column BilledCost is not an amount of money (and on 1 more '
        "line)\n    write a plain number, such as 1234.56 or -1.5e-7",
        'bills/a.csv:3: "12;5" in the column EffectiveCost is not an amount of money\n'
        "    write a plain number, such as 1234.56 or -1.5e-7",
        'bills/a.csv:3: "12;5" in the column ContractedCost is not an amount of money (and on 1 '
        "more line)\n    write a plain number, such as 1234.56 or -1.5e-7",
        'bills/a.csv:3: "12;5" in the column ListCost is not an amount of money (and on 1 more '
        "line)\n    write a plain number, such as 1234.56 or -1.5e-7",
        'bills/a.csv:5: "soon" in the column ChargePeriodStart is not a time\n'
        "    write it in UTC, such as 2026-05-01T13:00:00Z",
    ]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (line("", effective="1"), "BilledCost is missing"),
        (line(currency="null"), "BillingCurrency is missing"),
        (line().replace("Usage", ""), "ChargeCategory is missing"),
        (
            line().replace("T01:00:00Z", "T00:00:00+01:00"),
            "the charge ends before it starts, at 2026-05-03T23:00:00Z",
        ),
        (
            line().replace("2026-05-04T", "2026-06-04T"),
            "a charge of 2026-06-04 stands in the bill of 2026-05 and is no Correction",
        ),
    ],
)
def test_a_line_that_makes_no_sense_is_told(desk: Desk, bad: str, message: str) -> None:
    (told,) = _told(desk, HEADER + line() + bad)
    assert told.startswith(f"bills/a.csv:3: {message}\n    ")


def test_a_correction_may_be_of_an_earlier_month_and_a_fee_of_no_length(desk: Desk) -> None:
    header = HEADER.replace("Tags", "ChargeClass")
    late = line(tags="Correction").replace("2026-05-04T", "2026-04-04T")
    none = line().replace("T01:00:00Z", "T00:00:00Z")
    desk.write("bills/a.csv", header + late + none)
    assert desk.load().changed


def test_a_bill_without_a_month_is_told(desk: Desk) -> None:
    (told,) = _told(desk, HEADER + line().replace("2026-05-01,", "NULL,", 1))
    assert told == (
        "bills/a.csv: a line has no time, so it belongs to no month\n"
        "    fill BillingPeriodStart on every line"
    )


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (
            "r2,p,2026-05-02T02:00:00Z,2026-05-02T01:00:00Z,success,f,,\n",
            "runs.csv:3: the run ends before it starts, at 2026-05-02T01:00:00Z\n"
            "    correct start or end",
        ),
        (
            "r2,p,2026-05-02,2026-05-03,success,f,-1,\n",
            "runs.csv:3: weight is negative: -1.000000\n"
            "    write 0 or more; leave the cell empty where it is not known",
        ),
        (
            "r2,p,2026-05-02,2026-05-03,success,f,,-2\n",
            "runs.csv:3: the size of the machine is negative: -2.000\n"
            "    write 0 or more; leave the cell empty where it is not known",
        ),
        (
            "r2,,2026-05-02,2026-05-03,success,f,,\n",
            "runs.csv:3: run_id or pipeline is missing\n    write both on every line",
        ),
    ],
)
def test_a_run_that_makes_no_sense_is_told(desk: Desk, bad: str, told: str) -> None:
    desk.sources("name: log, type: runs, path: runs.csv")
    desk.write("runs.csv", RUNS + "r1,p,2026-05-01,2026-05-02,ok,f,1,\n" + bad)
    assert desk.refusal() == [told]


def test_a_try_in_two_files_is_told(desk: Desk) -> None:
    desk.sources("name: log, type: runs, path: runs/")
    desk.write("runs/a.csv", RUNS + "r1,p,2026-05-01,,ok,f,1,\n")
    desk.write("runs/b.csv", RUNS + "r1,p,2026-05-01,2026-05-02,ok,f,1,\n")
    (told,) = desk.refusal()
    assert told.startswith('runs/b.csv:2: an attempt of the run "r1" stands in two files\n')


def test_an_unknown_status_counts_as_succeeded_with_a_warning(desk: Desk) -> None:
    desk.sources("name: log, type: runs, path: runs.csv")
    desk.write("runs.csv", RUNS + "r1,p,2026-05-01,2026-05-02,Finito,f,1,\n")
    (finding,) = desk.load().findings
    assert str(finding) == (
        'runs.csv:2: the status "Finito" is unknown: counted as succeeded\n'
        "    write succeeded, failed, killed, running, skipped or cached"
    )
    assert desk.rows("select state from attempts") == [("succeeded",)]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("a,t,2026-05-01,reads,-1\n", "the quantity is negative: -1.000000"),
        ("a,,2026-05-01,reads,1\n", "target, measure or quantity is missing"),
    ],
)
def test_activity_that_makes_no_sense_is_told(desk: Desk, bad: str, message: str) -> None:
    desk.sources("name: use, type: activity, path: use.csv")
    desk.write("use.csv", USE + "a,t,2026-05-01,reads,1\n" + bad)
    (told,) = desk.refusal()
    assert told.startswith(f"use.csv:3: {message}\n    ")


def test_paths_that_lead_nowhere_are_all_told_at_once(desk: Desk) -> None:
    (desk.folder / "empty").mkdir()
    desk.write("notes/readme.md", "x")
    desk.write("nothing.csv", "")
    (desk.folder / "link.csv").symlink_to("away.csv")
    desk.sources(
        "name: a, type: focus, path: bils/",
        "name: b, type: focus, path: empty/",
        "name: c, type: focus, path: notes/",
        'name: d, type: focus, path: "*.parquet"',
        "name: e, type: focus, path: nothing.csv",
        "name: f, type: focus, path: link.csv",
        'name: g, type: focus, path: "gs://acme/bills"',
        "name: h, type: fokus, path: bills/",
        "name: i, type: focus, path: hollow/",
    )
    desk.write("hollow/a.csv", "")
    hint = "\n    put the .csv, .csv.gz, .parquet or .jsonl files there, or correct path:"
    told = desk.refusal()
    assert told[0].startswith('costlens.yaml:3: "bils/" does not exist\n    desk/ holds: ')
    assert told[1:] == [
        f'costlens.yaml:4: no file to read in "empty/"{hint}',
        f'costlens.yaml:5: no file to read in "notes/", only readme.md{hint}',
        'costlens.yaml:6: nothing matches "*.parquet"\n    correct path: in costlens.yaml',
        "nothing.csv: is empty\n    deliver it again, or remove it",
        "link.csv: is a link to away.csv, which is not there\n    correct the link or remove it",
        'costlens.yaml:9: cannot read "gs://acme/bills"\n'
        "    files are read from a folder or from s3://: copy it into one of them",
        'costlens.yaml:10: no connector pack "fokus"\n    did you mean "focus"?',
        'costlens.yaml:11: no file in "hollow/" has anything in it: a.csv\n'
        "    deliver them again, whole",
    ]


def test_hidden_and_empty_files_of_a_folder_are_passed_over(desk: Desk) -> None:
    desk.write("bills/a.csv", HEADER + line())
    for name in (".hidden.csv", "_SUCCESS", "_delta/x.csv", "manifest.json"):
        desk.write(f"bills/{name}", "x")
    desk.write("bills/zero.csv", "")
    (finding,) = desk.load().findings
    assert (finding.where, finding.severity) == ("bills/zero.csv", "warning")


@pytest.mark.parametrize("how", ["vanishes", "changes"])
def test_a_file_that_is_not_the_same_after_reading_is_refused(desk: Desk, how: str) -> None:
    path = desk.write("bills/a.csv", HEADER + line())

    def meddle() -> None:
        if how == "vanishes" and desk.said[-1].startswith("load"):
            path.unlink(missing_ok=True)
        elif desk.said[-1].startswith("load"):
            path.write_text(HEADER + line("2"))
            os.utime(path, (1, 1))

    with pytest.raises(Exception, match=f"bills/a.csv: {how[:-1]}e?d while it was read") as raised:
        desk.load(during=meddle)
    assert type(raised.value).__name__ == "CostLensError"


def test_names_with_marks_of_a_glob_are_read_as_they_are(desk: Desk) -> None:
    desk.write("bills/may [1] 'final'*.csv", HEADER + line("3"))
    desk.load()
    assert desk.rows("select sum(BilledCost) from charges") == [(3,)]


def test_check_tells_the_same_without_writing(desk: Desk) -> None:
    desk.write("bills/a.csv", HEADER + line("x"))
    assert desk.check()[0].startswith('bills/a.csv:2: "x" in the column BilledCost')
    desk.write("bills/a.csv", HEADER + line("1"))
    assert desk.check() == []
    assert not (desk.folder / "lake").exists()


def test_a_line_is_found_again_in_a_file_with_folded_lines(desk: Desk) -> None:
    text = HEADER + "\n" + line(tags='{"a":\n\n"x"}') + "\n\n" + line("", effective="0")
    (told,) = _told(desk, text)
    assert told.startswith("bills/a.csv:8: BilledCost is missing")


def test_a_value_that_only_the_findings_of_a_pack_read_is_told_as_well(desk: Desk) -> None:
    pack = desk.folder / "connectors" / "own"
    shutil.copytree(bundled("connectors") / "activity", pack)
    text = (pack / "connector.yaml").read_text()
    text = text.replace("name: activity", "name: own").replace("[consumer]", "[consumer, price]")
    (pack / "connector.yaml").write_text(text)
    (pack / "findings.sql").write_text(
        "select 'info', 'dear', x_line, 'it is dear', 'use less' from source where money(price) > 9"
    )
    desk.sources("name: use, type: own, path: use.csv")
    rows = [f"m,feature:f,2026-05-01T00:00:00Z,reads,1,{price}\n" for price in ("1", "much")]
    desk.write("use.csv", USE.replace("\n", ",price\n") + "".join(rows))
    assert desk.refusal() == [
        'use.csv:3: "much" in the column price is not an amount of money\n'
        "    write a plain number, such as 1234.56 or -1.5e-7"
    ]
