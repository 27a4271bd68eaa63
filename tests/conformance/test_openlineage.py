"""OpenLineage's events: what their producers' own logs say, and that nothing is counted twice."""

import gzip
import json
import shutil
from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from company import Company

from costlens.paths import bundled

RUNS = Path(__file__).parents[1] / "data" / "runs"
EVENTS = RUNS / "openlineage"
FACTS = json.loads((RUNS / "facts.json").read_text())
DBT = bundled("connectors") / "dbt" / "sample"
HOUR = {
    "ResourceId": "cluster-1",
    "ChargePeriodStart": "2026-11-21T01:00:00Z",
    "ChargePeriodEnd": "2026-11-21T02:00:00Z",
    "BillingPeriodStart": "2026-11-01T00:00:00Z",
    "BillingPeriodEnd": "2026-12-01T00:00:00Z",
    "cost": "3.24",
}
MICROSECOND = Decimal("0.0000000003")  # of a slot, of three
CATALOGUE = """
resources:
  - name: cluster
    billed_by: [{resource_id: cluster-1}]
    capacity: {slots: 3}
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
        assert 0 <= start - began < 400_000
        assert stop - ended < 150_000
    inner = [span for spans in events.values() for span in spans]
    wanted = sum(b - a for a, b in inner)
    for (run, part, *_), ((start, stop),) in log.items():
        of_part = [spans[0] for key, spans in events.items() if key[:2] == (run, part)]
        wanted += left((start, stop), of_part)
    assert used(shop) == wanted
    assert wanted < sum(b - a for ((a, b),) in log.values()) + 18 * 150_000


def test_dbts_events_are_its_nodes_with_the_time_that_they_executed(shop: Company) -> None:
    shop._source(name="events", type="openlineage", path=str(EVENTS / "dbt"))
    shop.refresh()
    found = asked(
        shop,
        "select run, part, state, start, stop from attempts where part like 'model.%' order by all",
    )
    wanted = []
    for name in ("run_results", "run_results_select", "run_results_with_error"):
        told = json.loads((DBT / f"{name}.json").read_text())
        for node in told["results"]:
            if node["unique_id"].startswith("model.") and node["status"] in ("success", "error"):
                states = {"success": "succeeded", "error": "failed"}
                (timing,) = [one for one in node["timing"] if one["name"] == "execute"] or [None]
                wanted.append((told["metadata"]["invocation_id"], node, states, timing))
    statuses = [
        FACTS["dbt"][f"{name}.json"]["status"]
        for name in ("run_results", "run_results_select", "run_results_with_error")
    ]
    assert len(found) == sum(one["success"] + one.get("error", 0) for one in statuses) == 21
    rows = []
    for run, node, states, timing in wanted:
        part = node["unique_id"].replace(".shop_features.", ".")
        at = [
            datetime.fromisoformat(timing[key]).replace(tzinfo=None).isoformat(" ", "microseconds")
            for key in ("started_at", "completed_at")
        ]
        rows.append((run, part, states[node["status"]], *at))
    assert found == sorted(rows)


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


def test_feasts_materialisations_make_their_views_in_the_time_they_took(shop: Company) -> None:
    shop._source(name="events", type="openlineage", path=str(EVENTS / "feast"))
    shop.refresh()
    took = asked(
        shop,
        "select (epoch_us(a.stop) - epoch_us(a.start))::varchar, "
        "string_agg(o.target, ',' order by o.target) from attempts as a "
        "inner join outputs as o on a.run = o.run where a.part = 'materialize_shop' "
        "group by a.run, a.start, a.stop",
    )
    wanted = sorted(
        (one["duration_sec"], sorted(one["views"].split(",")))
        for one in FACTS["mlflow"]["feast_materialize"]
    )
    assert (
        sorted(
            (round(int(us) / 1e6, 4), [view.removeprefix("feature:") for view in views.split(",")])
            for us, views in took
        )
        == wanted
    )
    assert asked(
        shop, "select from_node from links where to_node = 'service:churn_v1' order by all"
    ) == [
        ("feature:fv_customer_orders",),
        ("feature:fv_customer_profile",),
        ("feature:fv_customer_sessions",),
    ]


def event(kind: str, at: str, run: str, job: str, **more: object) -> str:
    facets = more.pop("facets", {})
    told = {"eventType": kind, "eventTime": f"2026-11-21T01:{at}Z", "job": {"name": job}}
    return json.dumps(told | {"run": {"runId": run, "facets": facets}} | more) + "\n"


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
    assert asked(shop, "select target, measure, quantity from outputs") == [
        ("table:s3://lake/gold/fv_orders", "rows", "7")
    ]
    assert shop.cost()["fv_orders"] == 1_000_000 * MICROSECOND
    spans = [span for spans in tried(shop, "events").values() for span in spans]
    if not beside:
        assert used(shop) == sum(b - a for a, b in spans) - 1_000_000


def test_events_of_others_are_read_or_refused_with_the_reason(tmp_path: Path) -> None:
    refused = {"event_dataset_event": "the table events is missing"}
    refused |= {"seed_metadata": '"{{RUN_START_TIME}}" in the column eventTime is not a time'}
    good, bad = Company(folder=tmp_path / "good"), Company(folder=tmp_path / "bad")
    for one in (good, bad):
        one.folder.mkdir()
    read = 0
    for path in sorted((EVENTS / "others").iterdir()):
        name = path.name.partition(".")[0]
        is_facet = name.startswith("spec_test")
        shop = bad if is_facet or name in refused else good
        refused |= {name: "the table events is missing"} if is_facet else {}
        read += shop is good
        shop._source(name=name, type="openlineage", path=str(path))
    ran = bad.run("check")
    assert ran.code == 1
    for name, told in refused.items():
        assert any(name in line and told in line for line in (ran.out + ran.err).splitlines())
    good.refresh()
    assert asked(good, "select count(distinct source) from attempts") == [(str(read - 1),)]
    assert asked(
        good,
        "select source, pipeline, part, state, start from attempts where start = stop "
        "and source like 'event_required%' or state = 'running' order by all",
    ) == [
        ("event_required_nanoseconds", "myjob", "myjob", "succeeded", "2020-12-28 19:51:01.641499"),
        ("event_required_no_timezone", "myjob", "myjob", "succeeded", "2020-12-28 19:51:01.641499"),
        ("event_required_only", "myjob", "myjob", "succeeded", "2020-12-28 19:51:01.641000"),
        (
            "null_nominal_end_time",
            "myjob.task",
            "myjob.task",
            "running",
            "2020-12-28 19:51:01.641000",
        ),
    ]
    assert asked(
        good,
        "select source, part, state, (epoch_us(stop) - epoch_us(start))::varchar from attempts "
        "where source like 'dbt_%' order by all",
    ) == [
        ("dbt_bigquery_ol_events", "model.stg_locations", "succeeded", "921464"),
        ("dbt_snowflake_failed_ol_events", "model.orders", "failed", "2115763"),
    ]
    assert asked(good, "select from_node, to_node from links where source = 'event_job_event'") == [
        ("table:instance.schema.input-1", "table:instance.schema.output-1")
    ]
