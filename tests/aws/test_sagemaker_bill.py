"""What SageMaker's jobs, endpoints and feature groups cost each model and feature, against the bill.

The sample's documents are held against botocore's shapes by `sagemaker_api`; here they are read twice,
as dumps in a folder and from an API over HTTP, and must come to the same.
"""

import json
import shutil
from decimal import Decimal
from pathlib import Path

import pytest
from aws_api import Api, answer_of, on_aws
from aws_report import line, write_csv
from company import Company
from sagemaker_api import serve

SAMPLE = Path(__file__).parents[2] / "connectors" / "sagemaker" / "sample"
ARN = "arn:aws:sagemaker:eu-west-1:111122223333:"
RUN = "pipelines-kytlemm1lvpq-"
COLUMNS = (
    "pipeline, run, part, slice, try, parent, state, start, stop, resource_id, size, size_unit, "
    "busy_s, tags"
)


def charge(what: str, cost: str, day: int) -> dict[str, object]:
    """Give a line of a day's use of a SageMaker resource."""
    return dict(
        line(
            "Usage",
            cost,
            product_code="AmazonSageMaker",
            resource_id=ARN + what,
            usage_start_date=f"2026-05-{day:02} 00:00:00",
            usage_end_date=f"2026-05-{day + 1:02} 00:00:00",
        )
    )


BILL = [
    charge(f"training-job/{RUN}Train-Good000002".lower(), "2.40", 4),  # bills write ids small
    charge(f"training-job/{RUN}Train-Fail000001", "0.50", 4),
    charge(f"processing-job/{RUN}Prepare-AbCdEf1234", "0.30", 4),
    charge(f"processing-job/{RUN}Score-Zz00000001", "0.01", 4),
    charge("training-job/fraud-260503-2300-001-aaaa1111", "0.6", 3),
    charge("training-job/fraud-260503-2300-002-bbbb2222", "0.2", 3),
    charge("training-job/fraud-260503-2300-003-cccc3333", "0.6", 3),
    charge("processing-job/orders-to-features-2026-05-04-02-00-00-123", "1.1", 4),
    charge("endpoint/scoring", "10", 9),  # one model behind it
    charge("endpoint/scoring", "10", 10),  # two machines for churn, one for fraud
    charge("feature-group/customer-orders", "0.9", 10),
    charge("feature-group/payment-risk", "0.7", 10),
    charge("transform-job/score-all-2026-05-05-01-00-00-000", "0.8", 5),
    charge("training-job/big-model-2026-05-31-22-00-00-000", "5", 30),
    charge("training-job/nobody-described-this", "7", 30),
]


def rows(company: Company, table: str) -> list[dict[str, str]]:
    columns = {
        "attempts": COLUMNS,
        "outputs": "pipeline, run, part, target, measure, quantity",
        "links": "from_node, to_node, kind, version, run, seen, seen_as",
    }[table]
    return company.ask("query", f"select {columns} from {table} order by all")


def waste(company: Company) -> dict[str, Decimal]:
    found = company.ask(
        "query",
        "select target, sum(effective) as cost from ledger "
        "where level = 'model' and class = 'waste' group by target",
    )
    return {row["target"]: Decimal(row["cost"]) for row in found}


