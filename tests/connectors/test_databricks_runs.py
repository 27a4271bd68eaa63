"""A workspace of Databricks: its bill and its cloud's, shared by what ran, by hand to the last unit."""

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

import duckdb
import pytest
from aws_report import line as aws_line
from aws_report import write_csv
from company import Company, write
from deliveries import Reading, deliver, reading, sample_of, shuffled

from costlens.ingest import find_packs

PACK = next(pack for pack in find_packs(None) if pack.name == "databricks_runs")
Row = Mapping[str, object]

PRICES = {
    "ALL_PURPOSE": "0.55",
    "JOBS": "0.15",
    "SQL": "0.72",
    "SERVERLESS": "0.35",
    "SERVING": "0.07",
}
CATALOGUE = """
resources:
  - name: shared_cluster
    billed_by: [{resource_id: 0504-ap}, {tags: {ClusterId: 0504-ap}}]
  - {name: warehouse, billed_by: [{resource_id: wh-1}], capacity: {slots: 1}}
pipelines:
  - {name: shop_features, produces: [{part: "fv_.+", feature: orders}]}
  - {name: risk_scores, produces: [{part: "fv_(?P<view>.+)", feature: "{view}"}]}
  - name: nightly
    billed_by: [{tags: {JobId: "99"}}]
    produces: [{part: "fv_(?P<view>.+)", feature: "{view}"}]
  - {name: marts, runs: {match: {team: core}}, produces: [{part: customers, feature: customers}]}
  - {name: live, produces: [{part: "fv_(?P<view>.+)", feature: "{view}"}]}
features: [{name: orders}, {name: risk}, {name: clicks}, {name: report}, {name: customers}, {name: live}]
models:
  - {name: churn, endpoints: [{name: churn-prod, billed_by: [{resource_id: e-1}]}]}
products:
  - {name: campaign, uses: [{model: churn}]}
  - {name: support_desk, uses: [{model: churn}]}
"""


def at(time: str, day: str = "2026-05-04") -> str:
    return f"{day}T{time}:00.000Z"


def usage(sku: str, quantity: str, start: str = "10:00", stop: str = "11:00", **about: str) -> Row:
    return {
        "account_id": "acc-1",
        "sku_name": sku,
        "cloud": "AWS",
        "usage_start_time": at(start),
        "usage_end_time": at(stop),
        "usage_unit": "DBU",
        "usage_quantity": quantity,
        "usage_metadata": about,
    }


def machine(name: str, cost: str, **tags: str) -> Row:
    return aws_line(
        "Usage",
        cost,
        usage_amount="1",
        resource_id=name,
        pricing_unit="Hrs",
        resource_tags={f"user_{key}": value for key, value in tags.items()},
        usage_start_date="2026-05-04 10:00:00",
        usage_end_date="2026-05-04 11:00:00",
    )


def task(job: str, run: str, key: str, start: str, stop: str, **more: object) -> Row:
    """Write a period of a task's run."""
    return {
        "workspace_id": "111",
        "job_id": job,
        "run_id": f"{run}-{key}",
        "job_run_id": run,
        "task_key": key,
        "period_start_time": at(start),
        "period_end_time": at(stop),
        "result_state": "SUCCEEDED",
        **more,
    }


def on(cluster: str | None = None, warehouse: str | None = None) -> dict[str, object]:
    kind = "CLASSIC_COMPUTE" if cluster else "WAREHOUSE"
    return {"compute": [{"type": kind, "cluster_id": cluster, "warehouse_id": warehouse}]}


def statement(start: str, stop: str, task_ms: int, **more: object) -> Row:
    return {
        "workspace_id": "111",
        "compute": {"type": "WAREHOUSE", "cluster_id": None, "warehouse_id": "wh-1"},
        "execution_status": "FINISHED",
        "statement_type": "SELECT",
        "start_time": at(start),
        "end_time": at(stop),
        "total_task_duration_ms": task_ms,
        **more,
    }


def minutes(cluster: str, *machines: str) -> list[Row]:
    """Write a row for each machine and minute of the hour from 10."""
    return [
        {
            "cluster_id": cluster,
            "instance_id": name,
            "start_time": at(f"10:{minute:02}"),
            "end_time": at(f"10:{minute + 1:02}" if minute < 59 else "11:00"),
        }
        for name in machines
        for minute in range(60)
    ]


