"""Batch's attempts each count, children of arrays too; moto's server has every call that is made."""

import shutil
from decimal import Decimal
from pathlib import Path

import pytest
from aws_api import MODELS, Api, fits, on_aws, read_sample
from aws_report import line, write_csv
from company import Company

SAMPLE = Path(__file__).parents[2] / "connectors" / "batch" / "sample"
TASK = "arn:aws:ecs:eu-west-1:111122223333:task/batch-cluster/"
CATALOGUE = """
resources:
  - name: spot_fleet
    billed_by: [{tags: {pool: batch}}]
    machine: {vcpu: 2, memory_gb: 4}
    runs: [{pipeline: features}]
pipelines:
  - {name: train, produces: [{part: "train-(?P<model>.+)", model: "{model}"}]}
  - {name: features, produces: [{part: backfill, feature: orders_30d}]}
features: [{name: orders_30d}]
models: [{name: churn, uses: [{feature: orders_30d}]}, {name: fraud}, {name: slow}, {name: never}]
"""


def charge(cost: str, start: str, stop: str, **more: object) -> dict[str, object]:
    times = {"usage_start_date": f"2026-05-{start}", "usage_end_date": f"2026-05-{stop}"}
    return dict(line("Usage", cost, **times, **more))


def test_the_sample_is_what_batch_answers() -> None:
    shape = MODELS["batch"].operation_model("DescribeJobs").output_shape
    for one in read_sample(
        SAMPLE
    ):  # a job that never began has no time of it, whatever botocore says
        fits({"jobs": [{"startedAt": 0, **job} for job in one["jobs"]]}, shape)


def test_attempts_bear_the_lines_of_their_tasks_and_of_the_machines_they_shared(
    company: Company,
) -> None:
    fargate = {"product_code": "AmazonECS"}
    lines = [
        charge("0.9", "04 01:00:00", "04 02:00:00", resource_id=f"{TASK}t1", **fargate),
        charge("3.3", "04 02:00:00", "04 03:00:00", resource_id=f"{TASK}t2", **fargate),
        charge("0.8", "04 04:00:00", "04 05:00:00", resource_id=f"{TASK}t3", **fargate),
        # An hour of 22 units (9 a vCPU, 1 a GB), of which 11 units worked for 600 s, 300 s and 600 s.
        charge(
            "7.92",
            "05 00:00:00",
            "05 01:00:00",
            resource_id="i-1",
            usage_amount="1",
            pricing_unit="Hrs",
            resource_tags={"user_pool": "batch"},
        ),
    ]
    write_csv(company.folder / "bill" / "may.csv", lines)
    shutil.copytree(SAMPLE, company.folder / "jobs")
    company.source(name="bill", type="aws_cur", path="bill/")
    company.source(name="batch", type="batch", path="jobs/")
    company.catalogue(CATALOGUE)
    ran = company.refresh()
    assert (
        "the array job 55555555-eeee has 3 children, of which 2 are described\n"
        "    describe 55555555-eeee:0 to 55555555-eeee:2 as well: they are what ran\n"
    ) in ran.err
    assert company.cost("model") == {
        "churn": Decimal("4.2") + Decimal("1.65"),
        "fraud": Decimal("0.8"),
        "(idle)": Decimal("6.27"),
    }
    found = company.ask(
        "query",
        "select target, sum(effective) as cost from ledger "
        "where level = 'model' and class = 'waste' group by target order by target",
    )
    assert {row["target"]: Decimal(row["cost"]) for row in found} == {
        "churn": Decimal("0.6")
        + Decimal("0.99"),  # a run's tasks are one: 600 of its 4200 s failed
        "fraud": Decimal("0.8"),
    }
    assert {Decimal(row["difference"]) for row in company.ask("statement")} == {Decimal(0)}


@pytest.mark.slow
def test_jobs_and_children_of_arrays_are_read_from_an_account(company: Company, api: Api) -> None:
    role = api.client("iam").create_role(RoleName="b", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    batch = api.client("batch")
    made = batch.create_compute_environment(
        computeEnvironmentName="env1", type="UNMANAGED", state="ENABLED", serviceRole=role
    )
    order = [{"order": 1, "computeEnvironment": made["computeEnvironmentArn"]}]
    queue = batch.create_job_queue(
        jobQueueName="queue", state="ENABLED", priority=1, computeEnvironmentOrder=order
    )["jobQueueArn"]
    definition = batch.register_job_definition(
        jobDefinitionName="train",
        type="container",
        containerProperties={
            "image": "train:3",
            "vcpus": 2,
            "memory": 4096,
            "environment": [{"name": "TOKEN", "value": "hunter2"}],
        },
    )["jobDefinitionArn"]
    one = {"jobQueue": queue, "jobDefinition": definition}
    single = batch.submit_job(jobName="single", tags={"team": "risk"}, **one)["jobId"]
    array = batch.submit_job(jobName="array", arrayProperties={"size": 3}, **one)["jobId"]
    on_aws(company, api, "batch")
    company.refresh()
    found = company.ask(
        "query", "select run, slice, part, pipeline, size, tags from attempts order by slice, part"
    )
    assert [(row["run"], row["part"], row["slice"]) for row in found] == [
        (array, "array", "0"),
        (array, "array", "1"),
        (array, "array", "2"),
        (single, "single", ""),
    ]
    assert {(row["pipeline"], row["size"]) for row in found} == {("train", "22")}
    assert '"team":"risk"' in found[-1]["tags"]
    kept = "".join(path.read_text() for path in (company.folder / "lake/.aws").rglob("*.jsonl"))
    assert "hunter2" not in kept
    assert api.with_("DescribeJobs", "jobs")[1] == [f"{array}:{place}" for place in range(3)]
