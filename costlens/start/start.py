"""Look through a folder of exports, and write a first workspace for what is recognised."""

import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from costlens.config import load
from costlens.config.values import Source
from costlens.errors import CostLensError
from costlens.ingest import find_packs
from costlens.start.catalogue import found_yaml, todo_yaml
from costlens.start.documents import held_by
from costlens.start.draft import Drafted
from costlens.start.group import group
from costlens.start.read import Found, keep_counted, mark_doubles, read_sources
from costlens.start.recognise import Unknown, recognise
from costlens.start.rules import find_rules
from costlens.start.settings import settings_yaml
from costlens.start.things import find_things
from costlens.start.walk import walk

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_SETTINGS, _CATALOGUE = "costlens.yaml", "catalog"


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What a folder holds, and the files of a first workspace for it, by name."""

    found: tuple[Found, ...]
    unknown: tuple[Unknown, ...]
    drafted: Drafted
    files: dict[str, str]


def look(
    con: "DuckDBPyConnection", folder: Path, *, into: Path, say: Callable[[str], None]
) -> Looked:
    """Recognise and read what a folder holds; paths are written relative to `into`."""
    say(f"look through {folder}")
    packs = find_packs(into)
    peeked = walk(con, folder, packs)
    with tempfile.TemporaryDirectory(prefix="costlens-") as staging:
        documents = held_by(con, peeked, packs, staging=Path(staging))
    fits, unknown = recognise(peeked, packs, documents=documents)
    readable = [one.shown for one in peeked if one.file is not None]
    found = [
        Found(
            candidate=one,
            source=Source(name=one.name, type=one.pack.name, path=one.path),
            path=_from(folder, one.path, into),
        )
        for one in group(fits, folder=folder, readable=readable)
    ]
    read_sources(con, found, folder=folder, say=say)
    mark_doubles(found)
    keep_counted(con, found)
    drafted = Drafted(currency=_currency(found))
    if found:
        say("write a first catalogue")
        find_things(con, drafted)
        find_rules(con, drafted)
    covered = [one.candidate.path for one in found if one.candidate.path.endswith("/")]
    return Looked(
        found=tuple(found),
        unknown=tuple(_worth_telling(unknown, covered)),
        drafted=drafted,
        files={
            _SETTINGS: settings_yaml(found, currency=drafted.currency),
            f"{_CATALOGUE}/found.yaml": found_yaml(drafted),
            f"{_CATALOGUE}/todo.yaml": todo_yaml(drafted),
        },
    )


def check_free(into: Path) -> None:
    """Refuse a folder that has a workspace: nothing of a user's is ever overwritten."""
    for name in (_SETTINGS, _CATALOGUE):
        if (into / name).exists() or (into / name).is_symlink():
            raise CostLensError(
                "exists already: nothing was written",
                where=str(into / name),
                hint="to see what would be found, add --dry-run; to write elsewhere, --into FOLDER",
            )


def write(files: dict[str, str], into: Path) -> None:
    """Write all files of a workspace or none; what is there already stays."""
    try:
        into.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".costlens-init-", dir=into) as staging:
            for name, text in files.items():
                path = Path(staging) / name
                path.parent.mkdir(exist_ok=True)
                path.write_text(text, encoding="utf-8")
            load(Path(staging))  # refused by our own reader, it is not handed to anybody
            check_free(into)
            catalogue = into / _CATALOGUE
            (Path(staging) / _CATALOGUE).rename(catalogue)
            try:
                # The last step: a workspace is there once its costlens.yaml is. A link never
                # replaces a file.
                os.link(Path(staging) / _SETTINGS, into / _SETTINGS)
            except OSError:
                catalogue.rename(Path(staging) / _CATALOGUE)
                raise
    except FileExistsError:
        check_free(into)
        raise
    except OSError as error:
        raise CostLensError(
            f"cannot be written: {(error.strerror or str(error)).lower()}",
            where=str(into),
            hint="write to another folder: --into FOLDER",
        ) from error


def _from(folder: Path, path: str, into: Path) -> str:
    """Write a path below `folder` as costlens.yaml in `into` names it."""
    if folder == into:
        return path
    slash = "/" if path.endswith("/") else ""
    relative = os.path.relpath(folder / path, into)
    far = relative.startswith("../../../")
    return (str(folder / path) if far else Path(relative).as_posix()) + slash


def _currency(found: Sequence[Found]) -> str:
    """Choose the currency of most lines."""
    lines: dict[str, int] = {}
    for one in found:
        for total in one.totals if one.counts else ():
            if total.currency:
                lines[total.currency] = lines.get(total.currency, 0) + total.lines
    return max(lines, key=lambda currency: lines[currency], default="USD")


def _worth_telling(unknown: Sequence[Unknown], covered: Sequence[str]) -> list[Unknown]:
    """Leave out what stands inside a source, such as a manifest; put like files together."""
    told = [
        one
        for one in unknown
        if not ("no kind of file" in one.why and any(one.shown.startswith(c) for c in covered))
    ]
    alike: dict[tuple[str, str], list[Unknown]] = {}
    for one in told:
        top = one.shown.partition("/")[0] if "/" in one.shown else ""
        alike.setdefault((top, one.why), []).append(one)
    rows: list[Unknown] = []
    for (top, why), ones in alike.items():
        if len(ones) > 2:
            where = f"{top}/" if top else "./"
            rows.append(replace(ones[0], shown=f"{where} ({len(ones)} files)", why=why))
        else:
            rows += ones
    return sorted(rows, key=lambda one: one.shown)
