"""`costlens init` on run logs that are no tables."""

import shutil
import tarfile
from pathlib import Path

from company import Company, costlens

from costlens.paths import bundled

DATA = Path(__file__).parents[1] / "data" / "runs" / "spark"


def test_event_logs_are_one_source_and_their_views_are_found(tmp_path: Path) -> None:
    shutil.copytree(DATA, tmp_path / "eventlogs")
    ran = costlens("init", str(tmp_path), "--format", "csv")
    assert ran.code == 0, ran.err
    assert [(row["path"], row["type"]) for row in ran.rows if row["type"]] == [
        ("eventlogs/", "spark")
    ]
    assert {row["note"] for row in ran.rows if not row["type"]} == {"empty"}
    found = (tmp_path / "catalog" / "found.yaml").read_text()
    assert '- {part: "feature_view:(?P<feature>.+)", feature: "{feature}"}' in found
    assert '- {part: "executors|shared", shared: true}' in found
    assert "- {name: fv_payment_risk, pipeline: shop-daily-features}" in found
    Company(folder=tmp_path).refresh()


def test_a_file_store_of_mlflow_is_one_source(tmp_path: Path) -> None:
    with tarfile.open(DATA.parent / "mlruns.tar.gz") as packed:
        packed.extractall(tmp_path / "meta", filter="data")
    ran = costlens("init", str(tmp_path), "--format", "csv")
    assert ran.code == 0, ran.err
    assert [(row["path"], row["type"], row["lines"]) for row in ran.rows] == [
        ("meta/mlruns/", "mlflow", "12")
    ]
    assert "- {name: churn}" in (tmp_path / "catalog" / "found.yaml").read_text()
    Company(folder=tmp_path).refresh()


def test_documents_of_each_tool_are_a_source_of_its_pack(tmp_path: Path) -> None:
    for name in ("openlineage", "dagster", "cluster_describe"):
        shutil.copytree(DATA.parent / name, tmp_path / name)
    (tmp_path / "openlineage" / "others" / "seed_metadata.template.json.gz").unlink()
    for name in ("tecton", "kubeflow"):
        shutil.copy(bundled("connectors") / name / "sample.json", tmp_path / f"{name}.json")
    ran = costlens("init", str(tmp_path), "--format", "csv")
    assert ran.code == 0, ran.err
    assert {row["path"]: row["type"] for row in ran.rows if row["type"]} == {
        "cluster_describe/emr_describe_cluster.json": "emr",
        "dagster/*.json": "dagster",
        "kubeflow.json": "kubeflow",
        "openlineage/airflow/events.ndjson.gz": "openlineage",
        "openlineage/dbt/": "openlineage",
        "openlineage/feast/": "openlineage",
        "openlineage/others/": "openlineage",
        "tecton.json": "tecton",
    }
    told = {row["path"]: row["note"] for row in ran.rows if not row["type"]}
    assert "with the others of its folder history/" in told["dagster/runs.db.gz"]
    assert told["dagster/index.db.gz"] == told["dagster/runs.db.gz"]
    assert {path for path in told if path.startswith("cluster_describe/")} == {
        "cluster_describe/databricks_clusters_get.json",
        "cluster_describe/dataproc_clusters_describe.yaml",
    }
