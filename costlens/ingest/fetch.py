"""Find the files of a source, and read them through once to know their content by its hash."""

import fnmatch
import glob
import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from costlens.config.values import Source
from costlens.errors import CostLensError, Finding

_CHUNK = 1 << 20
_SUFFIXES = {
    ".csv": "csv",
    ".txt": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}


@dataclass(frozen=True, kw_only=True)
class SourceFile:
    """A file of a source: where it is, what is in it, and what it was when it was hashed."""

    path: Path
    name: str  # as findings and the lake show it: relative to the workspace where it can be
    format: str  # csv, parquet or jsonl
    zipped: bool
    sha256: str
    size: int
    stamp: tuple[int, int, int]

    def check_unchanged(self) -> None:
        """Refuse a file that was written, replaced or taken away since it was hashed."""
        try:
            now = _stamp(self.path.stat())
        except OSError:
            now = None
        if now != self.stamp:
            raise CostLensError(
                findings=[
                    _finding(
                        "changed while it was read" if now else "vanished while it was read",
                        self.name,
                        "run the command again when whatever writes it is done",
                    )
                ]
            )


def find_files(source: Source, folder: Path) -> tuple[list[SourceFile], list[Finding]]:
    """Find the files of a source by its path: a file, a folder or a glob. Names are in order.

    The findings are warnings about files left out; whatever stops the source is raised, all of it.
    """
    if re.match(r"[a-z][a-z0-9]+://", source.path):
        raise CostLensError(
            f'cannot read "{source.path}"',
            where=source.place,
            hint="only local files are read so far: copy it into a folder and name that",
        )
    files: list[SourceFile] = []
    findings: list[Finding] = []
    paths = _paths(source, folder)
    whole = len(paths) == 1 and paths[0] == folder / source.path
    for path in paths:
        try:
            file = _open(path, folder, named=whole)
        except CostLensError as error:
            findings.extend(error.findings)
        else:
            if file is not None:
                files.append(file)
    if any(finding.severity == "error" for finding in findings):
        raise CostLensError(findings=findings)
    if not files:
        seen = ", ".join(path.name for path in paths[:3])
        raise CostLensError(
            f'no file to read in "{source.path}"' + (f", only {seen}" if seen else ""),
            where=source.place,
            hint="put the .csv, .csv.gz, .parquet or .jsonl files there, or correct path:",
        )
    return files, findings


def named_file(path: Path) -> SourceFile:
    """Hash one file that is named for itself."""
    file = _open(path, path.parent, named=True)
    assert file is not None  # only a file found in a folder is passed over
    return file


def part_key(name: str) -> str:
    """Name the delivery a file is a part of: its name without what numbers the part."""
    folder, _, file = name.rpartition("/")
    stem, dot, suffix = file.partition(".")
    stem = re.sub(r"part[-_]?\d+.*$", "part", stem, flags=re.IGNORECASE)
    stem = re.sub(r"-\d{5}$", "", stem)
    return f"{folder}/{stem}{dot}{suffix}"


def _paths(source: Source, folder: Path) -> list[Path]:
    path = folder / Path(source.path).expanduser()
    if path.is_dir():
        return sorted(_visible(path))
    if path.exists() or path.is_symlink():
        return [path]
    if any(mark in source.path for mark in "*?["):
        matched = [Path(name) for name in glob.glob(str(path), recursive=True)]  # noqa: PTH207 -- absolute
        found: set[Path] = set()
        for match in matched:
            found.update(_visible(match) if match.is_dir() else [match])
        if found:
            return sorted(found)
        message, hint = f'nothing matches "{source.path}"', "correct path: in costlens.yaml"
    else:
        message, hint = f'"{source.path}" does not exist', _nearest(path)
    raise CostLensError(message, where=source.place, hint=hint)


def _visible(folder: Path) -> Iterator[Path]:
    """Walk a folder; what starts with a dot or an underscore is a tool's own."""
    for root, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name[0] not in "._"]
        for name in names:
            if name[0] not in "._":
                yield Path(root) / name


