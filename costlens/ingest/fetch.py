"""Find the files of a source, and read them through once to know their content by its hash."""

import fnmatch
import glob
import hashlib
import os
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from costlens.config.values import Source
from costlens.errors import CostLensError, Finding
from costlens.ingest.bucket import Bucket
from costlens.ingest.cache import name_in_bucket
from costlens.ingest.manifests import Chosen, choose

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
_DATABASES = {".db", ".sqlite", ".sqlite3"}


@dataclass(frozen=True, kw_only=True)
class SourceFile:
    """A file of a source: where it is, what is in it, and what it was when it was hashed."""

    path: Path
    name: str  # as findings and the lake show it: relative to the workspace where it can be
    format: str  # csv, parquet, jsonl, sqlite, or folder: of the tables in `parts`
    zipped: bool
    sha256: str
    size: int
    stamp: tuple[int, ...]
    member: str = ""  # of a zip file, the one file in it
    manifest: str = ""  # the name of the manifest that names it
    delivery: str = ""  # files of the same one are parts of a whole; empty: it is one by itself
    parts: "tuple[tuple[str, SourceFile], ...]" = ()  # of a folder of tables, each with its table

    def check_unchanged(self) -> None:
        """Refuse a file that was written, replaced or taken away since it was hashed."""
        for _, part in self.parts:
            part.check_unchanged()
        if self.parts:
            return
        try:
            now = _stamp(self.path, self.format)
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


def find_files(
    source: Source, folder: Path, *, manifest: str = "", bucket: Bucket | None = None
) -> tuple[list[SourceFile], list[Finding]]:
    """Find the files of a source by its path: a file, a folder or a glob. Names are in order.

    Of a source on S3 `bucket` finds what is there, and copies what counts. Where manifests of that
    pattern lie among them, only the files they name count. The findings are warnings about files
    left out; whatever stops the source is raised, all of it.
    """
    files: list[SourceFile] = []
    findings: list[Finding] = []
    paths = bucket.find(manifest) if bucket else _paths(source, folder)
    whole = len(paths) == 1 and (
        paths[0] == folder / source.path or _shown(paths[0], folder) == source.path
    )
    chosen = _chosen(paths, manifest, folder)
    if chosen is not None:
        paths = sorted(chosen.named)
        findings.extend(chosen.findings)
    if bucket:
        paths = bucket.copy(paths)
    for path in paths:
        by = _shown(chosen.named[path], folder) if chosen else ""
        try:
            file = _open(path, folder, named=whole or chosen is not None)
        except CostLensError as error:
            findings.extend(error.findings)
        else:
            if file is not None:
                delivery = by or (part_key(file.name) if manifest else "")
                files.append(replace(file, manifest=by, delivery=delivery))
    if any(finding.severity == "error" for finding in findings):
        raise CostLensError(findings=findings)
    if not files:
        raise _nothing(source, paths)
    return files, findings


def _nothing(source: Source, paths: Sequence[Path]) -> CostLensError:
    seen = ", ".join(path.name for path in paths[:3])
    return CostLensError(
        f'no file to read in "{source.path}"' + (f", only {seen}" if seen else ""),
        where=source.place,
        hint="put the .csv, .csv.gz, .parquet or .jsonl files there, or correct path:",
    )


def _chosen(paths: Sequence[Path], manifest: str, folder: Path) -> Chosen | None:
    """Let manifests choose among paths, where the pack knows any and there are some."""
    if not manifest:
        return None
    return choose(
        paths,
        manifest,
        is_data=lambda path: _kind(path) is not None,
        show=lambda path: _shown(path, folder),
    )


def deliveries_of(files: Sequence[SourceFile]) -> list[tuple[SourceFile, ...]]:
    """Put the parts of each delivery together, in the order of their names."""
    together: dict[str, list[SourceFile]] = {}
    for file in files:
        together.setdefault(file.delivery or file.name, []).append(file)
    return [tuple(parts) for parts in together.values()]


def named_file(path: Path) -> SourceFile:
    """Hash one file that is named for itself."""
    file = _open(path, path.parent, named=True)
    assert file is not None  # only a file found in a folder is passed over
    return file


def peek_file(path: Path, shown: str) -> SourceFile | None:
    """Know a file of a folder by its first bytes, unhashed; None for one that no pack reads."""
    stamp = _stamp(path, "sqlite")
    with path.open("rb") as opened:
        kind = _format(opened, path, shown, stamp[0], named=False)
    if kind is None:
        return None
    return SourceFile(
        path=path,
        name=shown,
        format=kind[0],
        zipped=kind[1],
        sha256="",
        size=stamp[0],
        stamp=stamp if kind[0] == "sqlite" else stamp[:3],
    )


