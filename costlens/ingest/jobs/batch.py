"""Read AWS Batch: every job of every queue, and the children of array jobs."""

from collections.abc import Iterable, Iterator
from functools import partial

from costlens.ingest.jobs.answers import Answer, month_of
from costlens.ingest.jobs.asking import Asking, chunks

_SERVICE, _JOBS = "batch", "jobs"
_AT_ONCE = 100  # jobs that AWS describes in one answer
_ENDED = {"SUCCEEDED", "FAILED"}


def read(asking: Asking) -> None:
    """Read the jobs that were made since the last time, and those that had not ended then."""
    with asking.table(_JOBS):
        after = int(asking.after(_JOBS).timestamp() * 1000)
        wanted = dict.fromkeys(asking.unfinished(_JOBS))
        for queue in asking.pages(_SERVICE, "describe_job_queues", "jobQueues"):
            for one in asking.pages(
                _SERVICE,
                "list_jobs",
                "jobSummaryList",
                jobQueue=queue["jobQueueArn"],
                filters=[{"name": "AFTER_CREATED_AT", "values": [str(after)]}],
            ):
                wanted[one["jobId"]] = None
        children = [child for job in _describe(asking, list(wanted)) for child in _children(job)]
        for _ in _describe(asking, children):
            pass
        asking.done(_JOBS)


def _describe(asking: Asking, ids: list[str]) -> Iterator[Answer]:
    """Describe jobs, a hundred at once, and keep each in the month it was made."""
    some = list(chunks(ids, _AT_ONCE))
    for answers in asking.each(some, partial(_ask, asking)):
        jobs = [job for answer in answers for job in answer["jobs"]]
        _keep(asking, jobs)
        yield from jobs


def _ask(asking: Asking, ids: list[str]) -> Answer:
    found = asking.ask(_SERVICE, "describe_jobs", jobs=ids)
    for gone in {*ids} - {job["jobId"] for job in found["jobs"]}:
        asking.note(_JOBS, gone, [], ended=True)
    return found


def _keep(asking: Asking, jobs: Iterable[Answer]) -> None:
    months: dict[str, list[Answer]] = {}
    for job in jobs:
        is_child = "index" in job.get("arrayProperties", {})  # asked for again with its parent
        asking.note(_JOBS, job["jobId"], [], ended=is_child or job["status"] in _ENDED)
        months.setdefault(month_of(job["createdAt"]), []).append({"jobs": [job]})
    for month, some in months.items():
        asking.kept.add(_JOBS, month, _id_of, some)


def _children(job: Answer) -> list[str]:
    """Name the children of an array job: no list of a queue has them."""
    array = job.get("arrayProperties", {})
    if "index" in array or "size" not in array:
        return []
    return [f"{job['jobId']}:{place}" for place in range(array["size"])]


def _id_of(answer: Answer) -> str:
    return str(answer["jobs"][0]["jobId"])