def _nearest(path: Path) -> str:
    """Say what there is instead of a path that is not there."""
    there = path.parent
    while not there.is_dir():
        there = there.parent
    wanted = path.relative_to(there).parts[0]
    names = sorted(entry.name for entry in there.iterdir() if entry.name[0] != ".")
    near = [name for name in names if fnmatch.fnmatch(name.lower(), f"{wanted[:3].lower()}*")]
    shown = ", ".join((near or names)[:5])
    return f"{there.name or there}/ holds: {shown}" if shown else f"{there.name or there}/ is empty"


def _open(path: Path, folder: Path, *, named: bool) -> SourceFile | None:
    """Hash a file and know its format; None for one in a folder that no pack reads."""
    shown = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)
    try:
        return _read_through(path, shown, named=named)
    except FileNotFoundError:
        if path.is_symlink():
            message = f"is a link to {path.readlink()}, which is not there"
            hint = "correct the link or remove it"
        else:
            message, hint = "vanished while it was read", "run the command again"
    except OSError as error:
        message = f"cannot be read: {(error.strerror or str(error)).lower()}"
        hint = "give the user who runs costlens the right to read it"
    raise CostLensError(findings=[_finding(message, shown, hint)])


def _read_through(path: Path, shown: str, *, named: bool) -> SourceFile | None:
    before = path.stat()
    if not path.is_file():
        raise CostLensError("is neither a file nor a folder", where=shown)
    if before.st_size == 0:
        told = "deliver it again, or remove it"
        severity = "error" if named else "warning"
        raise CostLensError(findings=[_finding("is empty", shown, told, severity)])
    with path.open("rb") as opened:
        kind = _format(opened, path, shown, before.st_size, named=named)
        if kind is None:
            return None
        digest = _hash(opened)
    file = SourceFile(
        path=path,
        name=shown,
        format=kind[0],
        zipped=kind[1],
        sha256=digest,
        size=before.st_size,
        stamp=_stamp(before),
    )
    file.check_unchanged()
    return file


def _format(
    opened: BinaryIO, path: Path, shown: str, size: int, *, named: bool
) -> tuple[str, bool] | None:
    """Know a file's format and whether it is zipped, by its first and last bytes and its name."""
    start = opened.read(8)
    opened.seek(max(0, size - 4))
    end = opened.read(4)
    opened.seek(0)
    suffixes = [suffix.lower() for suffix in path.suffixes]
    zipped = start[:2] == b"\x1f\x8b"
    last = suffixes[-1] if suffixes else ""
    if last in (".gz", ".gzip"):
        last = suffixes[-2] if len(suffixes) > 1 else ""
        if not zipped:
            raise CostLensError(
                "is named .gz but is not gzipped", where=shown, hint="deliver it again"
            )
    kind = _SUFFIXES.get(last)
    if start[:4] == b"PAR1" or kind == "parquet":
        if start[:4] != b"PAR1":
            raise CostLensError("is not a Parquet file", where=shown, hint="deliver it again")
        if end != b"PAR1" or size < 12:
            raise CostLensError(
                "is cut short: a Parquet file ends in its index, this one does not",
                where=shown,
                hint="deliver it again, whole",
            )
        return "parquet", False
    if kind is None and not named:
        return None
    if start[:2] == b"PK" or last in (".zst", ".xlsx", ".zip", ".bz2", ".xz"):
        raise CostLensError(
            "is packed in a way that is not read", where=shown, hint="unpack it to .csv or .csv.gz"
        )
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise CostLensError("is UTF-16 text", where=shown, hint="save it as UTF-8")
    return kind or "csv", zipped


def _hash(opened: BinaryIO) -> str:
    hashed = hashlib.sha256()
    while chunk := opened.read(_CHUNK):
        hashed.update(chunk)
    return hashed.hexdigest()


def _stamp(stat: os.stat_result) -> tuple[int, int, int]:
    return stat.st_size, stat.st_mtime_ns, stat.st_ino


def _finding(message: str, where: str, hint: str, severity: str = "error") -> Finding:
    return Finding(message=message, where=where, hint=hint, code="bad_file", severity=severity)
