"""Read SageMaker: jobs, pipelines, registered models, endpoints and feature groups."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from costlens.ingest.jobs.answers import Answer, month_of, plain
from costlens.ingest.jobs.asking import Asking, DeniedError

_SERVICE = "sagemaker"
Summary = dict[str, Any]  # any: what boto3 gives


@dataclass(frozen=True, kw_only=True)
class _Jobs:
    """A kind of job: how it is listed, and how one is described."""

    table: str
    listing: str
    listed: str
    describing: str
    name: str
    arn: str


_JOBS = (
    _Jobs(
        table="training_jobs",
        listing="list_training_jobs",
        listed="TrainingJobSummaries",
        describing="describe_training_job",
        name="TrainingJobName",
        arn="TrainingJobArn",
    ),
    _Jobs(
        table="processing_jobs",
        listing="list_processing_jobs",
        listed="ProcessingJobSummaries",
        describing="describe_processing_job",
        name="ProcessingJobName",
        arn="ProcessingJobArn",
    ),
    _Jobs(
        table="transform_jobs",
        listing="list_transform_jobs",
        listed="TransformJobSummaries",
        describing="describe_transform_job",
        name="TransformJobName",
        arn="TransformJobArn",
    ),
    _Jobs(
        table="tuning_jobs",
        listing="list_hyper_parameter_tuning_jobs",
        listed="HyperParameterTuningJobSummaries",
        describing="describe_hyper_parameter_tuning_job",
        name="HyperParameterTuningJobName",
        arn="HyperParameterTuningJobArn",
    ),
)


def read(asking: Asking) -> None:
    """Read what changed since the last time."""
    for jobs in _JOBS:
        with asking.table(jobs.table):
            _read_jobs(asking, jobs)
    with asking.table("pipeline_steps"):
        _read_pipelines(asking)
    with asking.table("model_packages"):
        _read_model_packages(asking)
    with asking.table("endpoints"):
        _read_endpoints(asking)
    with asking.table("feature_groups"):
        _read_feature_groups(asking)


def _read_jobs(asking: Asking, jobs: _Jobs) -> None:
    """Describe the jobs that changed; each is kept in the month it was made."""
    months: dict[str, list[Summary]] = {}
    after = asking.after(jobs.table)
    for one in asking.pages(_SERVICE, jobs.listing, jobs.listed, LastModifiedTimeAfter=after):
        months.setdefault(month_of(one["CreationTime"]), []).append(one)
    tagged = True
    for month, listed in sorted(months.items()):
        known = asking.kept.read(jobs.table, month, _by(jobs.arn))
        changed = [one for one in listed if not _is_known(one, known.get(one[jobs.arn]))]
        tagged &= _read_tags(asking, [one[jobs.arn] for one in listed], month, changed, jobs.arn)
        describe = partial(_describe, asking, jobs.describing, jobs.name)
        for answers in asking.each(changed, describe):
            asking.kept.add(jobs.table, month, _by(jobs.arn), answers)
    if tagged:
        asking.done(jobs.table)


def _describe(asking: Asking, operation: str, name: str, listed: Summary) -> Answer:
    return asking.ask(_SERVICE, operation, **{name: listed[name]})


def _is_known(listed: Summary, known: Answer | None) -> bool:
    """Say whether a job was described since it last changed; not all say when that was."""
    changed: datetime | None = listed.get("LastModifiedTime")
    if known is None or changed is None or "LastModifiedTime" not in known:
        return False
    return datetime.fromisoformat(known["LastModifiedTime"]) >= changed


def _read_tags(
    asking: Asking, arns: list[str], month: str, changed: list[Summary], arn: str
) -> bool:
    """Read the tags of things that changed, or whose tags are not here; say whether we may."""
    key = _by("ResourceArn")
    known = asking.kept.read("tags", month, key)
    again = {one[arn] for one in changed}
    try:
        for answers in asking.each(
            [one for one in arns if one in again or one not in known], partial(_tags, asking)
        ):
            asking.kept.add("tags", month, key, answers)
    except DeniedError:
        return False
    return True


def _tags(asking: Asking, arn: str) -> Answer:
    tags = asking.all(_SERVICE, "list_tags", "Tags", ResourceArn=arn)
    return {"ResourceArn": arn, "Tags": tags}


def _read_pipelines(asking: Asking) -> None:
    """Read the steps of executions that began since, and of those that had not ended."""
    table = "pipeline_steps"
    running = asking.unfinished(table)
    wanted = {arn: month for arn, (month,) in running.items()}
    for pipeline in asking.pages(_SERVICE, "list_pipelines", "PipelineSummaries"):
        for one in asking.pages(
            _SERVICE,
            "list_pipeline_executions",
            "PipelineExecutionSummaries",
            PipelineName=pipeline["PipelineName"],
            CreatedAfter=asking.after(table),
        ):
            wanted[one["PipelineExecutionArn"]] = month_of(one["StartTime"])
            running[one["PipelineExecutionArn"]] = [month_of(one["StartTime"])]
    for month in sorted(set(wanted.values())):
        arns = [arn for arn, of in wanted.items() if of == month]
        for answers in asking.each(arns, partial(_steps, asking), of=table):
            asking.kept.add(table, month, _by("PipelineExecutionArn"), answers)
            for one in answers:
                if one["PipelineExecutionStatus"] not in ("Executing", "Stopping"):
                    running.pop(one["PipelineExecutionArn"], None)
    asking.done(table)


def _steps(asking: Asking, arn: str) -> Answer:
    """Describe an execution and list its steps, as one answer."""
    execution = asking.ask(_SERVICE, "describe_pipeline_execution", PipelineExecutionArn=arn)
    listing = "list_pipeline_execution_steps"
    steps = asking.all(_SERVICE, listing, "PipelineExecutionSteps", PipelineExecutionArn=arn)
    return {**execution, "PipelineExecutionSteps": steps}


def _read_model_packages(asking: Asking) -> None:
    """Read the versions of registered models that were made since."""
    table = "model_packages"
    found: dict[str, list[Summary]] = {}
    groups = "list_model_package_groups", "ModelPackageGroupSummaryList"
    for group in asking.pages(_SERVICE, *groups):
        for one in asking.pages(
            _SERVICE,
            "list_model_packages",
            "ModelPackageSummaryList",
            ModelPackageGroupName=group["ModelPackageGroupName"],
            CreationTimeAfter=asking.after(table),
        ):
            found.setdefault(month_of(one["CreationTime"]), []).append(one)
    for month, packages in sorted(found.items()):
        known = asking.kept.read(table, month, _by("ModelPackageArn"))
        new = [one["ModelPackageArn"] for one in packages if one["ModelPackageArn"] not in known]
        for answers in asking.each(new, partial(_package, asking)):
            asking.kept.add(table, month, _by("ModelPackageArn"), answers)
    asking.done(table)


def _package(asking: Asking, arn: str) -> Answer:
    return asking.ask(_SERVICE, "describe_model_package", ModelPackageName=arn)


def _read_endpoints(asking: Asking) -> None:
    """Read every endpoint as it is now, beside what it was before, and what it serves."""
    table = "endpoints"
    found: dict[str, list[Summary]] = {}
    for one in asking.pages(_SERVICE, "list_endpoints", "Endpoints"):
        found.setdefault(month_of(one["CreationTime"]), []).append(one)
    describe = partial(_describe, asking, "describe_endpoint", "EndpointName")
    for month, listed in sorted(found.items()):
        known = asking.kept.read(table, month, _version)
        changed = [one for one in listed if _version(plain(one)) not in known]
        arns = [one["EndpointArn"] for one in listed]
        _read_tags(asking, arns, month, changed, "EndpointArn")
        for answers in asking.each(changed, describe):
            asking.kept.add(table, month, _version, answers)
    named = {
        one["EndpointConfigName"] for one in _kept(asking, table) if "EndpointConfigName" in one
    }
    _read_named(asking, "endpoint_configs", "describe_endpoint_config", "EndpointConfigName", named)
    configs = _kept(asking, "endpoint_configs")
    served = {
        variant["ModelName"]
        for one in configs
        for kind in ("ProductionVariants", "ShadowProductionVariants")
        for variant in one.get(kind) or ()
        if variant.get("ModelName")
    }
    served |= {one["ModelName"] for one in _kept(asking, "transform_jobs")}
    _read_named(asking, "models", "describe_model", "ModelName", served)
    asking.done(table)


def _version(endpoint: Answer) -> str:
    """Tell an endpoint's states apart: each has its configuration and the time it changed."""
    return f"{endpoint['EndpointArn']} {endpoint['LastModifiedTime']}"