BILL = {
    "usage": [
        usage("ALL_PURPOSE", "4", cluster_id="0504-ap"),
        usage("ALL_PURPOSE", "1", "11:00", "11:30", cluster_id="0504-ap"),
        usage("JOBS", "3", cluster_id="0504-jc", job_id="99", job_run_id="9001"),
        usage("SQL", "10", warehouse_id="wh-1"),
        usage("SERVERLESS", "2", job_id="66", job_run_id="6001"),
        usage("SERVING", "1", endpoint_id="e-1", endpoint_name="churn-prod"),
    ],
    "list_prices": [
        {
            "sku_name": sku,
            "cloud": "AWS",
            "usage_unit": "DBU",
            "price_start_time": "2025-01-01T00:00:00Z",
            "price_end_time": None,
            "currency_code": "USD",
            "pricing": {"default": price},
        }
        for sku, price in PRICES.items()
    ],
}
RUNS = {
    "job_task_run_timeline": [
        task("77", "7001", "fv_orders", "10:00", "10:30", **on("0504-ap")),
        task("88", "8001", "fv_risk", "10:15", "10:45", **on("0504-ap")),
        task("99", "9001", "fv_clicks", "10:05", "10:25", **on("0504-jc"), result_state="FAILED"),
        task("99", "9001", "fv_clicks", "10:25", "10:55", **on("0504-jc"), run_id="again"),
        task("99", "9001", "fv_report", "10:30", "10:50", **on(warehouse="wh-1")),
        task("66", "6001", "fv_live", "10:10", "10:20", compute=[]),
    ],
    "jobs": [
        {"workspace_id": "111", "job_id": job, "name": name, "change_time": at("08:00", day)}
        for job, name, day in (
            ("77", "shop_features", "2026-05-01"),
            ("77", "an older name", "2026-04-01"),
            ("88", "risk_scores", "2026-05-01"),
            ("99", "nightly", "2026-05-01"),
            ("66", "live", "2026-05-01"),
        )
    ],
    "clusters": [
        {"cluster_id": "0504-ap", "cluster_source": "UI", "change_time": at("08:00")},
        {"cluster_id": "0504-jc", "cluster_source": "JOB", "change_time": at("08:00")},
    ],
    "node_timeline": [*minutes("0504-ap", "i-1", "i-2"), *minutes("0504-jc", "i-3")],
    "query_history": [
        statement(
            "10:30",
            "10:42",
            2 * 720_000,
            query_source={
                "job_info": {
                    "job_id": "99",
                    "job_run_id": "9001",
                    "job_task_run_id": "9001-fv_report",
                }
            },
        ),
        statement(
            "10:33",
            "10:48",
            720_000,
            waiting_at_capacity_duration_ms=180_000,
            query_tags={"pipeline": "dbt", "part": "customers", "team": "core"},
        ),
    ],
    "endpoint_usage": [
        {
            "served_entity_id": "se-1",
            "request_time": at("10:10"),
            "usage_context": {"product": name},
        }
        for name in ("campaign", "campaign", "campaign", "support_desk")
    ],
    "served_entities": [
        {
            "served_entity_id": "se-1",
            "endpoint_name": "churn-prod",
            "entity_name": "prod.ml.churn",
            "change_time": at("08:00"),
        }
    ],
}
MACHINES = [
    machine("i-1", "0.5", ClusterId="0504-ap"),
    machine("i-2", "0.5", ClusterId="0504-ap"),
    machine("i-3", "0.4", ClusterId="0504-jc", JobId="99"),
    {
        **machine("vol-1", "0.06", ClusterId="0504-ap"),
        "line_item_usage_amount": "40",
        "pricing_unit": "GB-Mo",
    },
]


def tables(company: Company, folder: str, named: Mapping[str, Sequence[Row]], way: str) -> None:
    """Write system tables: nested values as JSON in CSV, and as they are in JSON lines and Parquet."""
    place = company.folder / folder
    place.mkdir(parents=True, exist_ok=True)
    for name, rows in named.items():
        path = place / f"{name}.{way}"
        if way == "csv":
            nested = (dict, list)
            write(
                path,
                [
                    {k: json.dumps(v) if isinstance(v, nested) else v for k, v in row.items()}
                    for row in rows
                ],
            )
            continue
        lines = place / f"{name}.jsonl"
        lines.write_text("".join(json.dumps(row) + "\n" for row in rows))
        if way == "parquet":
            with duckdb.connect() as con:
                con.execute(
                    f"copy (from read_json('{lines}', sample_size = -1, maximum_depth = 6)) "
                    f"to '{path}' (format parquet)"
                )
            lines.unlink()


def workspace(company: Company) -> Company:
    tables(company, "bill", BILL, "csv")
    tables(company, "runs", RUNS, "parquet")
    write_csv(company.folder / "cur.csv", MACHINES)
    company.source(name="dbx", type="databricks", path="bill/")
    company.source(name="cloud", type="aws_cur", path="cur.csv")
    company.source(name="ran", type="databricks_runs", path="runs/")
    company.catalogue(CATALOGUE)
    return company


