"""SageMaker over HTTP as it would answer for the documents of a folder."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aws_api import Api, Params, answer_of, read_sample, summary

_SERVICE = "sagemaker"
GONE = {"__type": "ValidationException", "message": "Requested resource not found."}


@dataclass(frozen=True)
class Kind:
    """What is listed and described: the key that tells it, and the names of both operations."""

    tells: str
    listing: str
    under: str
    describing: str
    name: str


KINDS = (
    Kind(
        "TrainingJobStatus",
        "ListTrainingJobs",
        "TrainingJobSummaries",
        "DescribeTrainingJob",
        "TrainingJobName",
    ),
    Kind(
        "ProcessingJobStatus",
        "ListProcessingJobs",
        "ProcessingJobSummaries",
        "DescribeProcessingJob",
        "ProcessingJobName",
    ),
    Kind(
        "TransformJobStatus",
        "ListTransformJobs",
        "TransformJobSummaries",
        "DescribeTransformJob",
        "TransformJobName",
    ),
    Kind(
        "HyperParameterTuningJobStatus",
        "ListHyperParameterTuningJobs",
        "HyperParameterTuningJobSummaries",
        "DescribeHyperParameterTuningJob",
        "HyperParameterTuningJobName",
    ),
    Kind("EndpointStatus", "ListEndpoints", "Endpoints", "DescribeEndpoint", "EndpointName"),
    Kind(
        "FeatureDefinitions",
        "ListFeatureGroups",
        "FeatureGroupSummaries",
        "DescribeFeatureGroup",
        "FeatureGroupName",
    ),
    Kind("EndpointConfigArn", "", "", "DescribeEndpointConfig", "EndpointConfigName"),
    Kind("ModelArn", "", "", "DescribeModel", "ModelName"),
)


def serve(api: Api, folder: Path) -> dict[str, dict[str, dict[str, Any]]]:
    """Answer as for these documents; give them by kind and name, for a test to change."""
    found: dict[str, dict[str, dict[str, Any]]] = {kind.describing: {} for kind in KINDS}
    documents = read_sample(folder)
    for kind in KINDS:
        for one in documents:
            if kind.tells in one and kind.name in one:
                answer = answer_of(_SERVICE, kind.describing, one)
                found[kind.describing][answer[kind.name]] = answer
        _serve_kind(api, kind, found[kind.describing])
    _serve_packages(api, [one for one in documents if "ModelPackageStatus" in one])
    _serve_pipelines(api, [one for one in documents if "PipelineExecutionSteps" in one])
    tags = {one["ResourceArn"]: one["Tags"] for one in documents if "ResourceArn" in one}
    api.says(_SERVICE, "ListTags", lambda asked: {"Tags": tags.get(asked["ResourceArn"], [])})
    return found


def _serve_kind(api: Api, kind: Kind, known: Mapping[str, Mapping[str, Any]]) -> None:
    def describe(asked: Params) -> Mapping[str, Any]:
        return known.get(asked[kind.name], GONE)

    def listed(asked: Params) -> Mapping[str, Any]:
        after = datetime.fromtimestamp(asked.get("LastModifiedTimeAfter", 0), UTC)
        some = [
            summary(_SERVICE, kind.listing, kind.under, one)
            for one in known.values()
            if one.get("LastModifiedTime", one["CreationTime"]) > after
        ]
        at = int(asked.get("NextToken", 0))
        more = {"NextToken": str(at + 2)} if at + 2 < len(some) else {}
        return {
            kind.under: [{**_FILL.get(kind.listing, {}), **one} for one in some[at : at + 2]],
            **more,
        }

    api.says(_SERVICE, kind.describing, describe)
    if kind.listing:
        api.says(_SERVICE, kind.listing, listed)


_COUNTS: dict[str, Any] = {"TrainingJobStatusCounters": {}, "ObjectiveStatusCounters": {}}
_FILL = {"ListHyperParameterTuningJobs": {"Strategy": "Bayesian", **_COUNTS}}


def _serve_packages(api: Api, dumps: list[dict[str, Any]]) -> None:
    packages = [answer_of(_SERVICE, "DescribeModelPackage", one) for one in dumps]
    groups = sorted({one["ModelPackageGroupName"] for one in packages})
    api.says(
        _SERVICE,
        "ListModelPackageGroups",
        {
            "ModelPackageGroupSummaryList": [
                {
                    "ModelPackageGroupName": name,
                    "ModelPackageGroupArn": f"arn:aws:sagemaker:eu-west-1:1:model-package-group/{name}",
                    "ModelPackageGroupStatus": "Completed",
                    "CreationTime": datetime(2026, 1, 1, tzinfo=UTC),
                }
                for name in groups
            ]
        },
    )
    api.says(
        _SERVICE,
        "ListModelPackages",
        lambda asked: {
            "ModelPackageSummaryList": [
                summary(_SERVICE, "ListModelPackages", "ModelPackageSummaryList", one)
                for one in packages
                if one["ModelPackageGroupName"] == asked["ModelPackageGroupName"]
                and one["CreationTime"].timestamp() > asked["CreationTimeAfter"]
            ]
        },
    )
    by_arn = {one["ModelPackageArn"]: one for one in packages}
    api.says(_SERVICE, "DescribeModelPackage", lambda asked: by_arn[asked["ModelPackageName"]])


def _serve_pipelines(api: Api, dumps: list[dict[str, Any]]) -> None:
    by_arn = {}
    for dump in dumps:
        arn = dump["PipelineExecutionArn"]
        steps = {"PipelineExecutionSteps": dump["PipelineExecutionSteps"]}
        by_arn[arn] = answer_of(_SERVICE, "ListPipelineExecutionSteps", steps)
    names = sorted({arn.split("/")[1] for arn in by_arn})
    api.says(
        _SERVICE, "ListPipelines", {"PipelineSummaries": [{"PipelineName": name} for name in names]}
    )
    api.says(
        _SERVICE,
        "ListPipelineExecutions",
        lambda asked: {
            "PipelineExecutionSummaries": [
                {
                    "PipelineExecutionArn": arn,
                    "StartTime": min(one["StartTime"] for one in steps["PipelineExecutionSteps"]),
                }
                for arn, steps in by_arn.items()
                if arn.split("/")[1] == asked["PipelineName"]
                and min(one["StartTime"] for one in steps["PipelineExecutionSteps"]).timestamp()
                > asked["CreatedAfter"]
            ]
        },
    )
    api.says(
        _SERVICE,
        "DescribePipelineExecution",
        lambda asked: {
            "PipelineExecutionArn": asked["PipelineExecutionArn"],
            "PipelineExecutionStatus": "Succeeded",
        },
    )
    api.says(
        _SERVICE, "ListPipelineExecutionSteps", lambda asked: by_arn[asked["PipelineExecutionArn"]]
    )
