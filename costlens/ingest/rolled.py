"""Logs that roll over: which files are parts of one, in which order, and whether all are there."""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from costlens.errors import CostLensError, Finding
from costlens.ingest.packs import Description

if TYPE_CHECKING:
    from costlens.ingest.fetch import SourceFile


def lasting(name: str) -> str:
    """Name a file as it will be called when nobody writes to it any more.

    A source has one database, which stays the same where it moves.
    """
    if re.match(r"(postgresql|mysql)://", name):
        return "database"
    return name.removesuffix(".inprogress")


def put_together(
    files: "Sequence[SourceFile]", described: Description, *, sampled: bool
) -> "tuple[list[SourceFile], list[Finding]]":
    """Name the log and the delivery of every file, and put the parts of each in order.

    A part that was compacted stands for those up to its number where these are gone: the warnings
    say so. A part that is missing is raised, but where files are a sample.
    """
    logs: dict[str, list[tuple[int, bool, SourceFile]]] = {}
    for file in files:
        log, number, compact = _place(file.name, described)
        shared = re.search(described.whole, file.name) if described.whole else None
        delivery = f"the whole {shared[0]}" if shared else ""
        logs.setdefault(log, []).append(
            (number, compact, replace(file, log=log, delivery=delivery))
        )
    kept: list[SourceFile] = []
    findings: list[Finding] = []
    for log, parts in logs.items():
        # The last character: what is still being written has no date behind its name.
        parts.sort(key=lambda part: (part[0], part[1], f"{part[2].name}~"))
        counted = _without_compacted(parts, findings)
        findings += [] if sampled else _gaps(log, counted)
        kept += [file for _, _, file in counted]
    if any(finding.severity == "error" for finding in findings):
        raise CostLensError(findings=findings)
    return kept, findings


def _place(name: str, described: Description) -> tuple[str, int, bool]:
    """Say to which log a file belongs, as which part, and whether that was compacted."""
    match = re.search(described.rolled, name) if described.rolled else None
    if match is None:
        return name, 0, False
    told = match.groupdict()
    # What has no number is still being written: the last part.
    return told["log"], int(told["number"] or 10**12), bool(told["compact"])


def _without_compacted(
    parts: "Sequence[tuple[int, bool, SourceFile]]", findings: list[Finding]
) -> "list[tuple[int, bool, SourceFile]]":
    """Leave out the compacted part where its originals are there, else what it stands for."""
    last = max((number for number, compact, _ in parts if compact), default=None)
    if last is None:
        return list(parts)
    plain = {number for number, compact, _ in parts if not compact}
    if plain.issuperset(range(1, last + 1)):
        return [part for part in parts if not part[1]]
    kept = [(n, compact, file) for n, compact, file in parts if n > last or (n == last and compact)]
    findings.append(
        Finding(
            message="was compacted: it tells no more of the jobs that had ended",
            where=kept[0][2].name,
            hint="deliver it before it is compacted, or have it kept whole",
            code="compacted",
            severity="warning",
        )
    )
    return kept


def _gaps(log: str, parts: "Sequence[tuple[int, bool, SourceFile]]") -> list[Finding]:
    """Find the numbers that are missing among the parts of a log."""
    numbers = [number for number, _, _ in parts if 0 < number < 10**12]
    first = 1 if parts and not parts[0][1] else numbers[0] if numbers else 1
    gaps = [
        (before + 1, after - 1)
        for before, after in pairwise([first - 1, *numbers])
        if after > before + 1
    ]
    return [
        Finding(
            message=f"part {start} is missing"
            if start == stop
            else f"the parts {start} to {stop} are missing",
            where=log,
            hint="copy the folder again, whole",
            code="missing_part",
        )
        for start, stop in gaps
    ]