@pytest.fixture(scope="module")
def dumped(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """A company with the bill, and dumps of SageMaker's answers in a folder; tests only ask it."""
    company = Company(folder=tmp_path_factory.mktemp("dumped"))
    write_csv(company.folder / "bill" / "may.csv", BILL)
    company.source(name="bill", type="aws_cur", path="bill/")
    shutil.copytree(SAMPLE, company.folder / "dumps")
    company.source(name="ml", type="sagemaker", path="dumps/")
    company.refresh()
    return company


def test_each_model_and_feature_bears_what_was_billed_for_it(dumped: Company) -> None:
    churn = Decimal("2.40") + Decimal("0.50") + Decimal("0.30") + Decimal("0.01")  # its pipeline
    churn += Decimal(10) + Decimal("6.666666666667")  # its endpoint: two of three machines
    churn += Decimal("1.1") + Decimal("0.9")  # the features it was trained on: made, and stored
    fraud = Decimal("0.6") + Decimal("0.2") + Decimal("0.6")  # its tuning
    fraud += Decimal("3.333333333333") + Decimal("0.8") + Decimal("0.7")
    assert dumped.cost("model") == {
        "churn": churn,
        "fraud": fraud,
        "(unmatched)": Decimal(7),
        "(unneeded)": Decimal(5),  # nothing says which model it trains
    }
    assert dumped.cost("feature")["customer-orders"] == Decimal("2.0")
    assert dumped.cost("feature")["payment-risk"] == Decimal("0.7")
    assert waste(dumped) == {"churn": Decimal("0.51"), "fraud": Decimal("0.8")}
    for told in dumped.ask("statement"):
        assert Decimal(told["source_total"]) == sum(
            Decimal(str(one["line_item_unblended_cost"])) for one in BILL
        )
        assert Decimal(told["difference"]) == 0


@pytest.mark.slow
def test_what_an_account_answers_comes_to_the_same_as_dumps_of_it(
    dumped: Company, api: Api, tmp_path: Path
) -> None:
    known = serve(api, SAMPLE)
    before = json.loads((SAMPLE / "endpoint-before.json").read_text())
    now = known["DescribeEndpoint"]["scoring"]
    known["DescribeEndpoint"]["scoring"] = answer_of("sagemaker", "DescribeEndpoint", before)
    live = Company(folder=tmp_path)
    write_csv(live.folder / "bill" / "may.csv", BILL)
    live.source(name="bill", type="aws_cur", path="bill/")
    on_aws(live, api, "sagemaker", region="eu-west-1")
    live.refresh()
    known["DescribeEndpoint"]["scoring"] = now
    live.refresh()
    for table in ("attempts", "outputs", "links"):
        assert rows(live, table) == rows(dumped, table), table
    assert live.cost("model") == dumped.cost("model")


def test_a_dump_that_is_taken_again_takes_the_place_of_the_first(company: Company) -> None:
    (company.folder / "dumps").mkdir()
    shutil.copy(SAMPLE / "training-jobs.jsonl", company.folder / "dumps")
    company.source(name="ml", type="sagemaker", path="dumps/")
    company.refresh()
    first = json.loads((SAMPLE / "training-jobs.jsonl").read_text().splitlines()[-1])
    assert first["TrainingJobStatus"] == "InProgress"
    done = {
        **first,
        "TrainingJobStatus": "Completed",
        "TrainingEndTime": 1780265400.25,  # as the first AWS CLI wrote times
        "LastModifiedTime": 1780265400.25,
        "BillableTimeInSeconds": 6000,
    }
    (company.folder / "dumps" / "again.json").write_text(json.dumps(done))
    company.refresh()
    (row,) = company.ask(
        "query", "select state, stop, busy_s from attempts where pipeline = 'big-model'"
    )
    assert row == {
        "state": "succeeded",
        "stop": "2026-05-31 22:10:00.250000",
        "busy_s": "6000",
    }


def test_steps_without_their_execution_are_left_out_and_told(company: Company) -> None:
    steps = json.loads((SAMPLE / "pipeline-steps.json").read_text())
    del steps["PipelineExecutionArn"]
    (company.folder / "steps.json").write_text(json.dumps(steps))
    shutil.copy(SAMPLE / "training-jobs.jsonl", company.folder / "training.jsonl")
    company.source(name="ml", type="sagemaker", path="*.json*")
    ran = company.run("check")
    assert ran.code == 0, ran.err
    company.refresh()
    (found,) = [one for one in company.ask("findings") if one["code"] == "no_execution"]
    assert found["message"].startswith(
        "these steps do not say which execution they are of (4 steps)"
    )
    assert "--query" in found["hint"]
    names = company.ask("query", "select distinct pipeline from attempts order by all")
    assert [row["pipeline"] for row in names] == [
        "Train",
        "big-model",
        "churn",
        "fraud",
    ]


def test_a_time_that_is_none_is_told_with_its_place(company: Company) -> None:
    job = json.loads((SAMPLE / "training-jobs.jsonl").read_text().splitlines()[0])
    job["TrainingStartTime"] = "yesterday"
    (company.folder / "job.json").write_text(json.dumps(job))
    company.source(name="ml", type="sagemaker", path="job.json")
    ran = company.run("refresh")
    assert ran.code == 1
    assert ran.err == (
        'costlens: job.json: "yesterday" in the column TrainingStartTime is not a time\n'
        "    write it in UTC, such as 2026-05-01T13:00:00Z, or as seconds or milliseconds since 1970\n"
    )
