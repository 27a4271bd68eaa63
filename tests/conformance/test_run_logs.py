"""Airflow's and MLflow's own databases: what CostLens reads of them, against figures counted apart."""

import gzip
import json
import shutil
import sqlite3
from collections import defaultdict
from contextlib import closing
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from company import Company

DATA = Path(__file__).parents[1] / "data" / "runs"
FACTS = json.loads((DATA / "facts.json").read_text())
VIEWS = ("fv_customer_orders", "fv_customer_sessions", "fv_payment_risk")
# A cluster of three slots for the hour in which the sample ran. A microsecond of a slot costs
# 300 units of 10^-12, so that every split, also of a shared part by three, is a whole number.
HOUR = {
    "ResourceId": "cluster-1",
    "ChargePeriodStart": "2026-11-21T01:00:00Z",
    "ChargePeriodEnd": "2026-11-21T02:00:00Z",
    "BillingPeriodStart": "2026-11-01T00:00:00Z",
    "BillingPeriodEnd": "2026-12-01T00:00:00Z",
    "cost": "3.24",
}
MICROSECOND = Decimal("0.0000000003")
SHOP = """
resources:
  - name: cluster
    billed_by: [{resource_id: cluster-1}]
    capacity: {slots: 3}
    runs: [{pipeline: shop_features}]
pipelines:
  - name: shop_features
    runs: {match: {pipeline: [shop_features_daily, %s]}}
    produces:
      - {part: 'features\\.(?P<view>fv_.+)', feature: "{view}"}
      - {part: "extract|publish", shared: true}
      - {part: score, model: scores}
models: [{name: scores}]
"""


@pytest.fixture
def shop(tmp_path: Path) -> Company:
    made = Company(folder=tmp_path)
    for name in ("airflow", "mlflow"):
        with gzip.open(DATA / f"{name}.db.gz") as packed, (tmp_path / f"{name}.db").open("wb") as f:
            shutil.copyfileobj(packed, f)
    return made


def reads(shop: Company, *sources: str) -> None:
    for name in sources:
        shop._source(name=name, type=name, path=f"{name}.db")


def reads_only(shop: Company, name: str, path: str) -> None:
    shop.sources.clear()
    shop._source(name=path.partition(".")[0], type=name, path=path)


def asked(shop: Company, sql: str) -> list[tuple[str, ...]]:
    return [tuple(row.values()) for row in shop.ask("query", sql)]


def of_tasks(shop: Company) -> dict[str, tuple[int, int, Fraction]]:
    """Give tries, failed tries and seconds of each task as loaded."""
    rows = asked(
        shop,
        "select part, count(*), count(*) filter (state = 'failed'), "
        "sum(epoch_us(stop) - epoch_us(start)) from attempts group by part",
    )
    return {part: (int(n), int(failed), Fraction(us) / 10**6) for part, n, failed, us in rows}


def wanted_of_tasks() -> dict[str, tuple[int, int]]:
    told = FACTS["airflow"]["task_tries"]
    return {part: (one["tries"], one["failed_tries"]) for part, one in told.items()}


@pytest.mark.parametrize("kind", ["a database", "exports", "a zipped database"])
def test_airflow_tells_of_every_try_with_its_time(shop: Company, kind: str) -> None:
    if kind == "exports":
        shutil.copytree(DATA / "airflow", shop.folder / "meta")
        shop._source(name="airflow", type="airflow", path="meta/")
    elif kind == "a database":
        reads(shop, "airflow")
    else:
        shop._source(name="airflow", type="airflow", path=str(DATA / "airflow.db.gz"))
    shop.refresh()
    found = of_tasks(shop)
    assert {part: one[:2] for part, one in found.items()} == wanted_of_tasks()
    for part, told in FACTS["airflow"]["task_tries"].items():
        # Airflow's own durations are rounded to the millisecond, each.
        apart = abs(found[part][2] - Fraction(str(told["seconds_all_tries"])))
        assert apart <= Fraction(told["tries"], 1000)
    assert round(float(found["features.fv_payment_risk"][2]), 2) == 33.79
    assert asked(
        shop, "select count(distinct slice), count(*) from attempts where part = 'score'"
    ) == [("3", "24")]
    assert asked(shop, "select distinct size, size_unit from attempts") == [("1", "slots")]
    assert asked(
        shop,
        "select count(distinct run) from attempts "
        "where json_extract_string(tags, '$.team') = 'retention'",
    ) == [("8",)]


