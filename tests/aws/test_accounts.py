"""An account of AWS as a source: what is asked, what is kept, what is not allowed, what breaks."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aws_api import Api, on_aws
from company import Company
from sagemaker_api import serve

SAMPLE = Path(__file__).parents[2] / "connectors" / "sagemaker" / "sample"
KEY, SECRET = "AKIANEVERINANYOUTPUT", "wJalrXUtnFEMI/never/in/any/output"
BIG = "big-model-2026-05-31-22-00-00-000"


@pytest.fixture
def served(company: Company, api: Api) -> Company:
    """A company whose one source is an account that answers as the sample says."""
    serve(api, SAMPLE)
    on_aws(company, api, "sagemaker")
    return company


def kept(company: Company) -> dict[str, str]:
    folder = company.folder / "lake" / ".aws"
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".writing"
    }


def states(company: Company) -> dict[str, str]:
    found = company.ask("query", "select run, state from attempts where part <> 'store'")
    return {row["run"]: row["state"] for row in found}


def described(api: Api) -> list[str]:
    return [name for name in api.operations() if not name.startswith("List")]


def test_only_what_changed_is_asked_for_again(company: Company, api: Api) -> None:
    known = serve(api, SAMPLE)
    on_aws(company, api, "sagemaker")
    company.refresh()
    assert described(api).count("DescribeTrainingJob") == 6
    assert states(company)[BIG] == "running"
    ran = company.refresh()
    assert "nothing new" in ran.out
    assert described(api) == []
    job = known["DescribeTrainingJob"][BIG]
    job |= {"TrainingJobStatus": "Completed", "TrainingEndTime": datetime(2026, 6, 1, tzinfo=UTC)}
    job["LastModifiedTime"] = datetime.now(UTC)
    company.refresh()
    assert described(api) == ["DescribeTrainingJob"]
    assert states(company)[BIG] == "succeeded"
    files = kept(company)
    assert "ml/123456789012/us-east-1/sagemaker/training_jobs/2026-05.jsonl" in files
    assert not [name for name in files if name.endswith(".part")]


def test_what_may_not_be_asked_is_named_and_the_rest_is_read(served: Company, api: Api) -> None:
    api.errors = {
        "ListFeatureGroups": "AccessDeniedException",
        "DescribeModel": "AccessDeniedException",
    }
    told = (
        "warning: costlens.yaml:4: access denied to sagemaker:DescribeModel in us-east-1\n"
        "    allow sagemaker:DescribeModel to whoever runs costlens; until then what it tells is as "
        "it was last read, or missing\n"
        "warning: costlens.yaml:4: access denied to sagemaker:ListFeatureGroups in us-east-1\n"
    )
    checked = served.run("check")
    assert checked.code == 0
    assert told.splitlines()[0] in checked.err
    ran = served.refresh()
    assert told in ran.err
    assert "secret words" not in ran.err
    assert states(served)[BIG] == "running"
    codes = [row["code"] for row in served.ask("findings")]
    assert codes.count("access_denied") == 2
    api.errors = {}
    served.refresh()
    found = served.ask("query", "select target from outputs where part in ('store', 'fraud')")
    assert sorted(row["target"] for row in found) == [
        "feature:customer-orders",
        "feature:payment-risk",
        "model:fraud",
    ]


@pytest.mark.slow
def test_tags_that_may_not_be_read_are_read_once_they_may(served: Company, api: Api) -> None:
    api.errors = {"ListTags": "AccessDeniedException"}
    ran = served.refresh()
    assert "access denied to sagemaker:ListTags" in ran.err
    tagged = "select tags from attempts where json_extract_string(tags, '$.team') = 'retention'"
    assert served.ask("query", tagged) == []
    api.errors = {}
    served.refresh()
    assert len(served.ask("query", tagged)) == 3  # the job, and two variants of the endpoint


@pytest.mark.slow
def test_an_account_that_nothing_may_be_asked_of_stops_the_refresh(
    served: Company, api: Api
) -> None:
    served.refresh()
    before = states(served)
    for operation in ("ListTrainingJobs", "ListProcessingJobs", "ListTransformJobs"):
        api.errors[operation] = "AccessDeniedException"
    for operation in ("ListHyperParameterTuningJobs", "ListPipelines", "ListModelPackageGroups"):
        api.errors[operation] = "AccessDeniedException"
    for operation in ("ListEndpoints", "ListFeatureGroups"):
        api.errors[operation] = "AccessDeniedException"
    ran = served.run("refresh")
    assert ran.code == 1
    assert ran.err.count("access denied to sagemaker:List") == 8
    assert states(served) == before


@pytest.mark.slow
def test_a_request_that_is_throttled_is_repeated(served: Company, api: Api) -> None:
    api.slow = {"DescribeTrainingJob": 2}
    served.refresh()
    assert api.slow == {"DescribeTrainingJob": 0}
    assert len(states(served)) > 10


def test_what_was_read_before_it_broke_off_is_not_asked_for_again(
    served: Company, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    api.slow = {"DescribeProcessingJob": 1}
    ran = served.run("refresh")
    assert ran.code == 1
    assert ran.err == (
        "costlens: costlens.yaml:4: AWS asks to slow down\n"
        "    run the command again later: what was read is kept\n"
    )
    assert described(api).count("DescribeTrainingJob") == 6
    served.refresh()
    again = described(api)
    assert again.count("DescribeTrainingJob") == 0
    assert again.count("DescribeProcessingJob") == 3


def test_what_may_hold_secrets_is_not_kept(company: Company, api: Api) -> None:
    api.says("sagemaker", "ListFeatureGroups", {"FeatureGroupSummaries": []})
    api.client("sagemaker").create_training_job(
        TrainingJobName="churn",
        AlgorithmSpecification={"TrainingImage": "image", "TrainingInputMode": "File"},
        HyperParameters={"db_password": "hunter2"},
        Environment={"TOKEN": "hunter2"},
        RoleArn="arn:aws:iam::123456789012:role/FakeRole",
        OutputDataConfig={"S3OutputPath": "s3://acme/out"},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 1},
        StoppingCondition={"MaxRuntimeInSeconds": 10},
        Tags=[{"Key": "Environment", "Value": "prod"}],
    )
    on_aws(company, api, "sagemaker")
    company.refresh()
    whole = json.dumps(kept(company))
    assert "hunter2" not in whole
    assert SECRET not in whole
    (row,) = company.ask("query", "select run, size, tags from attempts")
    assert (row["run"], row["size"]) == ("churn", "2")
    assert json.loads(row["tags"])["Environment"] == "prod"


def test_every_region_is_read(company: Company, api: Api) -> None:
    serve(api, SAMPLE)
    on_aws(company, api, "sagemaker", region=["eu-west-1", "us-east-1"])
    company.refresh()
    folders = {name.split("/")[2] for name in kept(company)}
    assert folders == {"eu-west-1", "us-east-1"}


@pytest.mark.slow
def test_an_account_in_which_nothing_ran_is_no_error(company: Company, api: Api) -> None:
    api.says("sagemaker", "ListFeatureGroups", {"FeatureGroupSummaries": []})
    company.bill({"cost": "1"})
    on_aws(company, api, "sagemaker", since="")
    assert company.run("check").code == 0
    assert "aws" not in company.refresh().err
    assert company.cost() == {"(unmatched)": 1}


@pytest.mark.slow
def test_answers_that_somebody_broke_are_told(served: Company) -> None:
    served.refresh()
    folder = served.folder / "lake" / ".aws" / "ml" / "123456789012" / "us-east-1" / "sagemaker"
    path = folder / "endpoints" / "2026-04.jsonl"
    path.write_text(path.read_text()[:-20])
    ran = served.run("refresh")
    assert ran.code == 1
    assert "2026-04.jsonl:1: is no longer as it was kept" in ran.err
    shutil.rmtree(folder)
    served.refresh()


def test_no_credentials(served: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    for word in ("check", "refresh"):
        ran = served.run(word)
        assert ran.code == 1
        assert ran.err.startswith(
            "costlens: costlens.yaml:4: no AWS credentials to read the account with\n"
            "    give them as every tool of AWS takes them"
        )


def test_a_key_that_nobody_knows_and_a_role_that_trusts_nobody(served: Company, api: Api) -> None:
    api.errors = {"ListTrainingJobs": "UnrecognizedClientException"}
    ran = served.run("refresh")
    assert ran.code == 1
    assert "AWS does not know the access key, or the region is not enabled" in ran.err
    assert KEY not in ran.err


def test_nothing_answers(served: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    settings = served.folder / "costlens.yaml"
    url = served.sources[0]["aws"]["endpoint"]  # type: ignore[index]
    settings.write_text(settings.read_text().replace(str(url), "http://127.0.0.1:9"))
    ran = served.run("refresh")
    assert ran.code == 1
    assert ran.err.startswith(
        "costlens: costlens.yaml:4: cannot reach http://127.0.0.1:9 to read the account\n"
    )


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ({"type": "sagemaker"}, "write one of: path, aws"),
        ({"type": "sagemaker", "path": "x", "aws": {}}, '"path" and "aws" exclude each other'),
        ({"type": "sagemaker", "aws": {"region": "europe"}}, '"europe" is no region of AWS'),
        (
            {"type": "sagemaker", "aws": {"region": ["eu-west-1", "eu-west-1"]}},
            'the region "eu-west-1" stands twice',
        ),
        (
            {"type": "sagemaker", "aws": {"endpoint": f"https://{KEY}:{SECRET}@aws"}},
            '"endpoint" is no URL of a host',
        ),
        ({"type": "sagemaker", "aws": {"secret_key": SECRET}}, 'unknown key "secret_key"'),
        (
            {"type": "aws_cur", "aws": {"region": "eu-west-1"}},
            '"aws" is for jobs, and the pack aws_cur reads none of AWS',
        ),
        ({"type": "sagemaker", "aws": {}, "s3": {"region": "eu-west-1"}}, 'take "s3" out'),
    ],
)
def test_settings_that_cannot_be(company: Company, source: dict[str, object], told: str) -> None:
    company.source(name="ml", **source)
    ran = company.run("refresh")
    assert ran.code == 1
    assert told in ran.err
    assert SECRET not in ran.err
    assert KEY not in ran.err
