"""Put recognised files together into sources: a folder, a glob or a file each."""

import glob
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from costlens.ingest.formats import is_strange
from costlens.ingest.packs import Pack
from costlens.start.names import is_partition, series, source_name, unique
from costlens.start.recognise import Fit


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A source as costlens.yaml will name it."""

    name: str
    path: str  # relative to the folder that was walked
    files: tuple[str, ...]
    pack: Pack
    version: str


def group(fits: Sequence[Fit], *, folder: Path, readable: Sequence[str]) -> list[Candidate]:
    """Make sources of recognised files; `readable` names every file that a source might read."""
    named: dict[str, Candidate] = {}
    for fitting in _together(fits, folder):
        described = fitting[0].pack.description
        read = {file for file in readable if not is_strange(Path(file), described)}
        for path, members in _paths(fitting, folder=folder, readable=read):
            name = unique(source_name(path), named)
            versions = dict.fromkeys(one.version for one in members if one.version)
            named[name] = Candidate(
                name=name,
                path=path,
                files=tuple(file for one in members for file in one.files),
                pack=members[0].pack,
                version=", ".join(versions),
            )
    return list(named.values())


def _together(fits: Sequence[Fit], folder: Path) -> Iterator[list[Fit]]:
    """Put files of one pack together that a folder, or its monthly folders, hold in a row.

    They belong together by their names, but for what differs from month to month, or by the same
    header.
    """
    roots: dict[tuple[str, str], list[Fit]] = {}
    for one in fits:
        if one.shown.endswith("/") or not one.shown or one.pack.description.tables:
            yield [one]
        else:
            root = _root(_folder(one), folder)
            roots.setdefault((root, one.pack.name), []).append(one)
    for (root, _), members in roots.items():
        rows: list[tuple[set[str], set[frozenset[str]], list[Fit]]] = []
        for one in members:
            name = series(one.shown.removeprefix(root).strip("/"))
            logs = bool(one.pack.description.names)  # no two of them need be alike
            same = [row for row in rows if logs or name in row[0] or one.header in row[1]]
            kept = [row for row in rows if row not in same]
            joined: tuple[set[str], set[frozenset[str]], list[Fit]] = ({name}, {one.header}, [])
            for row in same:
                joined[0].update(row[0])
                joined[1].update(row[1])
                joined[2].extend(row[2])
            joined[2].append(one)
            rows = [*kept, joined]
        yield from (sorted(row[2], key=lambda one: one.shown) for row in rows)


def _folder(one: Fit) -> str:
    """Name the folder a file stands in, of a log that rolls over the one its log stands in."""
    rolled = one.pack.description.rolled
    log = re.search(rolled, one.shown) if rolled else None
    return log["log"].rpartition("/")[0] if log else one.folder


def _root(inside: str, folder: Path) -> str:
    """Climb out of folders that only name a month or a delivery, to that of the export."""
    while inside:
        parent, _, last = inside.rpartition("/")
        beside = folder / parent / "metadata"  # as AWS delivers, data/ and metadata/ side by side
        if not is_partition(last) and not (last == "data" and beside.is_dir()):
            break
        inside = parent
    return inside


def _paths(
    members: Sequence[Fit], *, folder: Path, readable: set[str]
) -> Iterator[tuple[str, list[Fit]]]:
    """Write the path that names exactly these files: their folder, a glob, else each by itself."""
    first, files = members[0], {file for one in members for file in one.files}
    if first.pack.description.tables:
        yield _tables_path(first, readable), list(members)
        return
    root, pattern = _root(_folder(first), folder), _glob(sorted(files))
    # Further months of a bill will come to where this one is.
    monthly = first.pack.makes_charges and "#" in series(first.shown.rpartition("/")[2])
    in_a_row = len(members) > 1 or root != first.folder or monthly
    if root and in_a_row and _below(root, readable) == files:
        yield f"{root}/", list(members)
    elif len(members) > 1 and pattern and _matched(pattern, folder) == files:
        yield pattern, list(members)
    else:
        for one in members:
            yield one.shown, [one]


def _tables_path(fit: Fit, readable: set[str]) -> str:
    """Name a database, or a folder of tables; by a glob where other things stand there too."""
    if fit.shown and not fit.shown.endswith("/"):
        return fit.shown
    databases = (".db", ".sqlite", ".sqlite3", ".gz")
    strangers = _below(fit.folder, readable) - set(fit.files) if fit.folder else {".db"}
    if not any(Path(one).suffix in databases for one in strangers):
        return fit.shown
    deeper = any("/" in one.removeprefix(fit.shown) for one in fit.files)
    suffixes = {Path(one).suffix for one in fit.files}
    ending = suffixes.pop() if len(suffixes) == 1 else ".json*"  # only those come mixed
    return f"{fit.shown}{'**/' if deeper else ''}*{ending}"


def _below(root: str, readable: set[str]) -> set[str]:
    return {file for file in readable if file.startswith(f"{root}/")}


def _glob(files: Sequence[str]) -> str:
    """Write what all names have in common, with `*` for the rest."""
    if any(mark in file for file in files for mark in "*?[#"):
        return ""
    rows = {series(file) for file in files}
    if len(rows) == 1:
        return rows.pop().replace("#", "*")
    first, last = _common(files), _common([file[::-1] for file in files])[::-1]
    return f"{first}*{last}" if len(first) + len(last) <= min(map(len, files)) else ""


def _common(texts: Sequence[str]) -> str:
    """Give what all texts begin with."""
    shortest, longest = min(texts), max(texts)
    same = 0
    while same < len(shortest) and shortest[same] == longest[same]:
        same += 1
    return shortest[:same]


def _matched(pattern: str, folder: Path) -> set[str]:
    return set(glob.glob(pattern, root_dir=folder, recursive=True))  # noqa: PTH207 -- as sources are
