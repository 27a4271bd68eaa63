"""Spark's own event logs: what CostLens reads of them, against figures counted apart."""

import json
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from company import Company

DATA = Path(__file__).parents[1] / "data" / "runs"
FACTS = json.loads((DATA / "facts.json").read_text())["spark"]
LOGS = {
    "local-1795224448434": "local-1795224448434",
    "local-1795224491410": "eventlog_v2_local-1795224491410/events_1_local-1795224491410.zstd",
    "application_1707709865217_0493": "yarn_dynamic_allocation.zstd",
    "local-1726394182053-db": "databricks-aws.json.gz",
}
TRIES = [f"emr_application_1724877841851_0016_attempt_{n}.zstd" for n in (1, 2)]
VIEWS = ("fv_customer_orders", "fv_customer_sessions", "fv_payment_risk")
# Each hour of a cluster of two cores costs 7.2: a core for a millisecond 0.000001.
MILLISECOND = Decimal("0.000001")
HOUR = {
    "ChargePeriodStart": "2026-11-21T01:00:00Z",
    "ChargePeriodEnd": "2026-11-21T02:00:00Z",
    "BillingPeriodStart": "2026-11-01T00:00:00Z",
    "BillingPeriodEnd": "2026-12-01T00:00:00Z",
    "cost": "7.2",
}
# The same log three times: by its job groups, and as a whole, split by two measures.
PIPELINE = """
  - name: {name}
    runs: {{source: {name}}}
    produces:
      - {{part: "feature_view:fv_broken", shared: true}}
      - {{part: "feature_view:(?P<view>.+)", feature: "{{view}}"}}
      - {{part: "shared|executors", shared: true}}
"""
SPLITS = {"groups": {}, "work": {"split_by": "work_s"}, "written": {"split_by": "values"}}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """Load every log, and cost one of them in three ways."""
    made = Company(folder=tmp_path_factory.mktemp("spark"))
    made.source(name="all", type="spark", path=str(DATA / "spark"))
    for name, values in SPLITS.items():
        path = str(DATA / "spark" / "local-1795224448434")
        made.source(name=name, type="spark", path=path, **({"values": values} if values else {}))
    made.bill(*({**HOUR, "ResourceId": f"cluster-{name}"} for name in SPLITS))
    made.catalogue(
        "resources:\n"
        + "".join(
            f"  - {{name: {name}, billed_by: [{{resource_id: cluster-{name}}}], "
            f"capacity: {{slots: 2}}, runs: [{{pipeline: {name}}}]}}\n"
            for name in SPLITS
        )
        + "pipelines:"
        + "".join(PIPELINE.format(name=name) for name in SPLITS)
    )
    made.refresh()
    return made


def asked(shop: Company, sql: str) -> list[tuple[str, ...]]:
    return [tuple(row.values()) for row in shop.ask("query", sql)]


def seconds(shop: Company, run: str) -> dict[str, Decimal]:
    """Give the core-seconds of each part of an application as loaded."""
    rows = asked(
        shop,
        "select part, sum(busy_s) from attempts "
        f"where source = 'all' and run = '{run}' group by part",
    )
    return {part: Decimal(busy) for part, busy in rows}


def groups(log: str) -> dict[str, Decimal]:
    told = FACTS[log]["groups"].items()
    return {name: Decimal(one["executor_run_ms"]) / 1000 for name, one in told}


@pytest.mark.parametrize("run", LOGS)
def test_the_time_of_every_task_is_loaded_under_its_job_group(shop: Company, run: str) -> None:
    found = seconds(shop, run)
    held = found.pop("executors", Decimal(0))
    wanted = groups(LOGS[run])
    assert sum(found.values()) == sum(wanted.values())
    if "shared" in wanted:
        assert found == wanted
    told = Decimal(str(FACTS[LOGS[run]]["executor_core_seconds"]))
    # What executors were held for is what their tasks took and what is beside it.
    assert held == (told - sum(wanted.values()) if told > 0 else 0)


