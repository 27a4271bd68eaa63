"""What dbt, Feast and Airflow say of who feeds whom, by the artifacts that they wrote themselves."""

import json
import shutil
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest
from company import Company

from costlens.paths import bundled

RUNS = Path(__file__).parents[1] / "data" / "runs"
FEAST_DUMP = bundled("connectors") / "feast" / "sample.json"
FACTS = json.loads((RUNS / "facts.json").read_text())["dbt"]
# A warehouse of three slots for the hour in which dbt ran. A microsecond of a slot costs 300 units of
# 10^-12, so that every split by two or three is a whole number.
HOUR = {
    "ResourceId": "WH",
    "ChargePeriodStart": "2026-11-21T01:00:00Z",
    "ChargePeriodEnd": "2026-11-21T02:00:00Z",
    "BillingPeriodStart": "2026-11-01T00:00:00Z",
    "BillingPeriodEnd": "2026-12-01T00:00:00Z",
    "cost": "3.24",
}
MICROSECOND = Decimal("0.0000000003")
WAREHOUSE = """
resources:
  - name: warehouse
    billed_by: [{resource_id: WH}]
    capacity: {slots: 3}
    runs: [{pipeline: shop_features}]
pipelines: [{name: shop_features}]
"""
ORDERS, RISK = "fv_customer_orders", "fv_payment_risk"
SESSIONS, PROFILE = "fv_customer_sessions", "fv_customer_profile"
DEMAND = "odfv_basket_ratio"
# Whom each node of the project serves. What broke stands in no manifest, so nobody is known to need it.
FEATURES = {
    "model.stg_orders": [ORDERS, RISK, DEMAND],
    "model.stg_sessions": [SESSIONS],
    "model.stg_customers": [PROFILE],
    f"model.{ORDERS}": [ORDERS, DEMAND],
    f"model.{RISK}": [RISK],
    f"model.{SESSIONS}": [SESSIONS],
    f"model.{PROFILE}": [PROFILE],
    "model.train_churn": ["(no feature)"],
    "model.train_fraud": ["(no feature)"],
    "test.not_null_fv_customer_orders_customer_id.39d0043784": [ORDERS, DEMAND],
    "test.not_null_fv_payment_risk_customer_id.ba05f7744c": [RISK],
    "test.not_null_fv_payment_risk_chargebacks_90d.170b782611": [RISK],
    "model.broken_model": ["(unneeded)"],
}
MODELS = {
    part: ["(unneeded)"]
    if part == "model.broken_model"
    else ["churn"]
    if part in ("model.stg_sessions", "model.stg_customers", f"model.{SESSIONS}")
    or part in (f"model.{PROFILE}", "model.train_churn")
    else ["fraud"]
    if RISK in part or part == "model.train_fraud"
    else ["churn", "fraud"]
    for part in FEATURES
}
PRODUCTS = {"churn": "retention_campaign", "fraud": "checkout_guard"}


@pytest.fixture
def shop(tmp_path: Path) -> Company:
    made = Company(folder=tmp_path)
    made.bill(HOUR)
    made.catalogue(WAREHOUSE)
    shutil.copytree(bundled("connectors") / "dbt" / "sample", tmp_path / "dbt")
    made._source(name="dbt", type="dbt", path="dbt")
    return made


def feast(shop: Company) -> None:
    shutil.copy(bundled("connectors") / "feast" / "sample.json", shop.folder / "registry.json")
    shop._source(name="feast", type="feast", path="registry.json")


def asked(shop: Company, sql: str) -> list[tuple[str, ...]]:
    return [tuple(row.values()) for row in shop.ask("query", sql)]


def by_hand(shop: Company, served: dict[str, list[str]]) -> dict[str, Decimal]:
    """Split the time of each node, as dbt says, evenly among those it serves; the rest is idle."""
    cost: dict[str, Decimal] = defaultdict(Decimal)
    took = asked(
        shop,
        "select part, sum(busy_s * 1000000)::bigint from attempts where state <> 'skipped' group by part",
    )
    assert {part for part, _ in took} == set(served)
    for part, micros in took:
        for one in served[part]:
            cost[one] += int(micros) * MICROSECOND / len(served[part])
    cost["(idle)"] = Decimal("3.24") - sum(cost.values())
    return dict(cost)


