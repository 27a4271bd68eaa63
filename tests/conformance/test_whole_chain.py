"""One company, five tools: dbt builds, Feast registers, Airflow schedules, Spark computes, MLflow trains.

A table of dbt is a view of Feast, a task of Airflow, a job group of Spark and a tag of MLflow. Their
names alone join them; the catalogue only says on what they ran, and what is shared.
"""

import gzip
import json
import shutil
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from company import Company

from costlens.paths import bundled

RUNS = Path(__file__).parents[1] / "data" / "runs"
FACTS = json.loads((RUNS / "facts.json").read_text())
SPARK_LOG = "local-1795224448434"
# A hundred slots for the hour in which all of it ran. A microsecond of a slot costs 300 units of 10^-12:
# even splits by two to five are whole numbers, and nobody had to wait for a slot.
HOUR = {
    "ResourceId": "cluster-1",
    "ChargePeriodStart": "2026-11-21T01:00:00Z",
    "ChargePeriodEnd": "2026-11-21T02:00:00Z",
    "BillingPeriodStart": "2026-11-01T00:00:00Z",
    "BillingPeriodEnd": "2026-12-01T00:00:00Z",
    "cost": "108",
}
MICROSECOND = Decimal("0.0000000003")
CATALOGUE = """\
resources:
  - name: cluster
    billed_by: [{resource_id: cluster-1}]
    capacity: {slots: 100}
    runs: [{pipeline: airflow}, {pipeline: dbt}, {pipeline: spark}, {pipeline: feast}, {pipeline: churn}, {pipeline: fraud}]
pipelines:
  - {name: churn}
  - {name: fraud}
  - {name: feast, runs: {source: mlflow, match: {pipeline: shop-feast-ops}}}
  - {name: dbt, runs: {source: dbt}}
  - name: airflow
    runs: {source: airflow}
    produces:
      - {part: 'features\\.(?P<view>fv_.+)', feature: "{view}"}
      - {part: ".*", shared: true}
  - name: spark
    runs: {source: spark}
    produces: [{part: "feature_view:(?P<view>fv_[cp].+)", feature: "{view}"}, {part: ".*", shared: true}]
"""
ORDERS, RISK = "fv_customer_orders", "fv_payment_risk"
SESSIONS, PROFILE = "fv_customer_sessions", "fv_customer_profile"
DEMAND = "odfv_basket_ratio"  # worked out of the view of orders when it is asked for
TRAINED_ON = {"churn": {ORDERS, SESSIONS, PROFILE}, "fraud": {ORDERS, RISK, DEMAND}}
SERVED = {"churn": "retention_campaign", "fraud": "checkout_guard"}
BUILT_FOR = {  # tables of dbt → the views that are made of them
    "stg_orders": [ORDERS, RISK],
    "stg_sessions": [SESSIONS],
    "stg_customers": [PROFILE],
}
WORKED_ON = ("feast.materialize.feature_views", "feast.feature_views_changed")
Work = tuple[int, set[str]]  # microseconds of a slot, and who needed it: features or a model


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Company:
    made = Company(folder=tmp_path_factory.mktemp("shop"))
    made.bill(HOUR)
    made.catalogue(CATALOGUE)
    shutil.copytree(bundled("connectors") / "dbt" / "sample", made.folder / "dbt")
    shutil.copy(bundled("connectors") / "feast" / "sample.json", made.folder / "registry.json")
    made.source(name="dbt", type="dbt", path="dbt/")
    made.source(name="feast", type="feast", path="registry.json")
    made.source(name="spark", type="spark", path=str(RUNS / "spark" / SPARK_LOG))
    for name in ("airflow", "mlflow"):
        made.source(name=name, type=name, path=str(RUNS / f"{name}.db.gz"))
    made.refresh()
    return made


def database(name: str, folder: Path) -> sqlite3.Connection:
    path = folder / f"{name}.db"
    with gzip.open(RUNS / f"{name}.db.gz") as packed, path.open("wb") as plain:
        shutil.copyfileobj(packed, plain)
    return sqlite3.connect(path)


def of_airflow(folder: Path) -> Iterator[Work]:
    """Every try counts; what is no view's own task serves the views of its run."""
    with closing(database("airflow", folder)) as store:
        for table in ("task_instance", "task_instance_history"):
            for task, start, stop in store.execute(
                f"select task_id, start_date, end_date from {table}"
            ):
                took = datetime.fromisoformat(stop) - datetime.fromisoformat(start)
                view = task.removeprefix("features.")
                served = {view} if view != task else {ORDERS, SESSIONS, RISK}
                yield round(took / timedelta(microseconds=1)), served


