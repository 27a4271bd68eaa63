"""Find the files of a source, and read them through once to know their content by its hash."""

import gzip
import hashlib
import os
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from costlens.config.values import Source
from costlens.errors import CostLensError, Finding
from costlens.ingest.cache import name_in_bucket
from costlens.ingest.file_store import files_of_store, is_store
from costlens.ingest.formats import (
    STRANGELY_PACKED,
    format_of,
    is_strange,
    kind_of,
    member_of,
)
from costlens.ingest.manifests import Chosen, Named, choose
from costlens.ingest.named_paths import paths_of
from costlens.ingest.packs import Description
from costlens.ingest.rolled import put_together

if TYPE_CHECKING:
    from costlens.ingest.remote import Remote

_CHUNK = 1 << 20


@dataclass(frozen=True, kw_only=True)
class SourceFile:
    """A file of a source: where it is, what is in it, and what it was when it was hashed."""

    path: Path
    name: str  # as findings and the lake show it: relative to the workspace where it can be
    # csv, parquet, jsonl, sqlite; of several files, its `parts`: folder, documents, database or
    # databases
    format: str
    zipped: bool
    sha256: str
    size: int
    stamp: tuple[int, ...]
    member: str = ""  # of a zip file, the one file in it
    manifest: str = ""  # the name of the manifest that names it
    delivery: str = ""  # files of the same one are parts of a whole; empty: it is one by itself
    log: str = ""  # where a log rolls over: what its parts are parts of
    parts: "tuple[tuple[str, SourceFile], ...]" = ()  # of a folder of tables, each with its table
    kind: str = ""  # one of its pack's kinds, where its manifest or its name tells
    rows: int | None = None  # as many as its manifest says it has

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


def put_as_one(
    name: str, kind: str, parts: "Sequence[tuple[str, SourceFile]]", *, path: Path
) -> SourceFile:
    """Make one of several files, each with its table where it has one."""
    told = "".join(f"{table or part.name}={part.sha256};" for table, part in parts)
    return SourceFile(
        path=path,
        name=name,
        format=kind,
        zipped=False,
        sha256=hashlib.sha256(told.encode()).hexdigest(),
        size=sum(part.size for _, part in parts),
        stamp=(),
        parts=tuple(parts),
    )


def find_files(
    source: Source, folder: Path, described: Description, remote: "Remote | None" = None
) -> tuple[list[SourceFile], list[Finding]]:
    """Find the files of a source by its path: a file, a folder or a glob. Names are in order.

    Of a source that is elsewhere `remote` finds what is there, and copies what counts. Where
    manifests of the pack's pattern lie among them, only the files they name count. The findings are
    warnings about what is left out; whatever stops the source is raised, all of it.
    """
    root = folder / Path(source.path).expanduser()
    if not remote and "mlruns" in described.format and is_store(root):
        return _store(root, folder, described)
    files: list[SourceFile] = []
    findings: list[Finding] = []
    paths = remote.find(described.manifest) if remote else paths_of(source, folder)
    whole = len(paths) == 1 and (
        paths[0] == folder / source.path or _shown(paths[0], folder) == source.path
    )
    found = [path for path in paths if whole or _is_ours(path, described)]
    chosen = _chosen(paths, described, folder)
    if chosen is not None:
        found = sorted(chosen.named)
        findings.extend(chosen.findings)
    if remote:
        found = remote.copy(found)
        findings.extend(remote.findings)
    for path in found:
        by = chosen.named[path] if chosen else None
        try:
            file = _open(
                path, folder, named=whole or chosen is not None, assumed=assumed(path, described)
            )
        except CostLensError as error:
            findings.extend(_repacked(error.findings, described))
        else:
            if file is not None:
                file = _placed(file, by, described, folder)
                if by and by.type and described.kinds and not file.kind:
                    findings.append(_other_export(file, by))
                else:
                    files.append(file)
    if any(finding.severity == "error" for finding in findings):
        raise CostLensError(findings=findings)
    if not files and source.aws is None:
        raise _nothing(source, paths)
    if described.paths:
        files, noted = put_together(files, described, sampled=bool(remote and remote.sample))
        findings += noted
    return files, findings


def _store(
    root: Path, folder: Path, described: Description
) -> tuple[list[SourceFile], list[Finding]]:
    """Make one of the files of MLflow's file store that count; a run without its own is told."""
    parts: list[tuple[str, SourceFile]] = []
    findings: list[Finding] = []
    for table, path in files_of_store(root, described):
        if table == "runs" and not path.exists():
            message = "is missing: its folder is not read as a run"
            hint = "restore it, or remove the folder"
            findings.append(_finding(message, _shown(path, folder), hint, "warning"))
            continue
        part = _open(path, folder, named=True, assumed="text")
        assert part is not None  # what is named is never passed over
        parts.append((table, part))
    store = put_as_one(f"{_shown(root, folder)}/", "mlruns", parts, path=root)
    names = "".join(f"{part.path.relative_to(root)};" for _, part in parts)
    told = hashlib.sha256(f"{store.sha256}{names}".encode()).hexdigest()
    return [replace(store, sha256=told)], findings


def _is_ours(path: Path, described: Description) -> bool:
    """Say whether a file of a folder is one that a pack might read, by its name."""
    if described.names and kind_of(path) is None:
        return bool(assumed(path, described))
    return not is_strange(path, described)


