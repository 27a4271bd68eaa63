"""Dagster's own databases: as its GraphQL API tells them, as SQLite counts them, each run once."""

import csv
import gzip
import json
import sqlite3
from collections import Counter
from contextlib import closing
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from company import Company

from costlens.errors import CostLensError
from costlens.ingest import find_packs
from costlens.ingest.sample import write_rows

DATA = Path(__file__).parents[1] / "data" / "runs" / "dagster_storage"
(PACK,) = (pack for pack in find_packs(None) if pack.name == "dagster")
FAILED = "1d8cb3fa-636e-4f39-8080-d08f1fcdd686"


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The databases as they lie in DAGSTER_HOME."""
    folder = tmp_path_factory.mktemp("home") / "history"
    for packed in sorted((DATA / "history").rglob("*.gz")):
        path = folder / packed.relative_to(DATA / "history").with_suffix("")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.decompress(packed.read_bytes()))
    return folder


def read(path: Path, table: str, made: Path) -> list[dict[str, str]]:
    """Read what the pack makes of something, but the lines where it stood."""
    write_rows(PACK, path, made, table=table)
    with made.open(encoding="utf-8") as opened:
        rows = [{key: row[key] for key in row if key != "x_line"} for row in csv.DictReader(opened)]
    return sorted(rows, key=lambda row: tuple(row.values()))


def copied(history: Path, tmp_path: Path, *runs: str) -> Path:
    """Copy the databases of some runs, and those that all share."""
    folder = tmp_path / "history"
    (folder / "runs").mkdir(parents=True)
    for name in ("runs.db", "runs/index.db", *(f"runs/{run}.db" for run in runs)):
        (folder / name).write_bytes((history / name).read_bytes())
    return folder


def change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as con:
        for statement in statements:
            con.execute(statement)
        con.commit()


@pytest.mark.parametrize("table", ["attempts", "outputs"])
def test_databases_tell_of_runs_what_graphql_tells_of_them(
    history: Path, tmp_path: Path, table: str
) -> None:
    answers = tmp_path / "answers"
    answers.mkdir()
    for path in DATA.glob("*.json"):
        (answers / path.name).write_bytes(path.read_bytes())
    by_graphql = read(answers, table, tmp_path / "graphql.csv")
    assert read(history, table, tmp_path / "storage.csv") == by_graphql
    assert len(by_graphql) == 16


def test_tries_and_their_time_are_those_that_the_events_of_each_run_add_up_to(
    history: Path, tmp_path: Path
) -> None:
    tries: Counter[str] = Counter()
    micros: Counter[str] = Counter()
    for path in (history / "runs").glob("*.db"):
        with closing(sqlite3.connect(path)) as con:
            for run, kind, event in con.execute(
                "select run_id, dagster_event_type, event from event_logs where dagster_event_type "
                "in ('STEP_START', 'STEP_RESTARTED', 'STEP_UP_FOR_RETRY', 'STEP_SUCCESS', "
                "'STEP_FAILURE')"
            ):
                opens = kind in ("STEP_START", "STEP_RESTARTED")
                tries[run] += opens
                second = json.loads(event, parse_float=Decimal)["timestamp"]
                at = int((second * 10**6).quantize(Decimal(1), ROUND_HALF_UP))
                micros[run] += -at if opens else at
    shop = Company(folder=tmp_path)
    shop._source(name="dagster", type="dagster", path=str(history))
    shop.refresh()
    rows = shop.ask(
        "query",
        "select run, count(*), sum(epoch_us(stop) - epoch_us(start)) from attempts group by run",
    )
    assert [tuple(row.values()) for row in sorted(rows, key=lambda row: row["run"])] == [
        (run, str(count), str(micros[run])) for run, count in sorted(tries.items())
    ]


def test_who_bears_the_cost_is_known_by_the_tags_of_runs_and_what_was_planned(
    history: Path, tmp_path: Path
) -> None:
    shop = Company(folder=tmp_path)
    shop.bill(
        {
            "ResourceId": "cluster-1",
            "ChargePeriodStart": "2026-11-21T14:00:00Z",
            "ChargePeriodEnd": "2026-11-21T15:00:00Z",
            "BillingPeriodStart": "2026-11-01T00:00:00Z",
            "BillingPeriodEnd": "2026-12-01T00:00:00Z",
            "cost": "3.6",
        }
    )
    shop.catalogue(
        "resources: [{name: cluster, billed_by: [{resource_id: cluster-1}], capacity: {slots: 1}, "
        "runs: [{pipeline: shop}]}]\n"
        "pipelines: [{name: shop, runs: {match: {'k8s/cluster': ml-prod}}}]\n"
        "features: [{name: fv_a}, {name: fv_b}, {name: churn_model}]\n"
    )
    shop._source(name="dagster", type="dagster", path=str(history))
    shop.refresh()
    took = {
        part: int(micros) * Decimal("0.000000001")
        for part, micros in (
            row.values()
            for row in shop.ask(
                "query",
                "select part, sum(epoch_us(stop) - epoch_us(start)) from attempts group by part",
            )
        )
    }
    cost = shop.cost()
    # The run that failed made no model: its tries are the model's all the same.
    assert cost["churn_model"] == took["shop__churn_model"]
    assert cost["fv_b"] == took["two_views"] / 4
    # A column of it is made of raw_orders.
    assert cost["fv_a"] == took["two_views"] * 3 / 4 + took["shop__raw_orders"]
    assert sum(cost.values()) == Decimal("3.6")


def test_a_try_that_nothing_closes_ends_with_its_run(history: Path, tmp_path: Path) -> None:
    folder = copied(history, tmp_path, FAILED)
    change(
        folder / "runs" / f"{FAILED}.db",
        "delete from event_logs where dagster_event_type = 'STEP_FAILURE'",
    )
    rows = read(folder, "attempts", tmp_path / "made.csv")
    (last,) = (row for row in rows if row["part"] == "shop__churn_model" and row["try"] == "3")
    assert (last["state"], last["stop"]) == ("failed", "2026-11-21 14:44:36.507819")


def test_a_run_without_its_tags_is_of_the_partition_of_its_assets(
    history: Path, tmp_path: Path
) -> None:
    rows = read(history / "runs" / f"{FAILED}.db", "attempts", tmp_path / "made.csv")
    assert {row["data_start"] for row in rows} == {"2026-11-03 00:00:00"}


def test_runs_whose_database_is_not_there_are_told(history: Path, tmp_path: Path) -> None:
    copied(history, tmp_path, FAILED)
    shop = Company(folder=tmp_path)
    shop._source(name="dagster", type="dagster", path="history/")
    ran = shop.run("refresh")
    assert ran.code == 0
    assert "3 runs have no steps here, such as ea4e3a09-" in ran.err
    assert "index.db, table event_logs row " in ran.err


def test_older_databases_lack_columns_and_what_has_no_events_is_named(
    history: Path, tmp_path: Path
) -> None:
    folder = copied(history, tmp_path, FAILED)
    before = read(folder, "attempts", tmp_path / "made.csv")
    change(folder / "runs" / f"{FAILED}.db", "alter table event_logs drop column partition")
    assert read(folder, "attempts", tmp_path / "made.csv") == before
    change(folder / "runs" / f"{FAILED}.db", "alter table event_logs drop column event")
    with pytest.raises(CostLensError) as raised:
        read(folder, "attempts", tmp_path / "made.csv")
    (finding,) = raised.value.findings
    assert finding.where.endswith(f"{FAILED}.db, table event_logs")
    assert finding.message == "the column event is missing"


def test_databases_and_answers_in_one_source_are_refused(tmp_path: Path) -> None:
    shop = Company(folder=tmp_path)
    shop._source(name="dagster", type="dagster", path=str(DATA))
    ran = shop.run("refresh")
    assert ran.code == 1
    assert "holds databases and files, such as" in ran.err
    assert "name the databases alone, or the files alone" in ran.err
