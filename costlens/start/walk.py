"""Walk a folder for files that might be exports, and read no more of each than its header."""

import os
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from costlens.config.workspace import TABLED
from costlens.errors import CostLensError
from costlens.ingest.fetch import SourceFile, assumed, peek_file, put_as_one
from costlens.ingest.file_store import is_store
from costlens.ingest.header import Header, read_header
from costlens.ingest.packs import Pack
from costlens.ingest.sqlite import columns_of, opened_database
from costlens.start import foreign

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_OURS = ("lake", "catalog", "reports", "connectors", "dashboards")  # beside a costlens.yaml
_TOOLS = ("node_modules", "site-packages", "venv")


@dataclass(frozen=True, kw_only=True)
class Peeked:
    """A file or folder of which the beginning was looked at.

    `tables` holds the columns of each table: of a database, or the one named "" of a file.
    """

    shown: str  # relative to the folder that is walked
    file: SourceFile | None = None
    tables: dict[str, Header] = field(default_factory=dict)
    why: str = ""  # it cannot be read at all

    @property
    def folder(self) -> str:
        """The folder it stands in, relative; empty for the folder that is walked."""
        return self.shown.rpartition("/")[0]


def walk(con: "DuckDBPyConnection", folder: Path, packs: Sequence[Pack]) -> list[Peeked]:
    """Look at every file below a folder, in order; hidden ones and what CostLens writes are not.

    `packs` know names whose suffix says nothing.
    """
    with tempfile.TemporaryDirectory(prefix="costlens-") as staging:
        return [
            _peek(con, path, shown, Path(staging), assumed=_assumed(path, packs))
            for path, shown in sorted(_paths(folder))
        ]


def _assumed(path: Path, packs: Sequence[Pack]) -> str:
    """Say what a file is whose suffix says nothing, by the names that packs know."""
    return next((kind for pack in packs if (kind := assumed(path, pack.description))), "")


def _paths(folder: Path) -> Iterator[tuple[Path, str]]:
    for root, folders, names in os.walk(folder):
        here = Path(root)
        if here != folder and "costlens.yaml" in names:  # a workspace of its own
            folders.clear()
            yield here, f"{here.relative_to(folder).as_posix()}/"
            continue
        if here != folder and is_store(here):
            folders.clear()
            yield here, f"{here.relative_to(folder).as_posix()}/"
            continue
        skipped = (*_TOOLS, *(_OURS if here == folder else ()))
        folders[:] = [name for name in folders if name[0] not in "._" and name not in skipped]
        for name in names:
            if name[0] not in "._" and not (here == folder and name in ("costlens.yaml", *TABLED)):
                yield here / name, (here / name).relative_to(folder).as_posix()


def _peek(
    con: "DuckDBPyConnection", path: Path, shown: str, staging: Path, *, assumed: str
) -> Peeked:
    if shown.endswith("/") and is_store(path):
        return Peeked(shown=shown, file=put_as_one(shown, "mlruns", (), path=path))
    if shown.endswith("/"):
        return Peeked(shown=shown, why="a workspace of its own: it has a costlens.yaml")
    try:
        size = path.stat().st_size
        if not path.is_file():  # a pipe would keep who opens it waiting
            return Peeked(shown=shown, why="neither a file nor a folder")
        if not size:
            return Peeked(shown=shown, why="empty")
        file = peek_file(path, shown, assumed=assumed)
        if file is not None:
            return Peeked(shown=shown, file=file, tables=_tables(con, file, staging, assumed))
        why = foreign.by_suffix(path.name)
    except CostLensError as error:
        is_page = foreign.is_json(path.name)  # a tool's own, such as a manifest
        why = foreign.by_suffix(path.name) if is_page else error.findings[0].message
    except FileNotFoundError:
        why = "a link to nothing" if path.is_symlink() else "vanished while it was looked at"
    except OSError as error:
        why = f"cannot be read: {(error.strerror or str(error)).lower()}"
    return Peeked(shown=shown, why=why)


def _tables(
    con: "DuckDBPyConnection", file: SourceFile, staging: Path, assumed: str
) -> dict[str, Header]:
    import duckdb

    if file.format == "sqlite":
        try:
            with opened_database(file, staging) as database:
                return {t: Header(names=names) for t, names in columns_of(database).items()}
        except sqlite3.Error as error:
            raise CostLensError(f"cannot be read as a database: {error}") from error
    link = staging / f"{len(list(staging.iterdir()))}"
    link.symlink_to(file.path.resolve())
    try:
        return {"": read_header(con, file, link=link, begin=bool(assumed))}
    except duckdb.Error as error:
        if foreign.is_json(file.name):  # not one a line: a document, or a tool's own
            return {"": Header(names=())}
        raise CostLensError(f"cannot be read: {str(error).partition(chr(10))[0]}") from error
