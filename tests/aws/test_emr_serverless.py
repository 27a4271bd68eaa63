"""EMR Serverless' runs share their application's lines by what AWS billed them."""

import shutil
from decimal import Decimal
from pathlib import Path

from aws_api import Api, answer_of, on_aws, read_sample, summary
from aws_report import line, write_csv
from company import Company

SAMPLE = Path(__file__).parents[2] / "connectors" / "emr_serverless" / "sample"
APPLICATION = "arn:aws:emr-serverless:eu-west-1:111122223333:/applications/00f1abcd"
DRIVER = {"sparkSubmit": {"entryPoint": "s3://acme/features.py"}}
CATALOGUE = """
pipelines:
  - {name: fv_orders, produces: [{part: run, feature: fv_orders}]}
  - {name: fv_risk, produces: [{part: run, feature: fv_risk}]}
features: [{name: fv_orders}, {name: fv_risk}]
"""


def test_the_sample_is_what_emr_serverless_answers() -> None:
    for one in read_sample(SAMPLE):
        if "jobRun" in one:  # without what may hold secrets
            answer_of(
                "emr-serverless", "GetJobRun", {"jobRun": {"jobDriver": DRIVER, **one["jobRun"]}}
            )
        else:
            answer_of("emr-serverless", "ListApplications", one)


def test_runs_share_their_application_by_what_was_billed(company: Company) -> None:
    # 9 a vCPU-hour and 1 a GB-hour: 32.5 of fv_orders, 6.5 and 19.5 of the two tries of fv_risk.
    lines = [
        line(
            "Usage",
            "5.85",
            product_code="ElasticMapReduce",
            resource_id=APPLICATION,
            usage_start_date="2026-05-04 00:00:00",
            usage_end_date="2026-05-05 00:00:00",
        )
    ]
    write_csv(company.folder / "bill" / "may.csv", lines)
    shutil.copytree(SAMPLE, company.folder / "runs")
    company.source(name="bill", type="aws_cur", path="bill/")
    company.source(name="emr", type="emr_serverless", path="runs/")
    company.catalogue(CATALOGUE)
    company.refresh()
    found = company.ask(
        "query",
        "select target, class, sum(effective) as cost from ledger "
        "where level = 'feature' group by all order by all",
    )
    assert [(row["target"], row["class"], Decimal(row["cost"])) for row in found] == [
        ("fv_orders", "work", Decimal("3.25")),
        ("fv_risk", "waste", Decimal("0.65")),
        ("fv_risk", "work", Decimal("1.95")),
    ]


def test_every_attempt_of_a_run_is_read_from_an_account(company: Company, api: Api) -> None:
    serverless = api.client("emr-serverless")
    made = serverless.create_application(name="features", releaseLabel="emr-7.1.0", type="SPARK")
    application = made["applicationId"]
    run = serverless.start_job_run(
        applicationId=application,
        executionRoleArn="arn:aws:iam::123456789012:role/FakeRole",
        jobDriver={"sparkSubmit": {"entryPoint": "s3://x", "sparkSubmitParameters": "hunter2"}},
        name="fv_orders",
    )["jobRunId"]
    on_aws(company, api, "emr_serverless")
    company.refresh()  # moto's run never begins
    assert api.operations() == ["ListApplications", "ListJobRuns", "GetJobRun"]
    kept = "".join(path.read_text() for path in (company.folder / "lake/.aws").rglob("*.jsonl"))
    assert run in kept
    assert "hunter2" not in kept
    sample = [one["jobRun"] for one in read_sample(SAMPLE) if "jobRun" in one]
    tries = {one["attempt"]: one for one in sample if one["jobRunId"] == "00a2"}

    def told(asked: dict[str, object]) -> dict[str, object]:
        attempt = int(str(asked.get("attempt", 2)))
        run = {"jobDriver": DRIVER, **tries[attempt], "jobRunId": asked["jobRunId"]}
        return answer_of("emr-serverless", "GetJobRun", {"jobRun": run})

    last = answer_of("emr-serverless", "GetJobRun", {"jobRun": {"jobDriver": DRIVER, **tries[2]}})
    listed = summary("emr-serverless", "ListJobRuns", "jobRuns", last["jobRun"])
    api.says("emr-serverless", "ListJobRuns", {"jobRuns": [{**listed, "id": "00a2"}]})
    api.says("emr-serverless", "GetJobRun", told)
    company.refresh()
    assert api.operations().count("GetJobRun") == 2
    rows = company.ask("query", "select run, try, state, busy_s from attempts order by try")
    assert rows == [
        {"run": "00a2", "try": "1", "state": "failed", "busy_s": "23400"},
        {"run": "00a2", "try": "2", "state": "succeeded", "busy_s": "70200"},
    ]
