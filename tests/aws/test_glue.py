"""Glue's runs share the lines of their job by DPU-seconds; moto's server has every call that is made."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from aws_api import Api, answer_of, on_aws, read_sample
from aws_report import line, write_csv
from company import Company

SAMPLE = Path(__file__).parents[2] / "connectors" / "glue" / "sample"
ARN = "arn:aws:glue:eu-west-1:111122223333:job/"
CATALOGUE = """
pipelines:
  - {name: orders, produces: [{part: run, feature: orders_30d}]}
  - {name: flex, produces: [{part: run, feature: flexible}]}
  - {name: nightly, produces: [{part: clean, feature: orders_30d}]}
features: [{name: orders_30d}, {name: flexible}]
models: [{name: churn, uses: [{feature: orders_30d}]}]
"""


def charge(job: str, cost: str, start: str, stop: str) -> dict[str, object]:
    return dict(
        line(
            "Usage",
            cost,
            product_code="AWSGlue",
            usage_type="EU-ETL-DPU-Hour",
            resource_id=ARN + job,
            usage_start_date=f"2026-05-{start}",
            usage_end_date=f"2026-05-{stop}",
        )
    )


def test_the_sample_is_what_glue_answers() -> None:
    operations = {"JobRuns": "GetJobRuns", "JobRun": "GetJobRun", "Tags": "GetTags"}
    for one in read_sample(SAMPLE):
        (key,) = operations.keys() & one.keys()
        answer_of("glue", operations[key], {key: one[key]})


def test_runs_share_the_lines_of_their_job_by_dpu_seconds(company: Company) -> None:
    lines = [
        charge("orders", "3.30", "04 00:00:00", "05 00:00:00"),  # 10 x 600 s failed, 10 x 1200 s
        charge("orders", "2", "05 01:00:00", "05 02:00:00"),
        charge("orders", "0.5", "06 00:00:00", "07 00:00:00"),  # nothing ran
        charge("flex", "11.7005", "04 02:00:00", "04 03:00:00"),  # 10000.5 and 1700 DPU-seconds
        charge("clean", "8", "04 05:00:00", "04 06:00:00"),  # 2 x 600 s and 6 x 600 s
        charge("shell", "0.01", "04 04:00:00", "04 05:00:00"),  # known by its name alone
    ]
    write_csv(company.folder / "bill" / "may.csv", lines)
    shutil.copytree(SAMPLE, company.folder / "runs")
    company.source(name="bill", type="aws_cur", path="bill/")
    company.source(name="glue", type="glue", path="runs/")
    company.catalogue(CATALOGUE)
    company.refresh()
    orders = Decimal("3.30") + Decimal(2) + Decimal(8)
    assert company.cost("model") == {
        "churn": orders,
        "(no model)": Decimal("11.7005"),
        "(idle)": Decimal("0.5"),
        "(unneeded)": Decimal("0.01"),
    }
    assert company.cost("feature")["orders_30d"] == orders
    found = company.ask(
        "query",
        "select target, class, sum(effective) as cost from ledger "
        "where level = 'feature' and target not like '(%' group by all order by all",
    )
    assert [(row["target"], row["class"], Decimal(row["cost"])) for row in found] == [
        ("flexible", "waste", Decimal("1.7")),
        ("flexible", "work", Decimal("10.0005")),
        ("orders_30d", "waste", Decimal("1.1")),
        ("orders_30d", "work", Decimal("12.2")),
    ]
    assert {Decimal(row["difference"]) for row in company.ask("statement")} == {Decimal(0)}


@pytest.mark.slow
def test_runs_are_read_from_an_account(company: Company, api: Api) -> None:
    glue = api.client("glue")
    command = {"Name": "glueetl", "ScriptLocation": "s3://acme/etl.py"}
    glue.create_job(Name="etl", Role="r", Command=command, Tags={"team": "data"})
    glue.create_job(Name="never", Role="r", Command=command)
    wanted = {"--WORKFLOW_NAME": "w", "--WORKFLOW_RUN_ID": "wr_9", "--password": "hunter2"}
    first = glue.start_job_run(JobName="etl", Arguments=wanted)["JobRunId"]
    on_aws(company, api, "glue")
    company.refresh()
    (row,) = company.ask("query", "select * from attempts")
    assert (row["pipeline"], row["run"], row["part"]) == ("w", "wr_9", "etl")
    assert row["resource_id"] == "arn:aws:glue:us-east-1:123456789012:job/etl"
    assert json.loads(row["tags"])["team"] == "data"
    second = glue.start_job_run(JobName="etl")["JobRunId"]
    company.refresh()
    found = company.ask("query", "select json_extract_string(tags, '$.run_id') as id from attempts")
    assert {one["id"] for one in found} == {first, second}
    kept = "".join(path.read_text() for path in (company.folder / "lake/.aws").rglob("*.jsonl"))
    assert "hunter2" not in kept


def test_reading_stops_at_runs_that_are_known_and_asks_for_those_that_ran(
    company: Company, api: Api
) -> None:
    now = datetime.now(UTC)
    api.says("glue", "ListJobs", {"JobNames": ["etl"]})
    api.says("glue", "GetTags", {"Tags": {}})
    runs = [
        {
            "Id": f"jr_{age:03}",
            "JobName": "etl",
            "JobRunState": "RUNNING" if age == 30 else "SUCCEEDED",
            "StartedOn": now - timedelta(hours=age),
            "ExecutionTime": 60,
            "MaxCapacity": 2.0,
        }
        for age in range(50)
    ]

    def page(asked: dict[str, object]) -> dict[str, object]:
        at = int(str(asked.get("NextToken", 0)))
        more = {"NextToken": str(at + 10)} if at + 10 < len(runs) else {}
        return {"JobRuns": runs[at : at + 10], **more}

    api.says("glue", "GetJobRuns", page)
    on_aws(company, api, "glue", since="")
    company.refresh()
    assert api.operations().count("GetJobRuns") == 5
    done = {**runs[30], "JobRunState": "SUCCEEDED", "CompletedOn": now}
    api.says("glue", "GetJobRun", {"JobRun": done})
    company.refresh()
    asked = api.operations()
    assert asked.count("GetJobRuns") == 1
    assert asked.count("GetJobRun") == 1
    (row,) = company.ask("query", "select count(*) as n from attempts where state = 'running'")
    assert row["n"] == "49"  # those that say no end
