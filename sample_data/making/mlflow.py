"""Write the trainings as an MLflow 3 backend store (SQLite): the tables that tell of runs."""

import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from making.airflow import insert
from making.company import COLUMNS, FIRST, HOUR, OWNERS, USES, drawn, hex_id
from making.runs import Training

TABLES = {
    "alembic_version": "version_num VARCHAR(32) NOT NULL PRIMARY KEY",
    "experiments": """experiment_id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(256) NOT NULL,
        artifact_location VARCHAR(256), lifecycle_stage VARCHAR(32), creation_time BIGINT,
        last_update_time BIGINT, workspace VARCHAR(63) DEFAULT 'default' NOT NULL""",
    "experiment_tags": """"key" VARCHAR(250) NOT NULL, value VARCHAR(5000),
        experiment_id INTEGER NOT NULL, PRIMARY KEY ("key", experiment_id)""",
    "runs": """run_uuid VARCHAR(32) NOT NULL PRIMARY KEY, name VARCHAR(250),
        source_type VARCHAR(20), source_name VARCHAR(500), entry_point_name VARCHAR(50),
        user_id VARCHAR(256), status VARCHAR(9), start_time BIGINT, end_time BIGINT,
        source_version VARCHAR(50), lifecycle_stage VARCHAR(20), artifact_uri VARCHAR(200),
        experiment_id INTEGER, deleted_time BIGINT""",
    "tags": """"key" VARCHAR(250) NOT NULL, value VARCHAR(8000), run_uuid VARCHAR(32) NOT NULL,
        PRIMARY KEY ("key", run_uuid)""",
    "params": """"key" VARCHAR(250) NOT NULL, value VARCHAR(8000) NOT NULL,
        run_uuid VARCHAR(32) NOT NULL, PRIMARY KEY ("key", run_uuid)""",
    "metrics": """"key" VARCHAR(250) NOT NULL, value FLOAT NOT NULL, timestamp BIGINT NOT NULL,
        run_uuid VARCHAR(32) NOT NULL, step BIGINT DEFAULT '0' NOT NULL,
        is_nan BOOLEAN DEFAULT '0' NOT NULL""",
    "latest_metrics": """"key" VARCHAR(250) NOT NULL, value FLOAT NOT NULL, timestamp BIGINT,
        step BIGINT NOT NULL, is_nan BOOLEAN NOT NULL, run_uuid VARCHAR(32) NOT NULL,
        PRIMARY KEY ("key", run_uuid)""",
    "datasets": """dataset_uuid VARCHAR(36) NOT NULL, experiment_id INTEGER NOT NULL,
        name VARCHAR(500) NOT NULL, digest VARCHAR(36) NOT NULL,
        dataset_source_type VARCHAR(36) NOT NULL, dataset_source TEXT NOT NULL,
        dataset_schema TEXT, dataset_profile TEXT, PRIMARY KEY (experiment_id, name, digest)""",
    "inputs": """input_uuid VARCHAR(36) NOT NULL, source_type VARCHAR(36) NOT NULL,
        source_id VARCHAR(36) NOT NULL, destination_type VARCHAR(36) NOT NULL,
        destination_id VARCHAR(36) NOT NULL, step BIGINT DEFAULT '0' NOT NULL,
        PRIMARY KEY (source_type, source_id, destination_type, destination_id)""",
    "input_tags": """input_uuid VARCHAR(36) NOT NULL, name VARCHAR(255) NOT NULL,
        value VARCHAR(500) NOT NULL, PRIMARY KEY (input_uuid, name)""",
    "logged_models": """model_id VARCHAR(36) NOT NULL PRIMARY KEY,
        experiment_id INTEGER NOT NULL, name VARCHAR(500) NOT NULL,
        artifact_location VARCHAR(1000) NOT NULL, creation_timestamp_ms BIGINT NOT NULL,
        last_updated_timestamp_ms BIGINT NOT NULL, status INTEGER NOT NULL,
        lifecycle_stage VARCHAR(32), model_type VARCHAR(500), source_run_id VARCHAR(32),
        status_message VARCHAR(1000)""",
    "registered_models": """name VARCHAR(256) NOT NULL, creation_time BIGINT,
        last_updated_time BIGINT, description VARCHAR(5000),
        workspace VARCHAR(63) DEFAULT 'default' NOT NULL, PRIMARY KEY (workspace, name)""",
    "registered_model_tags": """"key" VARCHAR(250) NOT NULL, value VARCHAR(5000),
        name VARCHAR(256) NOT NULL, workspace VARCHAR(63) DEFAULT 'default' NOT NULL,
        PRIMARY KEY (workspace, "key", name)""",
    "registered_model_aliases": """alias VARCHAR(256) NOT NULL, version INTEGER NOT NULL,
        name VARCHAR(256) NOT NULL, workspace VARCHAR(63) DEFAULT 'default' NOT NULL,
        PRIMARY KEY (workspace, name, alias)""",
    "model_versions": """name VARCHAR(256) NOT NULL, version INTEGER NOT NULL,
        creation_time BIGINT, last_updated_time BIGINT, description VARCHAR(5000),
        user_id VARCHAR(256), current_stage VARCHAR(20), source VARCHAR(500),
        run_id VARCHAR(32), status VARCHAR(20), status_message VARCHAR(500),
        run_link VARCHAR(500), storage_location VARCHAR(500),
        workspace VARCHAR(63) DEFAULT 'default' NOT NULL, PRIMARY KEY (workspace, name, version)""",
    "model_version_tags": """"key" VARCHAR(250) NOT NULL, value TEXT,
        name VARCHAR(256) NOT NULL, version INTEGER NOT NULL,
        workspace VARCHAR(63) DEFAULT 'default' NOT NULL,
        PRIMARY KEY (workspace, "key", name, version)""",
}
METRICS = {"fraud": "auc", "churn": "auc", "next_best_offer": "uplift"}