def of_spark() -> Iterator[Work]:
    """Each job group took its tasks' time, executors were held for more: for all three views."""
    told, busy = FACTS["spark"][SPARK_LOG], 0
    for group, one in told["groups"].items():
        view = group.removeprefix("feature_view:")
        yield (
            one["executor_run_ms"] * 1000,
            {view} if view in {ORDERS, SESSIONS, RISK} else {ORDERS, SESSIONS, RISK},
        )
        busy += one["executor_run_ms"]
    yield round(told["executor_core_seconds"] * 10**6) - busy * 1000, {ORDERS, SESSIONS, RISK}


def of_dbt(shop: Company) -> Iterator[Work]:
    """A node took what dbt says; a test serves what it tests, a training table its model."""
    for path in sorted((shop.folder / "dbt").rglob("run_results*.json")):
        for node in json.loads(path.read_text())["results"]:
            kind, _, name = node["unique_id"].split(".")[:3]
            if kind == "exposure" or node["status"] == "skipped":
                continue
            tested = next((view for view in (ORDERS, RISK, SESSIONS, PROFILE) if view in name), "")
            served = {tested} if tested else set(BUILT_FOR.get(name, ()))
            if name.startswith("train_"):
                served = {name.removeprefix("train_")}
            yield round(Decimal(str(node["execution_time"])) * 10**6), served


def of_mlflow(folder: Path) -> Iterator[Work]:
    """A run inside another is part of it; a materialisation took what its metric says."""
    with closing(database("mlflow", folder)) as store:
        runs = store.execute(
            "select r.run_uuid, e.name, r.start_time, r.end_time from runs r join experiments e "
            "on r.experiment_id = e.experiment_id where r.end_time is not null"
        ).fetchall()
        tags: dict[str, dict[str, str]] = defaultdict(dict)
        for run, key, value in store.execute("select run_uuid, key, value from tags"):
            tags[run][key] = value
        took = dict(
            store.execute(
                "select run_uuid, value from latest_metrics where key like 'feast.%.duration_sec'"
            )
        )
    for run, experiment, start, stop in runs:
        if experiment in TRAINED_ON and "mlflow.parentRunId" not in tags[run]:
            yield (stop - start) * 1000, {experiment}
        elif experiment not in TRAINED_ON:
            views = {key: value for key, value in tags[run].items() if key in WORKED_ON}
            seconds = Decimal(str(took[run])) if run in took else Decimal(stop - start) / 1000
            yield round(seconds * 10**6), set(",".join(views.values()).split(","))


def needing(work: set[str], level: str) -> set[str]:
    """Say who needs a piece of work at a level: what is made of what it made, too."""
    features = {one for one in work if one not in TRAINED_ON} | (
        {DEMAND} if ORDERS in work else set()
    )
    if level == "feature":
        return features or {"(no feature)" if work else "(unneeded)"}
    models = {m for m, of in TRAINED_ON.items() if m in work or of & features}
    if level == "product":
        return {SERVED[model] for model in models} or {"(unneeded)"}
    return models or {"(unneeded)"}


def by_hand(work: Sequence[Work], level: str) -> dict[str, Decimal]:
    cost: dict[str, Decimal] = defaultdict(Decimal)
    for micros, of in work:
        served = needing(of, level)
        for one in served:
            cost[one] += micros * MICROSECOND / len(served)
    cost["(idle)"] = Decimal(108) - sum(cost.values())
    return dict(cost)


def test_a_catalogue_of_under_twenty_lines_is_enough() -> None:
    assert len(CATALOGUE.splitlines()) < 20
    assert not {"features:", "models:", "products:"} & set(CATALOGUE.splitlines())


@pytest.mark.parametrize("level", ["feature", "model", "product"])
def test_each_costs_what_its_work_in_all_five_tools_took(
    shop: Company, level: str, tmp_path: Path
) -> None:
    work = [*of_airflow(tmp_path), *of_spark(), *of_dbt(shop), *of_mlflow(tmp_path)]
    assert shop.cost(level) == by_hand(work, level)


def test_features_models_and_edges_are_those_of_the_tools(shop: Company) -> None:
    kinds = defaultdict(set)
    for row in shop.ask("query", "select kind, name from catalogue"):
        kinds[row["kind"]].add(row["name"])
    assert kinds["feature"] == {ORDERS, RISK, SESSIONS, PROFILE, DEMAND}
    assert kinds["model"] == set(TRAINED_ON)
    assert kinds["product"] == set(SERVED.values())
    uses = "select distinct from_node, to_node from graph where kind = 'uses' and to_node like 'model:%'"
    assert {tuple(row.values()) for row in shop.ask("query", uses)} == {
        (f"feature:{view}", f"model:{model}") for model, of in TRAINED_ON.items() for view in of
    }
