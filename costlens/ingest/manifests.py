"""Which files of a folder count: those that the current manifest of each delivery names.

A cloud delivers a month again and again, whole, each time beside the former ones. Only its manifest
says which files are the month as it is now; to add up all that lie there counts a month many times.
"""

import json
import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import Any

from costlens.errors import CostLensError, Finding
from costlens.ingest.azure_runs import AzureRun, azure_run

_KEYS = ("reportKeys", "dataFiles", "blobs")  # of a legacy report, a data export, Azure's export
_RUN = re.compile(r"\d{4}-\d{2}-\d{2}T")  # the folder of one run begins with its time
_MONTH = re.compile(r"\d{8}-\d{8}|BILLING_PERIOD=.+")


@dataclass(frozen=True, kw_only=True)
class Named:
    """What the manifest that names a file says of it."""

    manifest: Path
    whole: str  # files of the same one are read as one
    type: str = ""  # of the export, where it says so: ActualCost, AmortizedCost
    rows: int | None = None


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """The files that count, each with the manifest that names it; findings about the others."""

    named: Mapping[Path, Named]
    findings: tuple[Finding, ...]


def is_manifest(path: Path, patterns: Collection[str]) -> bool:
    """Say whether a path has the name of a manifest."""
    return any(fnmatch(path.name, pattern) for pattern in patterns)


def choose(
    paths: Sequence[Path],
    patterns: Collection[str],
    *,
    is_data: Callable[[Path], bool],
    show: Callable[[Path], str],
) -> Chosen | None:
    """Choose among the paths of a source by its manifests; None where there are none.

    A manifest that cannot be read or names a file that is not there stops the source.
    """
    named_so = [path for path in paths if is_manifest(path, patterns)]
    manifests = [path for path in named_so if not _of_a_stranger(path, show)]
    if not manifests:
        return None
    there = set(paths)
    named: dict[Path, Named] = {}
    findings: list[Finding] = []
    for manifest in _current(manifests, show):
        read = _read(manifest, show)
        run = azure_run(read, manifest)
        for key, rows in _keys(read, manifest, show):
            path = _local(key, manifest, there)
            if path is None:
                findings.append(
                    _finding(
                        f"names {key}, which is not there",
                        show(manifest),
                        "copy that file as well, or wait until the copy is complete",
                    )
                )
            else:
                whole = f"{run.scope}/{run.range}" if run else show(manifest)
                kind = run.type if run else ""
                named[path] = Named(manifest=manifest, whole=whole, type=kind, rows=rows)
    if findings:
        raise CostLensError(findings=findings)
    others = [path for path in paths if path not in named and is_data(path)]
    return Chosen(named=named, findings=tuple(_left_out(others, named, show)))


def _of_a_stranger(manifest: Path, show: Callable[[Path], str]) -> bool:
    """Say whether a manifest.json, as many tools write one, is of no export known here."""
    if manifest.name != "manifest.json" or any(_MONTH.fullmatch(part) for part in manifest.parts):
        return False
    return not any(key in _read(manifest, show) for key in _KEYS)


def _current(manifests: Sequence[Path], show: Callable[[Path], str]) -> list[Path]:
    """Keep the manifest of each delivery as it is now: above its runs, else of the newest run."""
    there = set(manifests)
    current: list[Path] = []
    runs: dict[tuple[Path, str], list[Path]] = {}
    newest: dict[tuple[str, ...], AzureRun] = {}
    for manifest in sorted(manifests):
        run = azure_run(_read(manifest, show), manifest)
        if run is not None:
            key = (run.scope, run.type, run.range)
            if key not in newest or newest[key].submitted <= run.submitted:
                newest[key] = run
            continue
        folder = manifest.parent
        if folder.parent / manifest.name in there:
            continue
        if _RUN.match(folder.name) or _MONTH.fullmatch(folder.parent.name):
            runs.setdefault((folder.parent, manifest.name), []).append(manifest)
        else:
            current.append(manifest)
    for (folder, name), found in runs.items():
        if len(found) > 1 and not all(_RUN.match(path.parent.name) for path in found):
            raise CostLensError(
                findings=[
                    _finding(
                        f"holds {len(found)} deliveries, and no {name} that says which is current",
                        show(folder),
                        f"copy {name} into it, from the same folder of the bucket",
                    )
                ]
            )
        current.append(max(found, key=lambda path: path.parent.name))
    return sorted((*current, *(run.manifest for run in newest.values())))


def _read(manifest: Path, show: Callable[[Path], str]) -> dict[str, Any]:  # any: what JSON holds
    """Read a manifest; nothing where it is no JSON object."""
    try:
        read = json.loads(manifest.read_text(encoding="utf-8-sig"))
    except OSError as error:
        said = (error.strerror or str(error)).lower()
        raise CostLensError(
            findings=[_finding(f"cannot be read: {said}", show(manifest), "check its rights")]
        ) from error
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def _keys(
    read: Mapping[str, Any],  # any: what JSON holds
    manifest: Path,
    show: Callable[[Path], str],
) -> Iterator[tuple[str, int | None]]:
    """Give the names of the files that a manifest lists, and how many rows each has if it says."""
    try:
        listed = next(read[key] for key in _KEYS if key in read)
        entries = [entry if isinstance(entry, dict) else {"": entry} for entry in listed]
    except (TypeError, StopIteration) as error:
        raise CostLensError(
            findings=[
                _finding(
                    f"is no manifest: it has no list {' or '.join(_KEYS)}",
                    show(manifest),
                    "copy it again, or take it out of this source's path",
                )
            ]
        ) from error
    for entry in entries:
        rows = entry.get("dataRowCount")
        yield from ((value, rows) for value in entry.values() if isinstance(value, str))


def _local(key: str, manifest: Path, there: set[Path]) -> Path | None:
    """Find the local copy of a key: as much of the key's end as lies at or above the manifest."""
    parts = PurePosixPath(re.sub(r"^[a-z0-9]+://[^/]*", "", key).lstrip("/")).parts
    for start in range(len(parts)):
        for folder in manifest.parents:
            path = folder.joinpath(*parts[start:])
            if path in there:
                return path
    return None


def _left_out(
    others: Sequence[Path], named: Mapping[Path, Named], show: Callable[[Path], str]
) -> Iterator[Finding]:
    """Say which files no manifest names: former deliveries, or months without a manifest."""
    folders = {path.parent for path in named}
    months = {_month(path) for path in (*named, *(one.manifest for one in named.values()))}
    former = [path for path in others if path.parent in folders or _month(path) in months]
    strange = [path for path in others if path not in former]
    copy = "copy the manifests of these months as well"
    for paths, message, hint, severity in (
        (former, "of former deliveries", "the current manifests name others", "info"),
        (strange, "that no manifest names", copy, "warning"),
    ):
        if paths:
            number = f"{len(paths):,} file{'s' if len(paths) > 1 else ''}"
            folder = Path(os.path.commonpath([path.parent for path in paths]))
            yield Finding(
                message=f"{number} {message} {'are' if len(paths) > 1 else 'is'} left out",
                where=show(folder),
                hint=hint,
                code="left_out",
                severity=severity,
            )


def _month(path: Path) -> tuple[str, ...]:
    """Name the month a path belongs to: the folder of the report, and that of the month in it."""
    months = [part for part in path.parts if _MONTH.fullmatch(part)]
    return tuple(months[:1]) or path.parent.parts


def _finding(message: str, where: str, hint: str) -> Finding:
    return Finding(message=message, where=where, hint=hint, code="bad_manifest")
