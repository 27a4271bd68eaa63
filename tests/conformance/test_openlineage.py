"""OpenLineage's events: what their producers' own logs say, and that nothing is counted twice."""

import csv
import gzip
import json
import shutil
from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from company import Company

from costlens.errors import CostLensError
from costlens.ingest.packs import read_pack
from costlens.ingest.sample import write_rows
from costlens.paths import bundled

RUNS = Path(__file__).parents[1] / "data" / "runs"
EVENTS = RUNS / "openlineage"
FACTS = json.loads((RUNS / "facts.json").read_text())
PACK = read_pack(bundled("connectors") / "openlineage")
DBT = bundled("connectors") / "dbt" / "sample"
HOUR = {
    "ResourceId": "cluster-1",
    "ChargePeriodStart": "2026-11-21T01:00:00Z",
    "ChargePeriodEnd": "2026-11-21T02:00:00Z",
    "BillingPeriodStart": "2026-11-01T00:00:00Z",
    "BillingPeriodEnd": "2026-12-01T00:00:00Z",
    "cost": "3.24",
}
MICROSECOND = Decimal("0.00000000015")  # of a slot, of six
CATALOGUE = """
resources:
  - name: cluster
    billed_by: [{resource_id: cluster-1}]
    capacity: {slots: 6}
    runs: [{pipeline: %s}]
pipelines: [{name: %s}]
"""


@pytest.fixture
def shop(tmp_path: Path) -> Company:
    made = Company(folder=tmp_path)
    made.bill(HOUR)
    return made


def asked(shop: Company, sql: str) -> list[tuple[str, ...]]:
    return [tuple(row.values()) for row in shop.ask("query", sql)]


def used(shop: Company) -> Decimal:
    """Say how many microseconds of a slot are paid for by work."""
    sql = "select sum(effective) from ledger where level = 'feature' and class <> 'idle'"
    return Decimal(asked(shop, sql)[0][0]) / MICROSECOND


def micros(text: str) -> int:
    at = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return int(at.timestamp()) * 1_000_000 + at.microsecond


def left(span: tuple[int, int], inside: list[tuple[int, int]]) -> int:
    """Say how long a span is without all that lies inside it."""
    spans = [span]
    for start, stop in inside:
        cut = [(a, min(b, start)) for a, b in spans] + [(max(a, stop), b) for a, b in spans]
        spans = [(a, b) for a, b in cut if b > a]
    return sum(b - a for a, b in spans)


Tried = dict[tuple[str, ...], list[tuple[int, int]]]


def tried(shop: Company, source: str) -> Tried:
    found: Tried = defaultdict(list)
    rows = asked(
        shop, f"select run, part, slice, try, start, stop from attempts where source = '{source}'"
    )
    for run, part, piece, again, start, stop in rows:
        found[run, part, piece, again].append((micros(start), micros(stop)))
    return found


@pytest.mark.slow
def test_airflows_events_are_its_tries_and_beside_its_log_their_time_is_paid_once(
    shop: Company,
) -> None:
    shop.catalogue(CATALOGUE % (("shop_features_daily",) * 2))
    shop._source(name="events", type="openlineage", path=str(EVENTS / "airflow"))
    shop._source(name="airflow", type="airflow", path=str(RUNS / "airflow.db.gz"))
    shop.refresh()
    events, log = tried(shop, "events"), tried(shop, "airflow")
    runs = {key[0] for key in events}
    assert len(runs) == 2
    assert len(events) == 18
    assert {*events} == {key for key in log if key[0] in runs}
    states = "select part, try, state, count(*) from attempts where source = '{}' and run in ({})"
    of_runs = ", ".join(f"'{run}'" for run in sorted(runs))
    assert asked(shop, states.format("events", of_runs) + " group by all order by all") == asked(
        shop, states.format("airflow", of_runs) + " group by all order by all"
    )
    for key, ((start, stop),) in events.items():
        ((began, ended),) = log[key]
        assert 0 <= start - began < 700_000
        assert stop - ended < 200_000
    inner = [span for spans in events.values() for span in spans]
    wanted = sum(b - a for a, b in inner)
    for (run, part, *_), ((start, stop),) in log.items():
        of_part = [spans[0] for key, spans in events.items() if key[:2] == (run, part)]
        wanted += left((start, stop), of_part)
    assert used(shop) == wanted
    assert wanted < sum(b - a for ((a, b),) in log.values()) + 18 * 200_000