def test_both_tries_of_an_application_count_and_the_first_was_in_vain(shop: Company) -> None:
    rows = asked(
        shop,
        "select try, state, sum(busy_s), count(*) from attempts "
        "where run = 'application_1724877841851_0016' group by all order by all",
    )
    wanted = [Decimal(str(FACTS[log]["executor_core_seconds"])) for log in TRIES]
    assert [(t, state, Decimal(busy), n) for t, state, busy, n in rows] == [
        ("3", "failed", wanted[0], "3"),
        ("6", "succeeded", wanted[1], "3"),
    ]
    # Two groups have ids that Spark made for itself: their work is that of the query's table.
    parts = seconds(shop, "application_1724877841851_0016")
    assert set(parts) == {
        "executors",
        "final_results",
        "parquet at NativeMethodAccessorImpl.java:0",
    }
    taken = sum(sum(groups(log).values()) for log in TRIES)
    assert sum(parts.values()) - parts["executors"] == taken
    rows_out = FACTS[TRIES[1]]["groups"]["None"]["rows_written"]
    written = asked(
        shop, "select quantity from outputs where measure = 'rows' and part = 'final_results'"
    )
    assert [Decimal(one) for (one,) in written] == [rows_out]


@pytest.mark.parametrize("run", list(LOGS)[:2])
def test_what_each_view_wrote_is_loaded(shop: Company, run: str) -> None:
    found: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for part, target, measure, quantity in asked(
        shop,
        "select part, target, measure, quantity from outputs "
        f"where source = 'all' and run = '{run}'",
    ):
        assert target == part.replace("feature_view:", "feature:")
        found[part][measure] = Decimal(quantity)
    columns = dict(zip(VIEWS, (2, 3, 1), strict=True))  # without keys and times
    assert found == {
        f"feature_view:{view}": {
            "rows": told["rows_written"],
            "bytes": told["bytes_written"],
            "values": told["rows_written"] * columns[view],
            "work_s": Decimal(told["executor_run_ms"]) / 1000,
        }
        for view in VIEWS
        if (told := FACTS[LOGS[run]]["groups"][f"feature_view:{view}"])
    }


def test_a_failed_tasks_time_is_waste_and_the_rest_is_not(shop: Company) -> None:
    rows = asked(
        shop,
        "select run, part, sum(busy_s) from attempts where source = 'all' and state <> 'succeeded' "
        "and run like 'local%' group by all order by all",
    )
    assert [(run, part, Decimal(busy)) for run, part, busy in rows] == [
        ("local-1795224448434", "feature_view:fv_broken", Decimal("0.154")),
        ("local-1795224491410", "feature_view:fv_broken", Decimal("0.112")),
    ]


def test_clusters_and_their_tags_are_known_by_what_databricks_yarn_and_users_set(
    shop: Company,
) -> None:
    tags = "json_extract_string(tags, ['$.ClusterName', '$.Vendor', '$.queue', '$.team', '$.user'])"
    rows = asked(
        shop,
        f"select distinct run, resource_id, unnest({tags}) from attempts "
        "where source = 'all' and run in ('local-1726394182053-db', "
        "'application_1707709865217_0493', 'local-1795224448434')",
    )
    assert {row for row in rows if row[2]} == {
        ("local-1726394182053-db", "1212-214324-test", "test-db-aws-cluster"),
        ("local-1726394182053-db", "1212-214324-test", "Databricks"),
        ("local-1726394182053-db", "1212-214324-test", "user1"),
        ("application_1707709865217_0493", "", "default"),
        ("application_1707709865217_0493", "", "user1"),
        ("local-1795224448434", "", "payments"),
        ("local-1795224448434", "", "root"),
    }