def millis(at: datetime) -> int:
    """Write a time as MLflow does: milliseconds of UTC."""
    return int(at.replace(tzinfo=UTC).timestamp() * 1000)


def run_id(name: str) -> str:
    """Name a run, always the same for the same name."""
    return hex_id("mlflow run", name)


def tags_of(one: Training) -> dict[str, str]:
    """Say of a run whose it is, where it ran, and which features it was trained on."""
    tags = {
        "mlflow.runName": one.name,
        "mlflow.user": "svc-training",
        "mlflow.source.name": f"{one.model}/train.py",
        "mlflow.source.type": "LOCAL",
        "team": OWNERS[one.model],
    }
    if one.parent:
        tags["mlflow.parentRunId"] = run_id(one.parent)
    if one.job:
        tags |= {"sagemaker.training_job_arn": one.arn, "instance_type": one.instance}
    if one.inside:
        run = one.inside.run
        tags |= {
            "airflow.dag_id": run.dag,
            "airflow.run_id": run.run_id,
            "airflow.task_id": one.inside.task,
            "airflow.try_number": str(one.inside.number),
        }
    if not one.parent:
        views = USES[one.model]
        refs = [f"{view}:{column}" for view in views for column in COLUMNS[view]]
        tags |= {
            "feast.project": "acme",
            "feast.retrieval_type": "historical",
            "feast.feature_service": f"{one.model}_v1",
            "feast.feature_views": ",".join(views),
            "feast.feature_refs": ",".join(refs),
            "feast.feature_count": str(len(refs)),
        }
    return tags


def write_run(con: sqlite3.Connection, random: Random, one: Training, experiment: int) -> None:
    """Write one run with its tags, parameters and metrics."""
    uuid, done = run_id(one.name), millis(one.stop)
    insert(
        con,
        "runs",
        run_uuid=uuid,
        name=one.name,
        source_type="UNKNOWN",
        source_name="",
        entry_point_name="",
        user_id="svc-training",
        status=one.status,
        start_time=millis(one.start),
        end_time=done,
        source_version="",
        lifecycle_stage="active",
        artifact_uri=f"s3://acme-mlflow/{experiment}/{uuid}/artifacts",
        experiment_id=experiment,
    )
    for key, value in sorted(tags_of(one).items()):
        insert(con, "tags", key=key, value=value, run_uuid=uuid)
    insert(con, "params", key="max_depth", value=str(random.randrange(4, 12)), run_uuid=uuid)
    if one.status == "FINISHED":
        score = {
            "key": METRICS.get(one.model, "ndcg_at_10"),
            "value": random.randrange(700, 940) / 1000,
            "timestamp": done,
            "step": 0,
            "is_nan": 0,
            "run_uuid": uuid,
        }
        insert(con, "metrics", **score)
        insert(con, "latest_metrics", **score)