def read(path: Path, table: str, tmp_path: Path) -> list[dict[str, str]]:
    """Read what the pack makes of a file or folder."""
    write_rows(PACK, path, tmp_path / "made.csv", table=table)
    with (tmp_path / "made.csv").open(encoding="utf-8") as made:
        return list(csv.DictReader(made))


def test_dbts_events_are_its_nodes_with_the_time_that_they_executed(tmp_path: Path) -> None:
    found = [
        (row["run"], row["part"], row["state"], row["start"], row["stop"])
        for row in read(EVENTS / "dbt", "attempts", tmp_path)
        if row["part"].startswith("model.")
    ]
    names = ("run_results.json", "run_results_select.json", "run_results_with_error.json")
    statuses = [FACTS["dbt"][name]["status"] for name in names]
    # The models of all nodes that ran; of the rest none is a table.
    assert len(found) == sum(one["success"] + one.get("error", 0) for one in statuses) == 21
    states = {"success": "succeeded", "error": "failed"}
    wanted = []
    for told in (json.loads((DBT / name).read_text()) for name in names):
        for node in told["results"]:
            timing = [one for one in node["timing"] if one["name"] == "execute"]
            if node["unique_id"].startswith("model.") and timing:
                spans = (timing[0]["started_at"], timing[0]["completed_at"])
                part = node["unique_id"].replace(".shop_features.", ".")
                run = told["metadata"]["invocation_id"]
                wanted.append((run, part, states[node["status"]], *map(moment, spans)))
    assert [(*row[:3], *map(moment, row[3:])) for row in sorted(found)] == sorted(wanted)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=None)


@pytest.mark.slow
def test_dbts_artifacts_beside_its_events_add_no_time(shop: Company) -> None:
    shop.catalogue(CATALOGUE % (("shop_features",) * 2))
    shutil.copytree(DBT, shop.folder / "dbt")
    shop._source(name="dbt", type="dbt", path="dbt")
    shop.refresh()
    alone = used(shop)
    shop._source(name="events", type="openlineage", path=str(EVENTS / "dbt"))
    shop.refresh()
    # Tests of a model are one in the events, of 16 microseconds, and of other names.
    ((tests,),) = asked(
        shop,
        "select sum(epoch_us(stop) - epoch_us(start)) from attempts "
        "where source = 'events' and part like 'test.%'",
    )
    assert alone <= used(shop) <= alone + int(tests)


def test_feasts_materialisations_make_their_views_in_the_time_they_took(tmp_path: Path) -> None:
    took = {
        row["run"]: moment(row["stop"]) - moment(row["start"])
        for row in read(EVENTS / "feast", "attempts", tmp_path)
    }
    views: dict[str, list[str]] = defaultdict(list)
    for row in read(EVENTS / "feast", "outputs", tmp_path):
        views[row["run"]].append(row["target"].removeprefix("feature:"))
    found = sorted((sorted(views[run]), took[run].total_seconds()) for run in views)
    facts = FACTS["mlflow"]["feast_materialize"]
    wanted = sorted((sorted(one["views"].split(",")), one["duration_sec"]) for one in facts)
    assert [names for names, _ in found] == [names for names, _ in wanted]
    # Feast takes the time for MLflow by itself.
    assert [took for _, took in found] == pytest.approx([took for _, took in wanted], abs=0.0005)
    # Definitions take none.
    assert {took[run].total_seconds() for run in took if run not in views} == {0}


def event(kind: str, at: str, run: str, job: str, **more: object) -> str:
    facets = more.pop("facets", {})
    told = {"eventType": kind, "eventTime": f"2026-11-21T01:{at}Z", "job": {"name": job}}
    return json.dumps(told | {"run": {"runId": run, "facets": facets}} | more) + "\n"