def _read_named(asking: Asking, table: str, operation: str, name: str, wanted: set[str]) -> None:
    """Describe the things of these names that are not here: they never change."""
    known = {one[name] for one in _kept(asking, table)}
    for answers in asking.each(
        sorted(wanted - known), lambda one: asking.ask(_SERVICE, operation, **{name: one})
    ):
        months: dict[str, list[Answer]] = {}
        for one in answers:
            made = datetime.fromisoformat(one["CreationTime"])
            months.setdefault(month_of(made), []).append(one)
        for month, some in months.items():
            asking.kept.add(table, month, _by(name), some)


def _kept(asking: Asking, table: str) -> Iterator[Answer]:
    for month in asking.kept.months(table):
        yield from asking.kept.read(table, month, repr).values()


def _read_feature_groups(asking: Asking) -> None:
    """Describe the feature groups that are not here as they are now."""
    table = "feature_groups"
    found: dict[str, list[Summary]] = {}
    for one in asking.pages(_SERVICE, "list_feature_groups", "FeatureGroupSummaries"):
        found.setdefault(month_of(one["CreationTime"]), []).append(one)
    describe = partial(_describe, asking, "describe_feature_group", "FeatureGroupName")
    for month, listed in sorted(found.items()):
        known = asking.kept.read(table, month, _by("FeatureGroupArn"))
        status = {arn: one.get("FeatureGroupStatus") for arn, one in known.items()}
        new = [
            one
            for one in listed
            if one["FeatureGroupArn"] not in known
            or one.get("FeatureGroupStatus") != status[one["FeatureGroupArn"]]
        ]
        arns = [one["FeatureGroupArn"] for one in listed]
        _read_tags(asking, arns, month, new, "FeatureGroupArn")
        for answers in asking.each(new, describe):
            asking.kept.add(table, month, _by("FeatureGroupArn"), answers)
    asking.done(table)


def _by(name: str) -> Callable[[Answer], str]:
    return lambda answer: str(answer[name])