def columns_of(model: str) -> list[dict[str, object]]:
    """Describe the columns that a model takes, as signatures do."""
    return [
        {"type": "double", "name": column, "required": True}
        for view in USES[model]
        for column in COLUMNS[view]
    ]


def register(con: sqlite3.Connection, one: Training, version: int, experiment: int) -> None:
    """Register the model of a run as a version, with the columns that it takes."""
    uuid, done = run_id(one.name), millis(one.stop)
    model, inputs = f"m-{hex_id('model', one.name)}", json.dumps(columns_of(one.model))
    location = f"s3://acme-mlflow/{experiment}/models/{model}/artifacts"
    insert(
        con,
        "logged_models",
        model_id=model,
        experiment_id=experiment,
        name="model",
        artifact_location=location,
        creation_timestamp_ms=done,
        last_updated_timestamp_ms=done,
        status=2,
        lifecycle_stage="active",
        source_run_id=uuid,
    )
    history = [{"run_id": uuid, "artifact_path": "model", "signature": {"inputs": inputs}}]
    insert(con, "tags", key="mlflow.log-model.history", value=json.dumps(history), run_uuid=uuid)
    insert(
        con,
        "model_versions",
        name=one.model,
        version=version,
        creation_time=done,
        last_updated_time=done,
        current_stage="None",
        source=f"models:/{model}",
        run_id=uuid,
        status="READY",
        storage_location=location,
    )
    if version == 1:
        write_dataset(con, one, experiment)


def write_dataset(con: sqlite3.Connection, one: Training, experiment: int) -> None:
    """Write the dataset that the first version of a model was trained on."""
    columns = columns_of(one.model)
    dataset, link = hex_id("dataset", one.model), hex_id("input", one.model)
    insert(
        con,
        "datasets",
        dataset_uuid=dataset,
        experiment_id=experiment,
        name=f"{one.model}_train",
        digest=dataset[:8],
        dataset_source_type="s3",
        dataset_source=json.dumps({"uri": f"s3://acme-feature-store/training/{one.model}"}),
        dataset_schema=json.dumps({"mlflow_colspec": columns}),
    )
    insert(
        con,
        "inputs",
        input_uuid=link,
        source_type="DATASET",
        source_id=dataset,
        destination_type="RUN",
        destination_id=run_id(one.name),
    )
    insert(con, "input_tags", input_uuid=link, name="mlflow.data.context", value="training")


def write(path: Path, trainings: list[Training]) -> None:
    """Write the store of these trainings."""
    path.unlink(missing_ok=True)
    random, begun = drawn("mlflow"), millis(FIRST - 100 * HOUR)
    names = list(dict.fromkeys(USES))
    with sqlite3.connect(path) as con:
        for table, columns in TABLES.items():
            con.execute(f"create table {table} ({columns})")
        insert(con, "alembic_version", version_num="dc11669786a5")
        for number, name in enumerate(["Default", *names]):
            insert(
                con,
                "experiments",
                experiment_id=number,
                name=name,
                artifact_location=f"s3://acme-mlflow/{number}",
                lifecycle_stage="active",
                creation_time=begun,
                last_update_time=begun,
            )
        versions = dict.fromkeys(names, 0)
        for one in trainings:
            experiment = 1 + names.index(one.experiment)
            write_run(con, random, one, experiment)
            if one.registers:
                versions[one.model] += 1
                register(con, one, versions[one.model], experiment)
        for name, version in versions.items():
            times = {"creation_time": begun, "last_updated_time": begun}
            insert(con, "registered_models", name=name, description="", **times)
            tag = {"key": "team", "value": OWNERS[name], "name": name}
            insert(con, "registered_model_tags", **tag)
            insert(con, "registered_model_aliases", alias="champion", version=version, name=name)
    con.close()