def test_dbt_tells_of_every_invocation_what_its_nodes_took(shop: Company) -> None:
    shop.refresh()
    words = {"success": "succeeded", "pass": "succeeded", "no-op": "skipped"}
    words |= {"error": "failed", "skipped": "skipped"}
    wanted = []
    for told in FACTS.values():
        states: dict[str, int] = defaultdict(int)
        for word, n in told["status"].items():
            states[words[word]] += n
        wanted += [(told["sum_execution_time"], dict(states))]
    found = []
    for run, took in asked(shop, "select run, sum(busy_s) from attempts group by run"):
        counted = asked(
            shop, f"select state, count(*) from attempts where run = '{run}' group by state"
        )
        found.append((round(float(took), 3), {state: int(n) for state, n in counted}))
    assert sorted(found, key=str) == sorted(wanted, key=str)
    # Side by side in two threads they took more seconds than passed, but for the two of a selection.
    assert asked(
        shop,
        "select count(*) from (select run, sum(busy_s) as took, "
        "epoch_us(max(stop) - min(start)) / 1000000 as passed from attempts group by run) "
        "where took > passed and took < 2 * passed",
    ) == [("2",)]


def test_features_models_and_products_appear_by_themselves_and_cost_their_part(
    shop: Company,
) -> None:
    feast(shop)
    shop.refresh()
    assert shop.cost() == by_hand(shop, FEATURES)
    assert shop.cost("model") == by_hand(shop, MODELS)
    # Exposures of type application name products, tags of services too.
    products = {part: [PRODUCTS.get(model, model) for model in of] for part, of in MODELS.items()}
    assert shop.cost("product") == by_hand(shop, products)
    named = asked(
        shop,
        "select kind, count(*) from catalogue where kind not in ('table', 'team') group by kind",
    )
    assert sorted(named) == [
        ("feature", "5"),
        ("model", "2"),
        ("pipeline", "1"),
        ("product", "2"),
        ("request", "1"),
        ("resource", "1"),
        ("service", "3"),
    ]
    assert asked(
        shop,
        "select from_node, read_from from graph where to_node = 'service:fraud_v2' order by all",
    ) == [
        (f"feature:{ORDERS}", "feast (feast.feature_service)"),
        (f"feature:{RISK}", "feast (feast.feature_service)"),
        (f"feature:{DEMAND}", "feast (feast.feature_service)"),
    ]
    # The windows of materialisations are days of data, and no edge of cost.
    assert asked(
        shop,
        "select count(*), min(version) from links where kind = 'materialised' "
        f"and from_node = 'feature:{ORDERS}'",
    ) == [("3", "2025-10-01T00:00:00Z/2025-10-02T00:00:00Z")]
    told = shop.run("explain", f"feature:{DEMAND}", "--format", "csv")
    assert told.code == 0, told.err


def test_without_a_feature_store_the_tables_that_exposures_name_are_features(
    shop: Company,
) -> None:
    shop.refresh()
    served = {
        part: [
            "train_churn"
            if one == PROFILE or part == "model.train_churn"
            else "train_fraud"
            if one == RISK or part == "model.train_fraud"
            else one
            for one in of
            if one != DEMAND
        ]
        for part, of in FEATURES.items()
    }
    # What a feature is made of serves that feature too.
    served["model.stg_orders"] = [ORDERS, "train_churn", "train_fraud"]
    served[f"model.{ORDERS}"] = [ORDERS, "train_churn", "train_fraud"]
    served["test.not_null_fv_customer_orders_customer_id.39d0043784"] = served[f"model.{ORDERS}"]
    for part in ("model.stg_sessions", f"model.{SESSIONS}"):
        served[part] = [SESSIONS, "train_churn"]
    assert shop.cost() == by_hand(shop, served)


def test_the_catalogue_goes_before_what_was_seen_to_feed_a_model(shop: Company) -> None:
    feast(shop)
    shop.catalogue(
        WAREHOUSE + f"features: [{{name: {PROFILE}}}]\n"
        f"models: [{{name: churn, uses: [{{feature: {PROFILE}}}]}}]\n"
    )
    shop.refresh()
    models = {
        part: ["churn"]
        if PROFILE in part or part == "model.stg_customers"
        else [one for one in of if one != "churn"] or ["(no model)"]
        for part, of in MODELS.items()
    }
    # Its training table and sessions feed no model now; sessions serve a product still.
    models["model.train_churn"] = ["(unneeded)"]
    assert shop.cost("model") == by_hand(shop, models)


