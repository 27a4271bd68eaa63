"""Read AWS Glue: the runs of every job, and the tags of the jobs."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial

from costlens.ingest.jobs.answers import Answer, month_of, plain
from costlens.ingest.jobs.asking import Asking

_SERVICE = "glue"
_RUNS, _TAGS = "job_runs", "tags"
_ENDED = {"STOPPED", "SUCCEEDED", "FAILED", "TIMEOUT", "ERROR", "EXPIRED"}


def read(asking: Asking) -> None:
    """Read the runs that began since the last time, and those that had not ended then."""
    names: list[str] = []
    with asking.table(_RUNS):
        names += asking.pages(_SERVICE, "list_jobs", "JobNames")
        again = list(asking.unfinished(_RUNS).items())
        for answers in asking.each(again, partial(_again, asking), of=_RUNS):
            _keep(asking, answers)
        for answers in asking.each(names, partial(_since, asking)):
            for one in answers:
                _keep(asking, ({"JobArn": one["JobArn"], "JobRun": run} for run in one["JobRuns"]))
        asking.done(_RUNS)
    with asking.table(_TAGS):
        for answers in asking.each(names, partial(_tags, asking)):
            asking.kept.add(_TAGS, "all", _arn_of, answers)


def _again(asking: Asking, run: tuple[str, list[str]]) -> Answer:
    name = run[1][0]
    found = asking.ask(_SERVICE, "get_job_run", JobName=name, RunId=run[0])
    return {"JobArn": _arn(asking, name), **found}


def _since(asking: Asking, name: str) -> Answer:
    """List the runs of a job back to the last time: AWS gives the newest first."""
    after = asking.after(_RUNS)
    runs = []
    for run in asking.pages(_SERVICE, "get_job_runs", "JobRuns", JobName=name):
        if "StartedOn" in run and run["StartedOn"] < after:
            break
        runs.append(plain(run))
    return {"JobArn": _arn(asking, name), "JobRuns": runs}


def _keep(asking: Asking, answers: Iterable[Answer]) -> None:
    """Keep runs in the months they began in; one that never began says nothing."""
    months: dict[str, list[Answer]] = {}
    for one in answers:
        run = one["JobRun"]
        asking.note(_RUNS, run["Id"], [run["JobName"]], ended=run["JobRunState"] in _ENDED)
        if "StartedOn" in run:
            month = month_of(datetime.fromisoformat(run["StartedOn"]))
            months.setdefault(month, []).append(one)
    for month, some in months.items():
        asking.kept.add(_RUNS, month, _run_of, some)


def _tags(asking: Asking, name: str) -> Answer:
    arn = _arn(asking, name)
    return {"ResourceArn": arn, **asking.ask(_SERVICE, "get_tags", ResourceArn=arn)}


def _arn(asking: Asking, name: str) -> str:
    return f"arn:{asking.partition}:glue:{asking.region}:{asking.account}:job/{name}"


def _run_of(answer: Answer) -> str:
    return str(answer["JobRun"]["Id"])


def _arn_of(answer: Answer) -> str:
    return str(answer["ResourceArn"])
