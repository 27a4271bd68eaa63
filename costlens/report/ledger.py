"""The ledger of editions: what was made, and what went where, one line of JSON an event.

It lies beside the lake, with a folder for each edition's own files. A line is written whole and
synced before the next thing happens, so that a process which dies anywhere leaves a ledger that
tells the next one how far it came.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

from costlens.errors import CostLensError

What = Literal[
    "seen",  # a schedule, for the first time: nothing before it is due
    "made",
    "broken",  # it could not be made
    "sending",  # what cannot be taken back is about to happen
    "sent",
    "failed",  # surely not sent
    "unclear",  # it may have arrived, or not
    "given_up",
    "refreshed",
]


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened at a moment; times are naive UTC."""

    at: datetime
    what: What
    report: str = ""
    edition: str = ""
    to: str = ""
    due: datetime | None = None
    window: str = ""
    build: int | None = None
    built_at: datetime | None = None
    detail: str = ""
    places: list[str] = field(default_factory=list)


_TIMES = ("at", "due", "built_at")


class Ledger:
    """The ledger of a lake."""

    def __init__(self, lake: Path) -> None:
        self.folder = lake.resolve().with_name(f"{lake.name}.editions")
        self._file = self.folder / "ledger.jsonl"

    def files_of(self, report: str, edition: str) -> Path:
        """Name the folder of an edition's own files."""
        return self.folder / report / edition

    @contextmanager
    def held(self) -> Iterator[bool]:
        """Hold the ledger, and say whether we do: one process at a time makes and sends."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.folder / ".running", os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            reason = error.strerror or str(error)
            raise CostLensError(f"cannot write: {reason}", where=str(self.folder)) from error
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True
        finally:
            os.close(handle)

    def note(self, event: Event) -> None:
        """Write an event down for good."""
        said = {name: value for name, value in asdict(event).items() if value not in (None, "", [])}
        said |= {name: f"{said[name].isoformat()}Z" for name in _TIMES if name in said}
        line = json.dumps(said, ensure_ascii=False) + "\n"
        handle = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            end = os.fstat(handle).st_size
            if end and os.pread(handle, 1, end - 1) != b"\n":  # a line that was cut off
                line = "\n" + line
            os.write(handle, line.encode())
            os.fsync(handle)
        except OSError as error:
            reason = error.strerror or str(error)
            raise CostLensError(f"cannot write: {reason}", where=str(self._file)) from error
        finally:
            os.close(handle)

    def events(self) -> list[Event]:
        """Read all events, oldest first; a line that was cut off is none."""
        try:
            lines = self._file.read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return []
        found = []
        for line in lines:
            try:
                said = json.loads(line)
            except ValueError:
                continue
            for name in _TIMES:
                if name in said:
                    said[name] = datetime.fromisoformat(said[name]).replace(tzinfo=None)
            found.append(Event(**said))
        return found


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How one delivery of one edition stands; `tries` that failed since it was last asked for."""

    state: Literal["open", "sending", "sent", "failed", "unclear", "given_up"]
    tries: int = 0
    at: datetime | None = None
    detail: str = ""


def standing(events: list[Event], edition: Event, to: str) -> Standing:
    """Say how a delivery stands by what happened."""
    now = Standing(state="open")
    for event in events:
        if (event.report, event.edition, event.to) != (edition.report, edition.edition, to):
            continue
        if event.what in ("sending", "sent", "failed", "unclear", "given_up"):
            now = Standing(
                state=event.what,
                tries=now.tries + (event.what == "failed"),
                at=event.at,
                detail=event.detail,
            )
    return now


def editions(events: list[Event], report: str = "") -> list[Event]:
    """List the editions that were made, of one report or of all."""
    return [one for one in events if one.what == "made" and report in ("", one.report)]