def test_shared_clusters_and_warehouses_are_split_by_what_ran_on_them_to_the_last_unit(
    company: Company,
) -> None:
    workspace(company).refresh()
    stated = company.ask("statement")
    assert {row["difference"] for row in stated} == {"0"}
    # Two machines for an hour: both jobs had 45 minutes of one, 15 of them while the other ran too.
    shared = Decimal("2.2") + Decimal("1.06")
    # The job's own cluster is its own; its machine, which no id names, is of what the job makes.
    own, machine_of_job = Decimal("0.45"), Decimal("0.4")
    # Of 18 minutes in which statements ran, one had 10: it kept two cores busy, the other one.
    warehouse = Decimal("7.2")
    assert company.cost() == {
        "orders": shared * 3 / 8,
        "risk": shared * 3 / 8,
        "clicks": own + machine_of_job / 2,
        "report": warehouse * 10 / 60 + machine_of_job / 2,
        "customers": warehouse * 8 / 60,
        "live": Decimal("0.7"),
        "(idle)": shared / 4 + Decimal("0.55") + warehouse * 42 / 60,
        "(no feature)": Decimal("0.07"),
    }
    assert sum(company.cost().values()) == sum(
        Decimal(row["source_total"]) for row in stated if row["basis"] == "billed"
    )
    assert company.cost("class")["waste"] == own * 2 / 5
    # Three of four requests to the endpoint were of the campaign.
    products = company.cost("product")
    assert products["campaign"] == Decimal("0.0525")
    assert products["support_desk"] == Decimal("0.0175")


@pytest.fixture(scope="module")
def reader() -> Iterator[Reading]:
    with reading() as made:
        yield made


@pytest.mark.parametrize("table", ["attempts", "activity"])
def test_the_tables_in_any_format_and_order_tell_the_same(
    reader: Reading, company: Company, table: str
) -> None:
    plain = reader.rows(PACK, PACK.folder / "sample", table)
    draw = random.Random(table)
    mixed = shuffled(sample_of(PACK), lambda n: draw.sample(range(n), n))
    assert reader.rows(PACK, deliver(mixed, company.folder), table) == plain
    tables(company, "lines", RUNS, "jsonl")
    lines = reader.rows(PACK, company.folder / "lines", table)
    for way in ("csv", "parquet"):
        tables(company, way, RUNS, way)
        assert reader.rows(PACK, company.folder / way, table) == lines


def test_a_cluster_that_several_runs_use_is_shared_where_no_table_says_what_it_is(
    reader: Reading, company: Company
) -> None:
    some = {name: RUNS[name] for name in ("job_task_run_timeline", "node_timeline")}
    tables(company, "runs", some, "jsonl")
    rows = reader.rows(PACK, company.folder / "runs", "attempts")
    units = {row[11]: row[13] for row in rows}
    assert units == {"0504-ap": "machines", "0504-jc": None, "wh-1": None, "66": None}


def test_exports_that_a_statement_and_a_run_reach_over_are_loaded_one_by_one(
    company: Company,
) -> None:
    """What begins in May ends in June: June's own export has more of the same, in the same hour."""
    for month, (came, over), (began, later) in (
        (
            "05",
            ("2026-05-31T23:50:00Z", "2026-06-01T00:10:00Z"),
            ("2026-05-31T23:47:00Z", "2026-06-01T00:47:00Z"),
        ),
        (
            "06",
            ("2026-06-01T00:20:00Z", "2026-06-01T00:30:00Z"),
            ("2026-06-01T00:47:00Z", "2026-06-01T00:57:00Z"),
        ),
    ):
        job = {"job_info": {"job_id": "99", "job_run_id": "9001"}}
        told = {**statement("00:00", "00:01", 1), "start_time": came, "end_time": over}
        period = {"period_start_time": began, "period_end_time": later}
        done = {} if month == "05" else {"result_state": "SUCCEEDED"}
        run = {**task("99", "9001", "fv_clicks", "00:00", "00:01", **on("0504-ap")), **period}
        both = {
            "job_task_run_timeline": [{**run, "result_state": None, **done}],
            "query_history": [{**told, "query_source": job}],
        }
        tables(company, f"runs/2026-{month}", both, "csv")
        company.source(name="ran", type="databricks_runs", path="runs/")
        company.bill({"cost": "1"})
        company.refresh()
    rows = company.ask(
        "query",
        "select part, month, count(*) as n, sum(epoch(stop - start)) as s from attempts group by all order by all",
    )
    assert [tuple(row.values()) for row in rows] == [
        ("fv_clicks", "2026-05", "1", "780.0"),
        ("fv_clicks", "2026-06", "2", "3420.0"),
        ("select", "2026-05", "1", "600.0"),
        ("select", "2026-06", "2", "1200.0"),
    ]