@pytest.mark.few(1)
@pytest.mark.parametrize("beside", [False, True])
def test_what_runs_in_a_task_has_its_time_and_a_task_beside_it_keeps_its_own(
    shop: Company, *, beside: bool
) -> None:
    shop.catalogue(CATALOGUE % (("shop_features_daily",) * 2) + "features: [{name: fv_orders}]\n")
    with gzip.open(EVENTS / "airflow" / "events.ndjson.gz", "rt") as packed:
        lines = packed.readlines()
    parent = next(
        json.loads(line)["run"]["runId"] for line in lines if ".features.fv_customer_orders" in line
    )
    # In the task from 04.013 to 05.868, beside two others: a run of Spark that writes a table.
    inside = {"parent": {"run": {"runId": parent}, "job": {"name": "x"}}}
    made = {"namespace": "s3://lake", "name": "gold/fv_orders"}
    counts = {"outputFacets": {"outputStatistics": {"rowCount": 7}}}
    run = "11111111-2222-4333-8444-555555555555"
    lines += [
        event("COMPLETE", "31:05.5", run, "spark", facets=inside, outputs=[made]),
        event("RUNNING", "31:05.1", run, "spark", facets=inside, outputs=[{**made, **counts}]),
        event("START", "31:04.5", run, "spark", facets=inside),
    ]
    (shop.folder / "events.ndjson").write_text("".join(lines))
    shop._source(name="events", type="openlineage", path="events.ndjson")
    if beside:
        shop._source(name="airflow", type="airflow", path=str(RUNS / "airflow.db.gz"))
    shop.refresh()
    assert asked(shop, "select target, measure, quantity from outputs where source = 'events'") == [
        ("table:s3://lake/gold/fv_orders", "rows", "7")
    ]
    assert shop.cost()["fv_orders"] == 1_000_000 * MICROSECOND
    spans = [span for spans in tried(shop, "events").values() for span in spans]
    if not beside:
        assert used(shop) == sum(b - a for a, b in spans) - 1_000_000


NO_TIME = '"{{RUN_START_TIME}}" in the column eventTime is not a time'
NO_EVENT = "the table events is missing"
REQUIRED = ("myjob", "myjob", "succeeded", "2020-12-28 19:51:01.641")
OTHERS = {
    "dbt_bigquery_ol_events": (
        "jaffle_shop",
        "model.stg_locations",
        "succeeded",
        "2026-06-01 21:13:29.598581",
    ),
    "dbt_snowflake_failed_ol_events": (
        "jaffle_shop",
        "model.orders",
        "failed",
        "2024-12-09 14:15:50.533727",
    ),
    "event_dataset_event": NO_EVENT,
    "event_full": ("myjob.mytask", "myjob.mytask", "succeeded", "2020-12-28 19:51:01.641"),
    "event_job_event": None,
    "event_required_nanoseconds": (*REQUIRED[:3], REQUIRED[3] + "499"),
    "event_required_no_timezone": (*REQUIRED[:3], REQUIRED[3] + "499"),
    "event_required_only": REQUIRED,
    "event_unicode": (
        "myjob.buggy_task🕷",
        "myjob.buggy_task🕷",
        "succeeded",
        "2020-12-28 09:52:00.001",
    ),
    "event_without_schema_url": ("myjob", "myjob", "succeeded", "2020-12-28 09:52:00.001"),
    "example_full_event": ("myjob.mytask", "myjob.mytask", "succeeded", "2020-12-28 19:51:01.641"),
    "null_nominal_end_time": ("myjob.task", "myjob.task", "running", "2020-12-28 19:51:01.641"),
    "seed_metadata": NO_TIME,
}


def test_events_of_others_are_read_or_refused_with_the_reason(tmp_path: Path) -> None:
    files = {path.name.partition(".")[0]: path for path in (EVENTS / "others").iterdir()}
    assert {name for name in files if not name.startswith("spec_test")} == {*OTHERS}
    facets = tmp_path / "facets"
    facets.mkdir()
    for name in [name for name in files if name.startswith("spec_test")]:
        shutil.copy(files.pop(name), facets)
    with pytest.raises(CostLensError, match=NO_EVENT):
        read(facets, "attempts", tmp_path)
    for name, path in files.items():
        told = OTHERS[name]
        if isinstance(told, str):
            with pytest.raises(CostLensError) as raised:
                read(path, "attempts", tmp_path)
            assert told in raised.value.findings[0].message
            assert path.name in raised.value.findings[0].where
            continue
        rows = read(path, "attempts", tmp_path)
        found = [tuple(row[key] for key in ("pipeline", "part", "state", "start")) for row in rows]
        assert found == ([told] if told else [])
    (edge,) = read(files["event_job_event"], "links", tmp_path)
    assert (edge["from_node"], edge["to_node"]) == (
        "table:instance.schema.input-1",
        "table:instance.schema.output-1",
    )
    # Of what a run made its events count rows and bytes, and the schema columns.
    counted = read(files["event_full"], "outputs", tmp_path)
    assert {row["measure"]: Decimal(row["quantity"]) for row in counted} == {
        "rows": 2000,
        "values": 2000,
        "bytes": 2097152,
    }