def test_airflows_rest_answers_tell_what_its_database_does_as_far_as_they_go(
    shop: Company,
) -> None:
    reads(shop, "airflow")
    shop.refresh()
    columns = (
        "pipeline, run, part, slice, try, state, start, stop, data_start, data_stop, size, tags"
    )
    of_database = asked(shop, f"select {columns} from attempts order by all")
    reads_only(shop, "airflow", "rest")
    shutil.copytree(DATA / "airflow_rest", shop.folder / "rest")
    # A page asked for twice, the second time when more was known, tells nothing twice.
    with gzip.open(DATA / "airflow_rest" / "taskInstances_page1.json.gz", "rt") as packed:
        early = json.load(packed)
    for task in early["task_instances"][:9]:
        task.update(end_date=None, duration=None, state="running")
    (shop.folder / "rest" / "a_page_before.json").write_text(json.dumps(early))
    ran = shop.refresh()
    of_rest = asked(shop, f"select {columns} from attempts order by all")
    # Of one task its tries were asked for, of seven the first one is in no answer.
    assert set(of_rest) < set(of_database)
    assert len(of_rest) == len(set(of_rest)) == 65
    lost = [row for row in of_database if row not in of_rest]
    assert {(row[2], row[4], row[5]) for row in lost} == {
        ("features.fv_payment_risk", "1", "failed")
    }
    assert len(lost) == 7
    assert (
        "7 tries of 7 tasks are not there, such as of shop_features_daily.features.fv_payment_risk "
        "in scheduled__2026-11-19" in ran.err
    )
    told = FACTS["airflow"]["task_tries"]
    for part, (_, _, seconds) in of_tasks(shop).items():
        wanted = Fraction(str(told[part]["seconds_last_try_only"]))
        if part == "features.fv_payment_risk":
            wanted += Fraction("1.462266")
        assert abs(seconds - wanted) <= Fraction(told[part]["tries"], 1000)


def test_mlflows_rest_answers_tell_all_that_its_database_does(shop: Company) -> None:
    tables = {
        "attempts": "pipeline, run, part, parent, state, start, stop, resource_id, tags",
        "outputs": "pipeline, run, part, target, measure, quantity",
        "links": "from_node, to_node, kind, version, run, seen, seen_as",
    }

    def told() -> dict[str, list[tuple[str, ...]]]:
        return {t: asked(shop, f"select {c} from {t} order by all") for t, c in tables.items()}

    reads(shop, "mlflow")
    shop.refresh()
    of_database = told()
    shutil.copytree(DATA / "mlflow_rest", shop.folder / "rest")
    reads_only(shop, "mlflow", "rest")
    shop.refresh()
    assert told() == of_database
    # The table of search_runs has the runs, under the numbers of their experiments, and no models.
    shutil.copy(DATA / "search_runs.csv", shop.folder)
    reads_only(shop, "mlflow", "search_runs.csv")
    shop.refresh()
    wide = told()
    assert [row[1:7] for row in sorted(wide["attempts"], key=lambda row: row[1])] == [
        row[1:7] for row in sorted(of_database["attempts"], key=lambda row: row[1])
    ]
    assert {row[0] for row in wide["attempts"]} == {"1", "2", "3"}
    made = {row[1:] for row in of_database["outputs"] if row[3].startswith("feature:")}
    assert {row[1:] for row in wide["outputs"]} == made != set()
    assert wide["links"] == []


def test_an_export_of_all_columns_says_which_columns_to_export(shop: Company) -> None:
    (shop.folder / "meta").mkdir()
    shutil.copy(DATA / "task_instance_naive_dump.csv", shop.folder / "meta" / "task_instance.csv")
    shop._source(name="airflow", type="airflow", path="meta")
    for words in (["check"], ["refresh"]):
        ran = shop.run(*words)
        assert ran.code == 1
        assert "meta/task_instance.csv: is not UTF-8 text" in ran.err + ran.out
        assert "export these columns, not *: dag_id, task_id, run_id, state" in ran.err + ran.out


