"""Dagster's own answers: its steps as they were counted apart, and who bears what they cost."""

import csv
import gzip
import json
from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from company import Company

from costlens.ingest import find_packs
from costlens.ingest.sample import write_rows
from costlens.paths import bundled

RUNS = Path(__file__).parents[1] / "data" / "runs"
FACTS = json.loads((RUNS / "facts.json").read_text())["dagster"]
PACKS = bundled("connectors")


def read(table: str, tmp_path: Path) -> list[dict[str, str]]:
    """Read what the pack makes of the answers."""
    (pack,) = [pack for pack in find_packs(None) if pack.name == "dagster"]
    answers = tmp_path / "answers"
    answers.mkdir(exist_ok=True)
    for name in ("graphql_runs.json", "graphql_asset_nodes.json"):
        (answers / name).write_bytes((RUNS / "dagster" / name).read_bytes())
    write_rows(pack, answers, tmp_path / "made.csv", table=table)
    with (tmp_path / "made.csv").open(encoding="utf-8") as made:
        return list(csv.DictReader(made))


def test_steps_take_what_dagster_says_they_took(tmp_path: Path) -> None:
    took: dict[str, dict[str, float]] = defaultdict(dict)
    failed = set()
    for row in read("attempts", tmp_path):
        start, stop = (datetime.fromisoformat(row[key]) for key in ("start", "stop"))
        took[row["run"][:8]][row["part"]] = round((stop - start).total_seconds(), 3)
        failed |= {(row["run"][:8], row["part"])} if row["state"] == "failed" else set()
    assert took == {run: told["steps"] for run, told in FACTS.items()}
    assert failed == {
        (run, "shop__churn_model") for run, told in FACTS.items() if told["status"] == "FAILURE"
    }


def test_a_step_of_two_assets_is_split_by_their_rows_and_a_failed_one_serves_its_asset(
    tmp_path: Path,
) -> None:
    shop = Company(folder=tmp_path)
    shop.bill(
        {
            "ResourceId": "cluster-1",
            "ChargePeriodStart": "2026-11-21T01:00:00Z",
            "ChargePeriodEnd": "2026-11-21T02:00:00Z",
            "BillingPeriodStart": "2026-11-01T00:00:00Z",
            "BillingPeriodEnd": "2026-12-01T00:00:00Z",
            "cost": "3.6",
        }
    )
    shop.catalogue(
        "resources: [{name: cluster, billed_by: [{resource_id: cluster-1}], capacity: {slots: 1}, "
        "runs: [{pipeline: shop}]}]\n"
        "pipelines: [{name: shop, runs: {match: {'k8s/cluster': ml-prod}}}]\n"
        "features: [{name: fv_a}, {name: fv_b}, {name: fv_payment_risk}, {name: churn_model}]\n"
    )
    # Before it comes what nothing is made of; the databases beside the answers are none of them.
    shop._source(name="dagster", type="dagster", path=str(RUNS / "dagster" / "*.json"))
    shop.refresh()
    micros = {
        part: int(us)
        for part, us in (
            row.values()
            for row in shop.ask(
                "query",
                "select part, sum(epoch_us(stop) - epoch_us(start)) from attempts group by part",
            )
        )
    }
    microsecond = Decimal("0.000000001")
    cost = shop.cost()
    assert cost["fv_a"] == micros["two_views"] * microsecond * 3 / 4
    assert cost["fv_b"] == micros["two_views"] * microsecond / 4
    # Of the model is what it is made of, the failed try too.
    made_of = ("shop__churn_model", "shop__fv_customer_orders")
    half = micros["shop__raw_orders"] * microsecond / 2
    assert cost["churn_model"] == sum(micros[part] for part in made_of) * microsecond + half
    assert cost["fv_payment_risk"] == micros["shop__fv_payment_risk"] * microsecond + half


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("runs", "runs.db: the table event_logs is missing"),
        ("index", "index.db, table event_logs row 8: 3 runs have no steps here, such as e8105409-"),
    ],
)
def test_a_database_without_steps_is_refused_with_where_they_are(
    tmp_path: Path, name: str, told: str
) -> None:
    shop = Company(folder=tmp_path)
    packed = (RUNS / "dagster" / f"{name}.db.gz").read_bytes()
    (tmp_path / f"{name}.db").write_bytes(gzip.decompress(packed))
    shop._source(name="dagster", type="dagster", path=f"{name}.db")
    ran = shop.run("refresh")
    assert ran.code == 1
    assert told in ran.err
    assert "name the folder history/" in ran.err


def test_the_samples_of_packs_of_answers_and_events_add_up(tmp_path: Path) -> None:
    shop = Company(folder=tmp_path)
    for name in ("dagster", "kubeflow", "openlineage", "tecton"):
        (sample,) = [*(PACKS / name).glob("sample.*"), *(PACKS / name).glob("sample/")]
        shop._source(name=name, type=name, path=str(sample))
    shop.refresh()
    counted = shop.ask("query", "select source, count(*) from attempts group by all order by all")
    assert [tuple(row.values()) for row in counted] == [
        ("dagster", "19"),
        ("kubeflow", "5"),
        ("openlineage", "12"),
        ("tecton", "4"),
    ]
