"""Read EMR Serverless: applications, and every attempt of their job runs."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial

from costlens.ingest.jobs.answers import Answer, month_of, plain
from costlens.ingest.jobs.asking import Asking

_SERVICE = "emr-serverless"
_APPLICATIONS, _RUNS = "applications", "job_runs"
_ENDED = {"SUCCESS", "FAILED", "CANCELLED"}


def read(asking: Asking) -> None:
    """Read the job runs that were made since the last time, and those that had not ended then."""
    with asking.table(_RUNS):
        wanted = {run: about[0] for run, about in asking.unfinished(_RUNS).items()}
        applications = []
        for one in asking.pages(_SERVICE, "list_applications", "applications"):
            applications.append({"applications": [plain(one)]})
            for run in asking.pages(
                _SERVICE,
                "list_job_runs",
                "jobRuns",
                applicationId=one["id"],
                createdAtAfter=asking.after(_RUNS),
            ):
                wanted[run["id"]] = one["id"]
        asking.kept.add(
            _APPLICATIONS, "all", lambda one: str(one["applications"][0]["arn"]), applications
        )
        for answers in asking.each(list(wanted.items()), partial(_run, asking), of=_RUNS):
            _keep(asking, (run for answer in answers for run in answer["runs"]))
        asking.done(_RUNS)


def _run(asking: Asking, wanted: tuple[str, str]) -> Answer:
    """Describe the last attempt of a job run, and those before it."""
    run, application = wanted

    def ask(**more: int) -> Answer:
        return asking.ask(_SERVICE, "get_job_run", applicationId=application, jobRunId=run, **more)

    last = ask()
    before = range(1, last["jobRun"].get("attempt", 1))
    return {"runs": [*(ask(attempt=number) for number in before), last]}


def _keep(asking: Asking, runs: Iterable[Answer]) -> None:
    months: dict[str, list[Answer]] = {}
    for one in runs:
        run = one["jobRun"]
        ended = run["state"] in _ENDED
        asking.note(_RUNS, run["jobRunId"], [run["applicationId"]], ended=ended)
        month = month_of(datetime.fromisoformat(run["createdAt"]))
        months.setdefault(month, []).append(one)
    for month, some in months.items():
        asking.kept.add(_RUNS, month, _attempt_of, some)


def _attempt_of(answer: Answer) -> str:
    run = answer["jobRun"]
    return f"{run['arn']} {run.get('attempt', 1)}"