def test_mlflow_tells_of_runs_by_their_status_and_own_time(shop: Company) -> None:
    reads(shop, "mlflow")
    shop.refresh()
    told = FACTS["mlflow"]
    words = {"FINISHED": "succeeded"} | {w: w.lower() for w in ("FAILED", "KILLED", "RUNNING")}
    states = dict(asked(shop, "select state, count(*) from attempts group by state"))
    assert states == {words[w]: str(n) for w, n in told["runs_by_status"].items()}
    assert asked(shop, "select count(*) from attempts where parent is not null") == [
        (str(told["child_runs"]),)
    ]
    whole = dict(
        asked(
            shop,
            "select pipeline, sum(epoch_ms(stop) - epoch_ms(start)) from attempts "
            "where part = 'run' group by pipeline",
        )
    )
    by_experiment = told["wall_seconds_by_experiment_all_runs"]
    assert {name: int(ms) / 1000 for name, ms in whole.items()} == {
        name: by_experiment[name] for name in ("churn", "fraud")
    }


def test_feasts_operations_began_before_their_run_was_opened(shop: Company) -> None:
    reads(shop, "mlflow")
    shop.refresh()
    took = asked(
        shop,
        "select a.run, epoch_us(a.stop) - epoch_us(a.start), "
        "string_agg(o.target, ',' order by o.target) from attempts as a "
        "inner join outputs as o on a.run = o.run where a.part = 'materialize' "
        "group by all order by a.run",
    )
    wanted = [
        (round(one["duration_sec"] * 10**6), sorted(one["views"].split(",")))
        for one in FACTS["mlflow"]["feast_materialize"]
    ]
    found = [
        (int(us), [t.removeprefix("feature:") for t in targets.split(",")])
        for _, us, targets in took
    ]
    assert sorted(found) == sorted(wanted)


def test_models_use_what_feast_says_their_versions_were_trained_on(shop: Company) -> None:
    reads(shop, "mlflow")
    shop.bill({**HOUR, "ResourceId": "other"})
    shop.refresh()
    edges = asked(
        shop,
        "select to_node, from_node, valid_from, read_from from graph where kind = 'uses' "
        "order by all",
    )
    seen = "mlflow (feast.feature_refs)"
    names = {
        "churn": ("fv_customer_orders", "fv_customer_profile", "fv_customer_sessions"),
        "fraud": ("fv_customer_orders", "fv_payment_risk", "odfv_basket_ratio"),
    }
    # Both versions of churn are of one day: the second counts from it, the first before.
    assert {(m, f, r) for m, f, _, r in edges} == {
        (f"model:{model}", f"feature:{view}", seen)
        for model, views in names.items()
        for view in views
    }
    with closing(sqlite3.connect(shop.folder / "mlflow.db")) as store:
        tags = dict(
            store.execute(
                "select v.name, t.value from model_versions as v join tags as t "
                "on v.run_id = t.run_uuid where t.key = 'feast.feature_refs'"
            )
        )
    for model, refs in tags.items():
        assert {ref.split(":")[0] for ref in refs.split(",")} == set(names[model])


def times(folder: Path) -> dict[tuple[str, str], list[tuple[int, str]]]:
    """Read the microseconds and states of all tries from Airflow's tables, by run and task."""
    found: dict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
    with closing(sqlite3.connect(folder / "airflow.db")) as store:
        for table in ("task_instance", "task_instance_history"):
            for run, task, start, stop, state in store.execute(
                f"select run_id, task_id, start_date, end_date, state from {table}"
            ):
                took = datetime.fromisoformat(stop) - datetime.fromisoformat(start)
                found[run, task].append((round(took / timedelta(microseconds=1)), state))
    return found


def by_hand(found: dict[tuple[str, str], list[tuple[int, str]]]) -> dict[str, Decimal]:
    """Say what each feature costs: its own tasks, and a third of its runs' shared ones."""
    cost: dict[str, Decimal] = defaultdict(Decimal)
    for (_, task), tries in found.items():
        whole = sum(us for us, _ in tries) * MICROSECOND
        for view in VIEWS:
            if task == f"features.{view}":
                cost[view] += whole
            if task in ("extract", "publish"):
                cost[view] += whole / 3
    return cost


