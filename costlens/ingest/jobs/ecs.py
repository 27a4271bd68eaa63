"""Read ECS: the tasks of every cluster. AWS forgets a task an hour after it stopped."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from costlens.ingest.jobs.answers import Answer, month_of
from costlens.ingest.jobs.asking import Asking, chunks

_SERVICE, _TASKS = "ecs", "tasks"
_AT_ONCE = 100  # tasks that AWS describes in one answer


def read(asking: Asking) -> None:
    """Read the tasks that run or stopped lately, and those that ran the last time."""
    with asking.table(_TASKS):
        clusters = list(asking.pages(_SERVICE, "list_clusters", "clusterArns"))
        running = asking.unfinished(_TASKS)
        for task in [task for task, (cluster, _) in running.items() if cluster not in clusters]:
            asking.note(_TASKS, task, [], ended=True)
        wanted = {task: cluster for task, (cluster, _) in running.items()}
        for cluster in clusters:
            for state in ("RUNNING", "STOPPED"):
                listed = asking.pages(
                    _SERVICE, "list_tasks", "taskArns", cluster=cluster, desiredStatus=state
                )
                wanted |= dict.fromkeys(listed, cluster)
        some = [
            (cluster, part)
            for cluster in sorted({*wanted.values()})
            for part in chunks([task for task, of in wanted.items() if of == cluster], _AT_ONCE)
        ]
        for answers in asking.each(some, partial(_describe, asking)):
            for answer in answers:
                _keep(asking, answer)
        asking.done(_TASKS)


def _describe(asking: Asking, some: tuple[str, Sequence[str]]) -> Answer:
    cluster, tasks = some
    return asking.ask(
        _SERVICE, "describe_tasks", cluster=cluster, tasks=list(tasks), include=["TAGS"]
    )


def _keep(asking: Asking, answer: Answer) -> None:
    """Keep each task in the month it was made, with the time it was seen; note what is gone."""
    seen = asking.as_of.isoformat()
    months: dict[str, list[Answer]] = {}
    for task in answer["tasks"]:
        began = task.get("createdAt") or task.get("startedAt") or seen
        month = month_of(datetime.fromisoformat(began))
        ended = task["lastStatus"] == "STOPPED"
        asking.note(_TASKS, task["taskArn"], [task["clusterArn"], month], ended=ended)
        months.setdefault(month, []).append({"seenAt": seen, "tasks": [task]})
    for one in answer.get("failures", ()):
        about = asking.unfinished(_TASKS).get(one["arn"])
        if about and one["reason"] == "MISSING":
            asking.note(_TASKS, one["arn"], [], ended=True)
            months.setdefault(about[1], []).append({"failures": [one]})
    for month, some in months.items():
        asking.kept.add(_TASKS, month, _arn_of, some)


def _arn_of(answer: Answer) -> str:
    if "failures" in answer:
        return f"{answer['failures'][0]['arn']} gone"
    return str(answer["tasks"][0]["taskArn"])
