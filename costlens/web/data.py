"""What pages are made from: the latest build, and one build's answers to every part of a page."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, lru_cache
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Lock

from costlens.lake import Build, Lake
from costlens.questions.ask import Answer, Asked, open_again, open_build, set_rates
from costlens.questions.explaining import Why, explain_stages
from costlens.questions.window import Window
from costlens.questions.worth import roi

_LOOK_AGAIN = 1.0  # seconds between two looks for a newer build
_KEPT = 3  # builds that stay open: the latest, and those that open pages were made from
_ANSWERS = 256


@dataclass(frozen=True, kw_only=True)
class Month:
    """A month there are bills for, and up to which day."""

    month: str
    first_day: date
    last_day: date
    is_partial: bool


class Data:
    """One build, answering every part of a page; each answer is computed once."""

    def __init__(self, lake: Lake, number: int) -> None:
        self._root = open_build(lake, number)
        self._free: SimpleQueue[Asked] = SimpleQueue()
        self._answer = lru_cache(maxsize=_ANSWERS)(self._compute)
        set_rates(self._root.con, self._root.build, self.currency)  # also says when one is missing

    @property
    def build(self) -> Build:
        """The build that answers."""
        return self._root.build

    @property
    def number(self) -> int:
        """The build's number."""
        return self.build.number

    @property
    def built_at(self) -> datetime:
        """When the build was made, in UTC."""
        return self.build.built_at

    @property
    def basis(self) -> str:
        """The basis that costlens.yaml shows first."""
        return str(self.build.settings["basis"])

    @property
    def currency(self) -> str:
        """What every page is in: the currency of costlens.yaml, by each billing month's rate."""
        return str(self.build.settings["currency"])

    @cached_property
    def months(self) -> tuple[Month, ...]:
        """The months there are bills for, oldest first."""
        answer = self.ask("months")
        return tuple(Month(**dict(zip(answer.columns, row, strict=True))) for row in answer.rows)

    def ask(self, question: str, **given: object) -> Answer:
        """Answer a question of `costlens/questions`, in the currency of the pages."""

        def put(asked: Asked) -> Answer:
            return asked.ask(question, **given)

        return self._answer(_Key((question, *sorted(given.items())), put))

    def explain(self, why: Why) -> Answer:
        """Explain an amount."""
        return self._answer(_Key(("explain", why), lambda asked: explain_stages(asked, why)))

    def roi(self, *, level: str, basis: str, window: Window) -> Answer:
        """Hold cost against declared benefit."""

        def put(asked: Asked) -> Answer:
            try:
                return roi(asked, level=level, basis=basis, window=window, currency=self.currency)
            finally:
                set_rates(asked.con, asked.build, self.currency)

        return self._answer(_Key(("roi", level, basis, window), put))

    def _compute(self, key: "_Key") -> Answer:
        with self._asking() as asked:
            return key.put(asked)

    @contextmanager
    def _asking(self) -> Iterator[Asked]:
        """Lend a connection of its own to whoever asks: an unread result blocks the next one."""
        try:
            asked = self._free.get_nowait()
        except Empty:
            asked = open_again(self._root, currency=self.currency)
        try:
            yield asked
        finally:
            self._free.put(asked)


@dataclass(frozen=True)
class _Key:
    """A question with its parameters; how it is put to the build is no part of the key."""

    says: tuple[object, ...]
    put: Callable[[Asked], Answer]

    def __hash__(self) -> int:
        return hash(self.says)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.says == other.says


class Builds:
    """The builds of a lake; looks for a newer one at most once a second."""

    def __init__(self, lake: Path) -> None:
        self._lake = Lake(lake)
        self._lock = Lock()
        self._open: dict[int, Data] = {}
        self._looked = -_LOOK_AGAIN
        self._latest: int | None = None

    def latest(self) -> int | None:
        """Name the latest build; None before the first one."""
        with self._lock:
            if time.monotonic() - self._looked >= _LOOK_AGAIN:
                self._latest = self._lake.newest()
                self._looked = time.monotonic()
            return self._latest

    def at(self, number: int) -> Data:
        """Open a build of a number, once."""
        with self._lock:
            if number not in self._open:
                self._open[number] = Data(self._lake, number)
                for old in sorted(self._open)[:-_KEPT]:
                    if old != number:
                        del self._open[old]
            return self._open[number]
