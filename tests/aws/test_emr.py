"""EMR's steps share their cluster by time, and what it did between them is idle."""

import json
import shutil
from decimal import Decimal
from pathlib import Path

from aws_api import Api, answer_of, on_aws, read_sample
from aws_report import line, write_csv
from company import Company

SAMPLE = Path(__file__).parents[2] / "connectors" / "emr" / "sample"
CLUSTER = "arn:aws:elasticmapreduce:eu-west-1:111122223333:cluster/"
FLOW = "aws:elasticmapreduce:job-flow-id"
CATALOGUE = f"""
resources:
  - name: emr_machines
    billed_by: [{{tags: {{"{FLOW}": "j-*"}}}}]
    runs: [{{pipeline: shop-features}}]
pipelines:
  - name: shop-features
    produces: [{{part: "features.(?P<view>fv_.+)", feature: "{{view}}"}}, {{part: extract, shared: true}}]
features: [{{name: fv_orders}}, {{name: fv_risk}}]
"""
# Of NVIDIA/spark-rapids-tools, core/src/test/resources (Apache-2.0), cut to what a pack reads.
PUBLIC = {
    "Cluster": {
        "Id": "j-383838383838383",
        "Name": "cpu-emr-cluster",
        "Status": {
            "State": "WAITING",
            "StateChangeReason": {"Message": "Cluster ready to run steps."},
            "Timeline": {
                "CreationDateTime": "2022-12-13T13:27:23.119000-06:00",
                "ReadyDateTime": "2022-12-13T13:32:41.192000-06:00",
            },
        },
        "InstanceCollectionType": "INSTANCE_GROUP",
        "Tags": [],
        "ClusterArn": "arn:aws:elasticmapreduce:us-east-2:11111111111:cluster/j-1111111111",
        "InstanceGroups": [
            {
                "Id": "ig-e77347373737373",
                "Name": "MASTER",
                "InstanceGroupType": "MASTER",
                "InstanceType": "m5.xlarge",
                "RequestedInstanceCount": 1,
                "RunningInstanceCount": 1,
            },
        ],
    }
}


def charge(cost: str, hours: str, **more: object) -> dict[str, object]:
    """Give a line of some machine hours from one to two o'clock."""
    return dict(
        line(
            "Usage",
            cost,
            usage_start_date="2026-05-04 01:00:00",
            usage_end_date="2026-05-04 02:00:00",
            usage_amount=hours,
            pricing_unit="Hrs",
            **more,
        )
    )


def test_the_sample_is_what_emr_answers() -> None:
    operations = {"Steps": "ListSteps", "Clusters": "ListClusters"}
    kinds = {"InstanceGroups": "ListInstanceGroups", "InstanceFleets": "ListInstanceFleets"}
    for one in read_sample(SAMPLE):
        if "Cluster" in one:  # with its instances in it, as the AWS CLI gives it
            for key, operation in kinds.items():
                if key in one["Cluster"]:
                    answer_of("emr", operation, {key: one["Cluster"].pop(key)})
            answer_of("emr", "DescribeCluster", one)
        else:
            (key,) = operations.keys() & one.keys()
            answer_of("emr", operations[key], {key: one[key]})