def part_key(name: str) -> str:
    """Name the delivery a file is a part of: its name without what numbers the part."""
    folder, _, file = name.rpartition("/")
    stem, dot, suffix = file.partition(".")
    stem = re.sub(r"part[-_]?\d+.*$", "part", stem, flags=re.IGNORECASE)
    stem = re.sub(r"-\d{5}$", "", stem)
    return f"{folder}/{stem}{dot}{suffix}"


def _paths(source: Source, folder: Path) -> list[Path]:
    if re.match(r"[a-z][a-z0-9]+://", source.path):
        raise CostLensError(
            f'cannot read "{source.path}"',
            where=source.place,
            hint="files are read from a folder or from s3://: copy it into one of them",
        )
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
    shown = _shown(path, folder)
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


def _shown(path: Path, folder: Path) -> str:
    if there := name_in_bucket(path):
        return there
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)


def _kind(path: Path) -> str | None:
    """Know a file's format by its name."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in (".gz", ".gzip", ".zip"):
        suffixes.pop()
    return _SUFFIXES.get(suffixes[-1]) if suffixes else None


def _member(path: Path, shown: str) -> str:
    """Find the one file in a zip file."""
    try:
        with zipfile.ZipFile(path) as packed:
            names = [name for name in packed.namelist() if not name.endswith("/")]
    except zipfile.BadZipFile:
        raise CostLensError(
            "is cut short: a zip file ends in its index, this one does not",
            where=shown,
            hint="deliver it again, whole",
        ) from None
    if len(names) != 1:
        raise CostLensError(
            f"holds {len(names)} files, where one should be", where=shown, hint="unpack it"
        )
    return names[0]


def _read_through(path: Path, shown: str, *, named: bool) -> SourceFile | None:
    before = path.stat()
    stamp = _stamp(path, "sqlite")
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
        member = _member(path, shown) if kind[0] == "csv" and path.suffix.lower() == ".zip" else ""
        digest = _hash(opened, *(beside(path) if kind[0] == "sqlite" else ()))
    file = SourceFile(
        path=path,
        name=shown,
        format=kind[0],
        zipped=kind[1],
        sha256=digest,
        size=before.st_size,
        stamp=stamp if kind[0] == "sqlite" else stamp[:3],
        member=member,
    )
    file.check_unchanged()
    return file


def _format(
    opened: BinaryIO, path: Path, shown: str, size: int, *, named: bool
) -> tuple[str, bool] | None:
    """Know a file's format and whether it is zipped, by its first and last bytes and its name."""
    start = opened.read(16)
    opened.seek(max(0, size - 4))
    end = opened.read(4)
    opened.seek(0)
    suffixes = [suffix.lower() for suffix in path.suffixes]
    zipped = start[:2] == b"\x1f\x8b"
    last = suffixes[-1] if suffixes else ""
    if last in (".gz", ".gzip") and not zipped:
        raise CostLensError("is named .gz but is not gzipped", where=shown, hint="deliver it again")
    kind = _kind(path)
    if start == b"SQLite format 3\0" or (zipped and {*suffixes[-2:]} & _DATABASES):
        return "sqlite", zipped
    if last == ".zip" and kind == "csv" and start[:2] == b"PK":
        return "csv", False
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


def beside(path: Path) -> list[Path]:
    """Find the files that hold what SQLite has not yet written into the database itself."""
    logs = (path.with_name(f"{path.name}-{log}") for log in ("wal", "journal"))
    return [log for log in logs if log.is_file() and log.stat().st_size]


def _hash(opened: BinaryIO, *more: Path) -> str:
    hashed = hashlib.sha256()
    while chunk := opened.read(_CHUNK):
        hashed.update(chunk)
    for path in more:
        hashed.update(path.read_bytes())
    return hashed.hexdigest()


def _stamp(path: Path, kind: str) -> tuple[int, ...]:
    files = [path, *(beside(path) if kind == "sqlite" else ())]
    stats = [file.stat() for file in files]
    return tuple(n for stat in stats for n in (stat.st_size, stat.st_mtime_ns, stat.st_ino))


def _finding(message: str, where: str, hint: str, severity: str = "error") -> Finding:
    return Finding(message=message, where=where, hint=hint, code="bad_file", severity=severity)
