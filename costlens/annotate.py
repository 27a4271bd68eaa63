"""Say at the source which feature each part of a run works for; needs nothing but Python.

`effort("fv_orders")` measures a part of a script, and hands what it measured to whom you name: a
list, a file, MLflow tags, a logger. Copy this file into a pipeline if it cannot install CostLens.

    from costlens.annotate import effort

    with effort("fv_orders", file="runs.csv", pipeline="features"):
        build_orders()
"""

import csv
import os
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

RUN = "COSTLENS_RUN"  # a variable: parts of one run in several processes bear its value
COLUMNS = (
    "run_id",
    "pipeline",
    "part",
    "feature",
    "model",
    "status",
    "attempt",
    "start",
    "end",
    "resource_id",
    "slots",
)
_RUN = uuid.uuid4().hex


def run_id() -> str:
    """Name this run: as COSTLENS_RUN says, else one made for this process."""
    return os.environ.get(RUN) or _RUN


def tags(**targets: str) -> dict[str, str]:
    """Give tags that say whom a run works for, for MLflow, clusters and jobs.

    `tags(feature="fv_orders", team="shop")` is `{"costlens.feature": "fv_orders", ...}`.
    """
    return {f"costlens.{name}": value for name, value in sorted(targets.items())}


@contextmanager
def effort(  # noqa: PLR0913 -- each is a column
    feature: str = "",
    *,
    model: str = "",
    part: str = "",
    pipeline: str = "",
    file: "str | os.PathLike[str] | None" = None,
    tell: "Callable[[Mapping[str, str]], None] | None" = None,
    resource_id: str = "",
    slots: int = 1,
    attempt: int = 1,
) -> Iterator[None]:
    """Measure a part of a run by the clock, and write it down once it ends, whatever its end.

    What is made is a `feature` or a `model`; `part` names the piece of work, by default as that.
    `file` is a CSV that the source type `runs` reads: a row is added, its header first. `tell` is
    called with the row. Without a pipeline, COSTLENS_PIPELINE is. What fails goes on failing.
    """
    start = _now()
    status = "failed"
    try:
        yield
        status = "success"
    finally:
        row = {
            "run_id": run_id(),
            "pipeline": pipeline or os.environ.get("COSTLENS_PIPELINE", ""),
            "part": part or feature or model,
            "feature": feature,
            "model": model,
            "status": status,
            "attempt": str(attempt),
            "start": start,
            "end": _now(),
            "resource_id": resource_id,
            "slots": str(slots),
        }
        if file is not None:
            _add(Path(file), row)
        if tell is not None:
            tell(row)


def _now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")  # noqa: UP017 -- any Python


def _add(file: Path, row: "Mapping[str, str]") -> None:
    """Add a row in one write, so that parts side by side do not mix."""
    import io

    file.parent.mkdir(parents=True, exist_ok=True)
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        _lock(handle)
        if os.fstat(handle).st_size == 0:
            writer.writeheader()
        writer.writerow(row)
        os.write(handle, text.getvalue().encode())
    finally:
        os.close(handle)


def _lock(handle: int) -> None:
    try:
        import fcntl
    except ImportError:  # a system that has no such locks
        return
    fcntl.flock(handle, fcntl.LOCK_EX)