def features(shop: Company) -> dict[str, Decimal]:
    return {name: cost for name, cost in shop.cost().items() if name in VIEWS}


def test_each_features_cost_of_a_shared_cluster_is_its_time_to_the_last_unit(
    shop: Company,
) -> None:
    reads(shop, "airflow")
    shop.bill(HOUR)
    shop.catalogue(SHOP % "none")
    shop.refresh()
    found = times(shop.folder)
    assert features(shop) == by_hand(found)
    used = sum(us for tries in found.values() for us, _ in tries) * MICROSECOND
    idle = asked(
        shop, "select sum(effective) from ledger where level = 'feature' and target = '(idle)'"
    )
    assert Decimal(idle[0][0]) == Decimal("3.24") - used
    failed = sum(us for tries in found.values() for us, state in tries if state == "failed")
    waste = asked(
        shop, "select sum(effective) from ledger where level = 'feature' and class = 'waste'"
    )
    assert Decimal(waste[0][0]) == failed * MICROSECOND


TRAINING = """
create table experiments (experiment_id INTEGER, name TEXT);
insert into experiments values (1, 'shop_training');
create table runs (run_uuid TEXT, experiment_id INTEGER, status TEXT, start_time BIGINT, end_time BIGINT);
create table tags (key TEXT, value TEXT, run_uuid TEXT);
create table model_versions (name TEXT, version INTEGER, run_id TEXT, creation_time BIGINT);
"""


def train_inside(shop: Company, *, tagged: bool) -> dict[str, int]:
    """Make an MLflow store of a run in each task `extract`, which trains a model for a while."""
    inside: dict[str, int] = {}
    with (
        closing(sqlite3.connect(shop.folder / "airflow.db")) as airflow,
        closing(sqlite3.connect(shop.folder / "training.db")) as store,
    ):
        store.executescript(TRAINING)
        rows = airflow.execute(
            "select run_id, start_date, end_date from task_instance where task_id = 'extract'"
        )
        for at, (run, start, stop) in enumerate(rows.fetchall()):
            first = round(datetime.fromisoformat(start + "+00:00").timestamp() * 1000) + 20
            last = round(datetime.fromisoformat(stop + "+00:00").timestamp() * 1000) - 20 - at
            inside[run] = (last - first) * 1000
            store.execute(
                "insert into runs values (?, 1, ?, ?, ?)",
                (f"m{at}", "FAILED" if at == 0 else "FINISHED", first, last),
            )
            keys = {"airflow.dag_id": "shop_features_daily", "airflow.run_id": run}
            keys["airflow.task_id"] = "extract"
            for key, value in (keys if tagged else {"team": "x"}).items():
                store.execute("insert into tags values (?, ?, ?)", (key, value, f"m{at}"))
        store.execute("insert into model_versions values ('churn', 1, 'm1', 1795224228411)")
        store.commit()
    shop._source(name="training", type="mlflow", path="training.db")
    return inside


@pytest.mark.few(1)
@pytest.mark.parametrize("tagged", [True, False], ids=["tagged", "by time"])
def test_work_that_airflow_and_mlflow_tell_of_is_paid_once(shop: Company, tagged: bool) -> None:
    reads(shop, "airflow")
    shop.bill(HOUR)
    shop.catalogue(SHOP % ("none" if tagged else "shop_training"))
    shop.refresh()
    by_class = "select class, sum(effective) from ledger where level = 'model' group by class"
    before, whole = features(shop), dict(asked(shop, by_class))
    inside = train_inside(shop, tagged=tagged)
    shop.refresh()
    trained = sum(inside.values()) * MICROSECOND
    after = features(shop)
    assert after == {view: before[view] - trained / 3 for view in VIEWS}
    assert shop.cost("model")["churn"] == trained
    # The cluster is as full as it was; the run that failed inside a task that did not is waste.
    now = dict(asked(shop, by_class))
    failed = next(iter(inside.values())) * MICROSECOND
    assert Decimal(now["idle"]) == Decimal(whole["idle"])
    assert Decimal(now["waste"]) == Decimal(whole["waste"]) + failed
    assert sum(map(Decimal, now.values())) == Decimal("3.24")
    told = shop.run("explain", "model:churn", "--format", "csv")
    assert told.code == 0, told.err