def test_steps_bear_their_time_of_the_cluster_and_the_rest_is_idle(company: Company) -> None:
    fee = {"product_code": "ElasticMapReduce", "resource_id": f"{CLUSTER}j-2AXGAPLF"}
    tags = {"resource_tags": {FLOW: "j-2AXGAPLF"}, "resource_id": "i-0"}
    lines = [
        charge("0.1", "1", usage_type="EU-BoxUsage:m5.xlarge", **fee),
        charge("0.2", "2", usage_type="EU-BoxUsage:r5.2xlarge", **fee),
        charge("1.8", "3", usage_type="EU-BoxUsage", **tags),
        charge("5", "1", product_code="ElasticMapReduce", resource_id=f"{CLUSTER}j-NOTEBOOK"),
    ]
    write_csv(company.folder / "bill" / "may.csv", lines)
    shutil.copytree(SAMPLE, company.folder / "emr")
    company.source(name="bill", type="aws_cur", path="bill/")
    company.source(name="emr", type="emr", path="emr/")
    company.catalogue(CATALOGUE)
    company.refresh()
    hour = Decimal("2.1")
    worked = hour * 20 / 60 + hour * 15 / 60  # its own steps, and the extract that is for it alone
    assert company.cost("feature") == {
        "fv_orders": worked,
        "(idle)": hour - worked + 5,  # of the notebooks' cluster no step is known
    }
    (row,) = company.ask(
        "query",
        "select sum(effective) as cost from ledger where level = 'feature' and class = 'waste'",
    )
    assert Decimal(row["cost"]) == hour * 5 / 60
    assert {Decimal(row["difference"]) for row in company.ask("statement")} == {Decimal(0)}


def test_a_cluster_that_others_published_loads(company: Company) -> None:
    (company.folder / "describe-cluster.json").write_text(json.dumps(PUBLIC))
    company.source(name="emr", type="emr", path="describe-cluster.json")
    company.refresh()
    (row,) = company.ask("query", "select pipeline, part, state, start, size from attempts")
    assert row == {
        "pipeline": "cpu-emr-cluster",
        "part": "cluster",
        "state": "skipped",
        "start": "2022-12-13 19:27:23.119000",
        "size": "1",
    }


def test_steps_that_name_no_cluster_are_refused(company: Company) -> None:
    (company.folder / "emr").mkdir()
    shutil.copy(SAMPLE / "describe-cluster.json", company.folder / "emr")
    steps = json.loads((SAMPLE / "list-steps.json").read_text())
    (company.folder / "emr" / "steps.json").write_text(json.dumps({"Steps": steps["Steps"]}))
    company.source(name="emr", type="emr", path="emr/")
    ran = company.run("refresh")
    assert ran.code == 1
    assert ran.err == (
        "costlens: emr/steps.json Steps[0]: these steps do not say which cluster they are of (4 steps)\n"
        "    aws emr list-steps --cluster-id ID --query \"{ClusterId: 'ID', Steps: Steps}\" writes it "
        "beside them\n"
    )


def test_clusters_are_read_from_an_account_until_they_end(company: Company, api: Api) -> None:
    emr = api.client("emr")
    flow = emr.run_job_flow(
        Name="shop-features",
        Instances={
            "MasterInstanceType": "m5.xlarge",
            "SlaveInstanceType": "m5.xlarge",
            "InstanceCount": 3,
            "KeepJobFlowAliveWhenNoSteps": True,
        },
        Steps=[
            {
                "Name": "extract",
                "HadoopJarStep": {"Jar": "x.jar", "Args": ["--password", "hunter2"]},
            }
        ],
        Tags=[{"Key": "team", "Value": "retention"}],
        ReleaseLabel="emr-7.1.0",
        JobFlowRole="EMR_EC2_DefaultRole",
        ServiceRole="EMR_DefaultRole",
    )["JobFlowId"]
    on_aws(company, api, "emr")
    company.refresh()
    (row,) = company.ask("query", "select * from attempts")
    assert (row["pipeline"], row["run"], row["part"]) == ("shop-features", flow, "extract")
    assert (row["resource_id"], row["size"], row["state"]) == (flow, "3", "running")
    assert json.loads(row["tags"])["team"] == "retention"
    kept = "".join(path.read_text() for path in (company.folder / "lake/.aws").rglob("*.jsonl"))
    assert "hunter2" not in kept
    emr.terminate_job_flows(JobFlowIds=[flow])
    api.operations()
    company.refresh()
    assert api.operations().count("DescribeCluster") == 1
    assert (
        f'"{flow}"'
        not in (company.folder / "lake/.aws/ml/123456789012/us-east-1/emr/.asked.json").read_text()
    )