def assumed(path: Path, described: Description) -> str:
    """Say what a file is whose suffix says nothing, by the names that a pack knows."""
    known = described.names and re.search(described.names, path.as_posix())
    if not known:
        return ""
    return "jsonl" if described.format[0] == "json" else described.format[0]  # as by its name


def _repacked(findings: Sequence[Finding], described: Description) -> Iterator[Finding]:
    """Say how the pack's own tool packs files so that they are read."""
    for one in findings:
        told = described.repack and one.code == STRANGELY_PACKED
        yield replace(one, hint=described.repack) if told else one


def _nothing(source: Source, paths: Sequence[Path]) -> CostLensError:
    seen = ", ".join(path.name for path in paths[:3])
    if paths and all(path.is_file() and not path.stat().st_size for path in paths):
        return CostLensError(
            f'no file in "{source.path}" has anything in it: {seen}',
            where=source.place,
            hint="deliver them again, whole",
        )
    return CostLensError(
        f'no file to read in "{source.path}"' + (f", only {seen}" if seen else ""),
        where=source.place,
        hint="put the .csv, .csv.gz, .parquet or .jsonl files there, or correct path:",
    )


def _chosen(paths: Sequence[Path], described: Description, folder: Path) -> Chosen | None:
    """Let manifests choose among paths, where the pack knows any and there are some."""
    if not described.manifest:
        return None
    return choose(
        paths,
        described.manifest,
        is_data=lambda path: kind_of(path) is not None and not is_strange(path, described),
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
    file = _open(path, path.parent, named=True, assumed="")
    assert file is not None  # only a file found in a folder is passed over
    return file


def unpacked_hashes(files: Sequence[SourceFile]) -> dict[str, str]:
    """Hash what is in files that may be copies of each other, packed otherwise: by their own hash.

    Such have the same length unpacked, which stands at the end of gzip's data.
    """
    alike: dict[int, list[SourceFile]] = {}
    for file in files:
        if file.format in ("csv", "jsonl") and not file.member:
            alike.setdefault(_unpacked_size(file), []).append(file)
    several = [file for some in alike.values() if some[1:] for file in some]
    return {file.sha256: _unpacked_hash(file) if file.zipped else file.sha256 for file in several}


def _unpacked_size(file: SourceFile) -> int:
    """Give the length of a file's text, of what is over 4 GiB without these, as gzip does."""
    if not file.zipped or file.size < 4:
        return file.size % (1 << 32)
    with file.path.open("rb") as opened:
        opened.seek(-4, os.SEEK_END)
        return int.from_bytes(opened.read(4), "little")


def _unpacked_hash(file: SourceFile) -> str:
    try:
        with gzip.open(file.path, "rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except (EOFError, OSError, zlib.error):
        return file.sha256  # cut or damaged: whoever reads it says so


def peek_file(path: Path, shown: str, *, assumed: str) -> SourceFile | None:
    """Know a file of a folder by its first bytes, unhashed; None for one that no pack reads."""
    stamp = _stamp(path, "sqlite")
    with path.open("rb") as opened:
        kind = format_of(opened, path, shown, stamp[0], named=False, assumed=assumed)
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
    stem = re.sub(r"-\d{5}$|[-_]?0000\d{8}$", "", stem)
    return f"{folder}/{stem}{dot}{suffix}"


def _placed(file: SourceFile, by: Named | None, described: Description, folder: Path) -> SourceFile:
    """Say which delivery a file is a part of, and of which of the pack's kinds it is."""
    if not described.manifest:
        return file
    told = by.type if by and by.type else file.name
    kind, pattern = next(
        (
            (kind, pattern)
            for kind, pattern in described.kinds.items()
            if re.search(pattern, told, re.IGNORECASE)
        ),
        ("", ""),
    )
    alike = re.sub(pattern, "", file.name, flags=re.IGNORECASE) if kind else file.name
    return replace(
        file,
        manifest=_shown(by.manifest, folder) if by else "",
        delivery=by.whole if by else part_key(alike),
        kind=kind,
        rows=by.rows if by else None,
    )


def _other_export(file: SourceFile, by: Named) -> Finding:
    return Finding(
        message=f"is left out: it is an export of {by.type}",
        where=file.name,
        hint="name it in a source of the pack that reads it: "
        + ("focus" if "focus" in by.type.casefold() else "azure"),
        code="left_out",
        severity="warning",
    )


def _open(path: Path, folder: Path, *, named: bool, assumed: str) -> SourceFile | None:
    """Hash a file and know its format; None for one in a folder that no pack reads."""
    shown = _shown(path, folder)
    try:
        return _read_through(path, shown, named=named, assumed=assumed)
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


def _read_through(path: Path, shown: str, *, named: bool, assumed: str) -> SourceFile | None:
    before = path.stat()
    stamp = _stamp(path, "sqlite")
    if not path.is_file():
        raise CostLensError("is neither a file nor a folder", where=shown)
    if before.st_size == 0 and assumed != "text":
        told = "deliver it again, or remove it"
        severity = "error" if named else "warning"
        raise CostLensError(findings=[_finding("is empty", shown, told, severity)])
    with path.open("rb") as opened:
        kind: tuple[str, bool] | None = (assumed, False)
        if assumed != "text":
            kind = format_of(opened, path, shown, before.st_size, named=named, assumed=assumed)
        if kind is None:
            return None
        member = (
            member_of(path, shown) if kind[0] == "csv" and path.suffix.lower() == ".zip" else ""
        )
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