def test_models_and_features_in_no_catalogue_are_costed_and_explained(shop: Company) -> None:
    reads(shop, "mlflow")
    arn = "arn:aws:sagemaker:eu-west-1:111122223333:training-job/fraud-rf-2025-10-03"
    shop.bill({**HOUR, "ResourceId": arn, "cost": "7"})
    shop.refresh()
    assert shop.cost("model") == {"fraud": Decimal(7)}
    told = shop.run("explain", "model:fraud", "--format", "csv")
    assert told.code == 0, told.err
    (row,) = told.rows
    assert Decimal(row["amount"]) == 7


def test_the_catalogue_goes_before_the_run_log_and_the_difference_is_told(shop: Company) -> None:
    reads(shop, "mlflow")
    shop.bill({**HOUR, "ResourceId": "orders-table", "cost": "9"})
    shop.catalogue(
        "features:\n  - {name: fv_customer_orders, billed_by: [{resource_id: orders-table}]}\n"
        "  - {name: age}\n"
        "models:\n  - {name: churn, uses: [{feature: age}]}\n"
    )
    shop.refresh()
    # churn takes what the catalogue says; fraud what its version says.
    assert shop.cost("model") == {"fraud": Decimal(9)}
    found = asked(shop, "select message, place from findings where code = 'uses_differ'")
    assert found == [
        (
            "version 2 of model:churn was trained on fv_customer_orders, fv_customer_profile, "
            "fv_customer_sessions; the catalogue says it uses age",
            "mlflow",
        )
    ]


def ledgers(shop: Company) -> dict[str, set[str]]:
    """Name the files of each period's ledger: allocating a period writes another."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in (shop.folder / "lake" / "ledger").rglob("*.parquet"):
        found[path.parent.name.removeprefix("billing_period=")].add(path.name)
    return found


@pytest.mark.slow
def test_a_new_version_of_a_model_allocates_again_what_it_matters_for(shop: Company) -> None:
    with closing(sqlite3.connect(shop.folder / "mlflow.db")) as store:
        # What still runs would go on into December.
        store.execute(
            "update runs set end_time = start_time, status = 'KILLED' where end_time is null"
        )
        store.commit()
    reads(shop, "mlflow")
    december = {"BillingPeriodStart": "2026-12-01", "BillingPeriodEnd": "2027-01-01"}
    shop.bill(
        {**HOUR, "ResourceId": "profiles", "cost": "9"},
        {
            **HOUR,
            **december,
            "ResourceId": "profiles",
            "ChargePeriodStart": "2026-12-10T00:00:00Z",
            "ChargePeriodEnd": "2026-12-11T00:00:00Z",
            "cost": "4",
        },
    )
    shop.catalogue(
        "features:\n  - {name: fv_customer_profile, billed_by: [{resource_id: profiles}]}\n"
    )
    shop.refresh()
    by_model = "select billing_period, target, sum(effective) from ledger where level = 'model' group by all order by all"
    assert asked(shop, by_model) == [("2026-11", "churn", "9"), ("2026-12", "churn", "4")]
    before = ledgers(shop)
    with closing(sqlite3.connect(shop.folder / "mlflow.db")) as store:
        # A third version, made on 5 December by a run of that day, on another view.
        store.execute(
            "insert into runs (run_uuid, experiment_id, status, start_time, end_time) "
            "values ('r3', 2, 'FINISHED', 1796428000000, 1796428800000)"
        )
        store.execute("insert into tags values ('feast.feature_refs', 'fv_orders:n', 'r3')")
        store.execute(
            "insert into model_versions (name, version, creation_time, run_id, workspace) "
            "values ('churn', 3, 1796428800000, 'r3', 'default')"
        )
        store.commit()
    shop.refresh()
    assert asked(shop, by_model) == [("2026-11", "churn", "9"), ("2026-12", "(no model)", "4")]
    after = ledgers(shop)
    assert after["2026-11"] == before["2026-11"]
    assert after["2026-12"] != before["2026-12"]
