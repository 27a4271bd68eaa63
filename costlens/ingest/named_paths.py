"""The files that the path of a source names on this machine."""

import fnmatch
import glob
import os
import re
from collections.abc import Iterator
from pathlib import Path

from costlens.config.values import Source
from costlens.errors import CostLensError


def paths_of(source: Source, folder: Path) -> list[Path]:
    """List the files of a path, which is that of a file, a folder or a glob; raise for none."""
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