def test_clocks_that_make_no_sense_are_not_believed_and_told(shop: Company) -> None:
    found = asked(shop, "select message, place from findings where code = 'wrong_clock'")
    assert found == [
        (
            "executors come or go at times like 2023-12-12 21:48:36, when their application did "
            "not run: counted within its time, on 2 lines",
            f"{DATA}/spark/databricks-aws.json.gz:5",
        )
    ]
    start, stop = 1651187224195, 1651187579832  # as the application says
    assert asked(
        shop,
        f"select count(*) from attempts where run like '%-db' and (start < make_timestamp_ms({start}) "
        f"or stop > make_timestamp_ms({stop}))",
    ) == [("0",)]


def split(amount: Decimal, weights: Sequence[int]) -> list[Decimal]:
    """Split by hand in whole units of 10^-12: what is left goes to the largest remainders."""
    units, whole = int(amount * 10**12), sum(weights)
    parts = [units * weight // whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda at: (-(units * weights[at] % whole), at))
    for at in order[: units - sum(parts)]:
        parts[at] += 1
    return [Decimal(part) / 10**12 for part in parts]


def costs(shop: Company, source: str) -> dict[tuple[str, str], Decimal]:
    """Say what each stage of a pipeline cost, by class."""
    rows = asked(
        shop,
        "select replace(stage, '" + f"pipeline:{source}/" + "', ''), class, sum(effective) "
        f"from stage_costs where pipeline = '{source}' group by all",
    )
    return {(stage, kind): Decimal(cost) for stage, kind, cost in rows}


WORK = [
    FACTS["local-1795224448434"]["groups"][f"feature_view:{v}"]["executor_run_ms"] for v in VIEWS
]
WRITTEN = [
    columns * FACTS["local-1795224448434"]["groups"][f"feature_view:{v}"]["rows_written"]
    for v, columns in zip(VIEWS, (2, 3, 1), strict=True)
]


def test_one_run_is_split_by_the_time_of_its_tasks_or_by_the_values_it_wrote(shop: Company) -> None:
    held = int(FACTS["local-1795224448434"]["executor_core_seconds"] * 1000)
    failed = FACTS["local-1795224448434"]["groups"]["feature_view:fv_broken"]["executor_run_ms"]
    for source, weights, percent in (
        ("work", WORK, [70, 18, 12]),
        ("written", WRITTEN, [84, 12, 4]),
    ):
        found = costs(shop, source)
        for kind, milliseconds in (("work", held - failed), ("waste", failed)):
            by_hand = split(milliseconds * MILLISECOND, weights)
            assert [found[f"application/{view}", kind] for view in VIEWS] == by_hand
        shares = [
            100
            * sum(found[f"application/{view}", kind] for kind in ("work", "waste"))
            / (held * MILLISECOND)
            for view in VIEWS
        ]
        assert [round(share) for share in shares] == percent


def test_each_group_costs_the_time_of_its_tasks_and_idle_executors_are_seen(shop: Company) -> None:
    told = groups("local-1795224448434")
    wanted = {
        (name, "waste" if name.endswith("broken") else "work"): busy * 1000 * MILLISECOND
        for name, busy in told.items()
    }
    held = Decimal(str(FACTS["local-1795224448434"]["executor_core_seconds"]))
    wanted["executors", "work"] = (held - sum(told.values())) * 1000 * MILLISECOND
    assert costs(shop, "groups") == wanted
    shares = [
        100
        * wanted[f"feature_view:{view}", "work"]
        / sum(wanted[f"feature_view:{v}", "work"] for v in VIEWS)
        for view in VIEWS
    ]
    assert [round(share) for share in shares] == [70, 18, 12]
    # What is shared goes to the three views, and the rest of the hour is the cluster's idle.
    (idle,) = asked(
        shop,
        "select sum(effective) from ledger where level = 'feature' and target = '(idle)'",
    )
    assert Decimal(idle[0]) == 3 * (Decimal("7.2") - held * 1000 * MILLISECOND)
    assert sum(shop.cost().values()) == 3 * Decimal("7.2")


def test_loading_the_logs_again_changes_nothing(shop: Company) -> None:
    assert "nothing new" in shop.run("refresh").out
