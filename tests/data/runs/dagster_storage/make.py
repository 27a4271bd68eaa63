"""A small shop on Dagster: a retry, a failure, two assets of one step, a partition, dynamic copies."""

import os
import time

os.makedirs(os.environ["DAGSTER_HOME"], exist_ok=True)
import dagster as dg

daily = dg.DailyPartitionsDefinition(start_date="2026-11-01", end_date="2026-11-10")
tries = {"n": 0}


@dg.asset(key_prefix="shop", partitions_def=daily)
def raw_orders(context):
    time.sleep(0.03)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": 200,
            "dagster/column_schema": dg.TableSchema(
                columns=[dg.TableColumn("id", "int"), dg.TableColumn("amount", "float")]
            ),
        }
    )


@dg.multi_asset(
    specs=[
        dg.AssetSpec(["shop", "fv_a"], deps=[["shop", "raw_orders"]]),
        dg.AssetSpec(["shop", "fv_b"], deps=[["shop", "raw_orders"]]),
    ],
    partitions_def=daily,
)
def two_views(context):
    time.sleep(0.05)
    lineage = dg.TableColumnLineage(
        {"spend": [dg.TableColumnDep(dg.AssetKey(["shop", "raw_orders"]), "amount")]}
    )
    yield dg.MaterializeResult(
        asset_key=["shop", "fv_a"],
        metadata={"dagster/row_count": 300, "dagster/column_lineage": lineage},
    )
    yield dg.MaterializeResult(
        asset_key=["shop", "fv_b"], metadata={"dagster/partition_row_count": 100}
    )


@dg.asset(
    key_prefix="shop",
    deps=[["shop", "fv_a"]],
    retry_policy=dg.RetryPolicy(max_retries=2, delay=0.02),
    partitions_def=daily,
)
def churn_model(context):
    time.sleep(0.04)
    if context.run.tags.get("flaky") == "once" and context.retry_number == 0:
        raise RuntimeError("the store is away")
    if context.run.tags.get("flaky") == "always":
        raise ValueError("no rows")
    return dg.MaterializeResult(metadata={"auc": 0.8})


@dg.op(out=dg.DynamicOut())
def shards():
    for n in range(2):
        yield dg.DynamicOutput(n, mapping_key=str(n))


@dg.op
def clean(context, n):
    time.sleep(0.02)
    context.log_event(
        dg.AssetMaterialization(["shop", "cleaned"], metadata={"dagster/row_count": 10 + n})
    )
    return n


@dg.op
def gather(ns):
    return sum(ns)


@dg.job(tags={"team": "risk"})
def nightly_clean():
    gather(shards().map(clean).collect())


shop_daily = dg.define_asset_job(
    "shop_daily", tags={"team": "retention", "k8s/cluster": "ml-prod"}, partitions_def=daily
)
defs = dg.Definitions(assets=[raw_orders, two_views, churn_model], jobs=[shop_daily, nightly_clean])

if __name__ == "__main__":
    with dg.DagsterInstance.get() as instance:
        job = defs.get_job_def("shop_daily")
        for day, flaky in (("2026-11-01", "no"), ("2026-11-02", "once"), ("2026-11-03", "always")):
            job.execute_in_process(
                instance=instance, partition_key=day, tags={"flaky": flaky}, raise_on_error=False
            )
        defs.get_job_def("nightly_clean").execute_in_process(
            instance=instance, raise_on_error=False
        )