@pytest.mark.slow
def test_what_versions_were_trained_on_goes_before_the_tag_of_a_service(shop: Company) -> None:
    feast(shop)
    store = {
        "experiments": [{"experiment_id": "1", "name": "shop_training"}],
        "runs": [
            {
                "info": {"run_id": f"r{n}", "experiment_id": "1", "status": "FINISHED"}
                | {"start_time": 1795224226000 + n, "end_time": 1795224227000 + n},
                "data": {"tags": [{"key": key, "value": value}]},
            }
            for n, key, value in (
                (1, "feast.feature_refs", f"{PROFILE}:tenure_days,{PROFILE}:country"),
                (2, "feast.feature_service", "fraud_v1"),
            )
        ],
        "model_versions": [
            {"name": name, "version": "1", "run_id": run, "creation_timestamp": 1795224228411}
            for name, run in (("churn", "r1"), ("fraud", "r2"))
        ],
    }
    (shop.folder / "store.json").write_text(
        "\n".join(json.dumps({key: rows}) for key, rows in store.items())
    )
    shop._source(name="mlflow", type="mlflow", path="store.json")
    shop.refresh()
    # The version of churn takes one view, that of fraud what its service hands out; what trains them
    # is made of more, and needed by them.
    graph = {
        (one, other)
        for one, other in asked(shop, "select from_node, to_node from graph where kind = 'uses'")
    }
    assert graph == {
        (f"feature:{PROFILE}", "model:churn"),
        ("service:fraud_v1", "model:fraud"),
        (f"feature:{ORDERS}", f"feature:{DEMAND}"),
    }
    assert asked(
        shop, "select count(*) from graph where from_node like 'service:%' and kind = 'feeds'"
    ) == [("0",)]
    assert shop.cost("model")["churn"] > 0


@pytest.mark.slow
def test_the_tables_that_tasks_of_airflow_made_feed_the_features_of_their_names(
    tmp_path: Path,
) -> None:
    shop = Company(folder=tmp_path)
    shop.bill(HOUR)
    shop.catalogue(
        WAREHOUSE.replace("{name: shop_features}", "{name: shop_features_daily}").replace(
            "pipeline: shop_features", "pipeline: shop_features_daily"
        )
    )
    shop._source(name="airflow", type="airflow", path=str(RUNS / "airflow.db.gz"))
    feast(shop)
    shop.refresh()
    made = (
        "select sum(epoch_us(a.stop) - epoch_us(a.start)) from attempts as a where exists ("
        "from outputs as o where o.run = a.run and o.part = a.part and o.target like '%/{}')"
    )
    cost = shop.cost()
    for name in (SESSIONS, RISK):
        ((micros,),) = asked(shop, made.format(name))
        assert cost[name] == int(micros) * MICROSECOND > 0
    assert cost[ORDERS] == cost[DEMAND] > 0


def test_feasts_own_file_tells_what_its_dump_does(shop: Company) -> None:
    told = []
    for name, content in (("dump.json", FEAST_DUMP), ("registry.db", RUNS / "registry.db")):
        shutil.copy(content, shop.folder / name)
        shop.sources.clear()
        shop._source(name=name.partition(".")[0], type="feast", path=name)
        shop.refresh()
        columns = "from_node, to_node, kind, version, seen, seen_as"
        told.append(asked(shop, f"select {columns} from links order by all"))
    assert told[0] == told[1] != []


def test_feasts_own_file_cut_off_is_refused(shop: Company) -> None:
    whole = (RUNS / "registry.db").read_bytes()
    (shop.folder / "registry.db").write_bytes(whole[: len(whole) // 2])
    shop._source(name="feast", type="feast", path="registry.db")
    ran = shop.run("refresh")
    assert ran.code == 1
    assert "registry.db: is neither JSON nor protobuf" in ran.err


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("registry.sqlite", b"SQLite format 3\0", "is sqlite, which the pack feast does not read"),
    ],
)
def test_a_registry_that_only_feast_reads_is_refused_with_the_way_out(
    shop: Company, name: str, content: bytes, told: str
) -> None:
    (shop.folder / name).write_bytes(content)
    shop._source(name="feast", type="feast", path=name)
    ran = shop.run("refresh")
    assert ran.code == 1
    assert told in ran.err
    assert "write it with: feast registry-dump > registry.json" in ran.err


def test_run_results_of_older_schemas_are_read(tmp_path: Path) -> None:
    shop = Company(folder=tmp_path)
    shop._source(name="dbt", type="dbt", path=str(RUNS / "dbt_results"))
    shop.refresh()
    wanted: dict[str, int] = defaultdict(int)
    for path in (RUNS / "dbt_results").iterdir():
        told = json.loads(path.read_text())
        wanted[told["metadata"]["invocation_id"]] += len(told["results"])
    counted = asked(shop, "select run, count(*) from attempts group by run")
    assert {run: int(n) for run, n in counted} == wanted
