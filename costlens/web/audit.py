"""Who took which figures away: one line of CSV a download, written before it is answered."""

import csv
import io
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from costlens.errors import CostLensError
from costlens.web.who import Who

_HEADS = ("at", "who", "role", "address", "page", "table", "query", "build", "rows", "outcome")


@dataclass(frozen=True, kw_only=True)
class Export:
    """One download: what was asked for, and whether it was given."""

    who: Who
    address: str
    page: str
    table: str
    query: str  # as the link has it, with its question mark
    build: int | None
    rows: int | None
    outcome: str  # given, or refused


class Audit:
    """A file that lines are added to; a download that cannot be noted is not given."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            if not path.exists() or not path.stat().st_size:
                self._add(_HEADS)
            else:
                with path.open("ab"):
                    pass
        except OSError as error:
            raise CostLensError(
                f"downloads cannot be noted: {error.strerror or error}",
                where=str(path),
                hint="name a file that can be written: access: {audit: PATH}",
            ) from error

    def note(self, one: Export) -> None:
        """Add a line."""
        at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        who = (one.who.name, one.who.role, one.address)
        asked = (one.page, one.table, one.query, one.build, one.rows, one.outcome)
        self._add((at, *who, *asked))

    def _add(self, cells: tuple[object, ...]) -> None:
        """Write a line whole: several threads, and several servers, may write at once."""
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerow(cells)
        file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
        try:
            os.write(file, text.getvalue().encode())
        finally:
            os.close(file)
