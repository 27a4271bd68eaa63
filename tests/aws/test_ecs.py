"""ECS' tasks are paid by their ARN; what AWS forgot while it ran, ran to when it was last seen."""

import shutil
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from aws_api import Api, answer_of, on_aws, read_sample
from aws_report import line, write_csv
from company import Company

SAMPLE = Path(__file__).parents[2] / "connectors" / "ecs" / "sample"
TASK = "arn:aws:ecs:eu-west-1:111122223333:task/prod/"
CATALOGUE = """
pipelines:
  - {name: score, produces: [{part: score, model: churn}]}
  - {name: serving, produces: [{part: serving, model: churn}]}
models: [{name: churn}]
"""


def test_the_sample_is_what_ecs_answers() -> None:
    for one in read_sample(SAMPLE):
        answer_of("ecs", "DescribeTasks", {key: one[key] for key in one if key != "seenAt"})


def test_tasks_bear_their_own_lines(company: Company) -> None:
    costs = {"t1": "1", "t2": "0.2", "t3": "0.3", "t4": "0.4", "t5": "2", "t6": "3", "t8": "0.8"}
    lines = [
        line(
            "Usage",
            cost,
            product_code="AmazonECS",
            resource_id=TASK + task,
            usage_start_date="2026-05-04 00:00:00",
            usage_end_date="2026-05-05 00:00:00",
        )
        for task, cost in costs.items()
    ]
    write_csv(company.folder / "bill" / "may.csv", lines)
    shutil.copytree(SAMPLE, company.folder / "tasks")
    company.source(name="bill", type="aws_cur", path="bill/")
    company.source(name="ecs", type="ecs", path="tasks/")
    company.catalogue(CATALOGUE)
    company.refresh()
    found = company.ask(
        "query",
        "select class, sum(effective) as cost from ledger "
        "where level = 'model' and target = 'churn' group by all order by all",
    )
    assert [(row["class"], Decimal(row["cost"])) for row in found] == [
        ("waste", Decimal("0.9")),  # failed, taken by the market, stopped by somebody
        ("work", Decimal("6.8")),  # a service that is scaled or deployed has not failed
    ]


@pytest.mark.slow
def test_tasks_are_read_from_an_account_and_those_it_forgot_end(company: Company, api: Api) -> None:
    ecs, ec2 = api.client("ecs"), api.client("ec2")
    ecs.create_cluster(clusterName="prod")
    ecs.register_task_definition(
        family="score",
        containerDefinitions=[{"name": "c", "image": "score:4", "memory": 2048, "cpu": 1024}],
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="1024",
        memory="2048",
    )
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    network = {"awsvpcConfiguration": {"subnets": [subnet], "securityGroups": ["sg-1"]}}
    arn = ecs.run_task(
        cluster="prod",
        taskDefinition="score",
        launchType="FARGATE",
        networkConfiguration=network,
        tags=[{"key": "team", "value": "risk"}],
    )["tasks"][0]["taskArn"]
    on_aws(company, api, "ecs")
    company.refresh()  # moto's task never begins
    assert api.with_("DescribeTasks", "include") == [["TAGS"]]
    began = datetime.now(UTC) - timedelta(hours=1)
    task = next(
        one["tasks"][0] for one in read_sample(SAMPLE) if one.get("tasks") and "seenAt" in one
    )
    (cluster,) = ecs.list_clusters()["clusterArns"]
    running = answer_of(
        "ecs",
        "DescribeTasks",
        {
            "tasks": [
                {**task, "taskArn": arn, "clusterArn": cluster, "startedAt": began.timestamp()}
            ]
        },
    )
    api.says("ecs", "DescribeTasks", running)
    company.refresh()
    (row,) = company.ask("query", "select state, stop from attempts")
    assert row == {"state": "running", "stop": ""}
    api.says("ecs", "ListTasks", {"taskArns": []})
    gone = {"tasks": [], "failures": [{"arn": arn, "reason": "MISSING"}]}
    api.says("ecs", "DescribeTasks", gone)
    company.refresh()
    (row,) = company.ask("query", "select state, stop > start as ended from attempts")
    assert row == {"state": "succeeded", "ended": "True"}
    api.operations()
    company.refresh()
    assert api.operations() == ["ListClusters", "ListTasks", "ListTasks"]
