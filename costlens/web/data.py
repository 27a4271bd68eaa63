"""What pages are made from: the latest build, and one build's answers to every part of a page."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, partial
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Lock, Thread, local
from typing import cast

from costlens.errors import CostLensError
from costlens.lake import Build, Lake
from costlens.questions.ask import Answer, Asked, open_again, open_build, set_rates, wanted
from costlens.questions.explaining import Why, explain_stages
from costlens.questions.shelf import Shelf, hold
from costlens.questions.window import Window
from costlens.questions.worth import roi
from costlens.web.once import Once
from costlens.web.own import Own, owned_by
from costlens.web.who import EVERYBODY, Who

_LOG = logging.getLogger(__name__)
_LOOK_AGAIN = 1.0  # seconds between two looks for a newer build
_KEPT = 3  # builds that stay open: the latest, and those that open pages were made from
_ANSWERS = 256
_WAIT = 3.0  # seconds at most that a newer build is kept back while its usual pages are laid out


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
        self._currency = str(self.build.settings["currency"])
        self._others: dict[str, Data] = {}
        self._free: SimpleQueue[Asked] = SimpleQueue()
        self._answer = Once(self._compute, most=_ANSWERS)
        self._shelf = Shelf()
        hold(self._root.con)
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
        """What pages are in: that of costlens.yaml if no other, by each billing month's rate."""
        return self._currency

    @cached_property
    def currencies(self) -> tuple[str, ...]:
        """The currencies that all its bills have rates for, that of costlens.yaml first."""
        own = str(self.build.settings["currency"])
        named = sorted({str(rate["to"]) for rate in self.build.settings["fx"]} - {own})
        return (own, *(code for code in named if self._has_rates(code)))

    def in_currency(self, code: str) -> "Data":
        """Give the same build in another of its currencies."""
        if code == self._currency:
            return self
        if code not in self._others:
            other = copy(self)
            other._currency = code
            other._others = {self._currency: self}
            other._free = SimpleQueue()
            other._answer = Once(other._compute, most=_ANSWERS)
            self._others[code] = other
        return self._others[code]

    def _has_rates(self, code: str) -> bool:
        asked = open_again(self._root)
        try:
            set_rates(asked.con, asked.build, code)
        except CostLensError:
            return False
        finally:
            asked.con.close()
        return True

    @cached_property
    def months(self) -> tuple[Month, ...]:
        """The months there are bills for, oldest first."""
        answer = self.ask("months")
        return tuple(Month(**dict(zip(answer.columns, row, strict=True))) for row in answer.rows)

    def ask(self, question: str, **given: object) -> Answer:
        """Answer a question of `costlens/questions`, in the currency of the pages."""
        takes = wanted(question, given)  # what it does not take makes no other answer

        def put(asked: Asked) -> Answer:
            return asked.ask(question, **takes)

        return self._answer(_Key((question, *sorted(takes.items())), put))

    def explain(self, why: Why) -> Answer:
        """Explain an amount."""
        return self._answer(_Key(("explain", why), lambda asked: explain_stages(asked, why)))

    def work_out(self, name: str, make: Callable[..., Answer], **given: object) -> Answer:
        """Answer what takes more than one question; `make` takes the build and what is given.

        The parameters name the answer, so they say all that it depends on.
        """

        def put(asked: Asked) -> Answer:
            try:
                return make(asked, **given)
            finally:
                set_rates(asked.con, asked.build, self.currency)

        return self._answer(_Key((name, *sorted(given.items())), put))

    def roi(self, *, level: str, basis: str, window: Window) -> Answer:
        """Hold cost against declared benefit."""
        given = {"level": level, "basis": basis, "window": window}
        return self.work_out("roi", roi, **given, currency=self.currency)

    def _compute(self, key: "_Key") -> Answer:
        with self._asking() as asked:
            return key.put(asked)

    @contextmanager
    def _asking(self) -> Iterator[Asked]:
        """Lend a connection of its own to whoever asks: an unread result blocks the next one."""
        try:
            asked = self._free.get_nowait()
        except Empty:
            asked = open_again(self._root, currency=self.currency, shelf=self._shelf)
        try:
            yield asked
        finally:
            if asked.place is not None:
                asked.place.clear(asked.con)
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
    """The builds of a lake; looks for a newer one at most once a second.

    `who` says who asks: a viewer gets every build as an `Own`, so that no page, CSV or callback
    can pass it by.
    """

    def __init__(self, lake: Path, *, who: Callable[[], Who] = lambda: EVERYBODY) -> None:
        self._lake = Lake(lake)
        self._who = who
        self._lock = Lock()
        self._whole = Once(partial(Data, self._lake), most=_KEPT)
        self._ahead = local()  # what a thread that lays pages out ahead takes for the latest
        self._looked = -_LOOK_AGAIN
        self._latest: int | None = None
        self._next: tuple[int, float] | None = None  # the newer one, and until when it waits
        self._usual: Callable[[int], None] | None = None

    @property
    def lake(self) -> Path:
        """The folder that the builds lie in."""
        return self._lake.folder

    def ask_before(self, usual: Callable[[int], None]) -> None:
        """Ask the usual questions of each new build beside, before readers come to it."""
        self._usual = usual

    @contextmanager
    def as_latest(self, number: int) -> Iterator[None]:
        """Take a build for the latest in this thread, before readers do."""
        self._ahead.number = number
        try:
            yield
        finally:
            del self._ahead.number

    def latest(self) -> int | None:
        """Name the latest build; None before the first one."""
        ahead: int | None = getattr(self._ahead, "number", None)
        if ahead is not None:
            return ahead
        with self._lock:
            now = time.monotonic()
            if now - self._looked >= _LOOK_AGAIN:
                self._looked = now
                self._found(self._lake.newest(), now)
            if self._next is not None and now >= self._next[1]:
                self._latest, self._next = self._next[0], None
            return self._latest

    def _found(self, newest: int | None, now: float) -> None:
        """Take a newer build, or let it wait until its usual questions are asked."""
        known = self._latest if self._next is None else self._next[0]
        if newest is None or newest == known:
            return
        if self._usual is None:
            self._latest = newest
            return
        if self._latest is None:  # there is nothing that could be shown meanwhile
            self._latest = newest
        else:
            self._next = (newest, now + _WAIT)
        Thread(target=self._warm, args=(newest, self._usual)).start()

    def _warm(self, number: int, usual: Callable[[int], None]) -> None:
        try:
            self.whole(number)
            usual(number)
        except Exception:  # readers will see it themselves, with a word about it
            _LOG.exception("build %s could not be asked", number)
        with self._lock:
            if self._next is not None and self._next[0] == number:
                self._latest, self._next = number, None

    def asked(self, query: Mapping[str, str]) -> Data:
        """Open the build that a link names, else the latest; in its currency if there are rates."""
        named = query.get("build", "")
        if named and not named.isdecimal():
            raise CostLensError(f'"{named}" is no build', hint="leave build out for the latest")
        number = int(named) if named else self.latest()
        if number is None:
            raise CostLensError("nothing is built yet", hint="run: costlens refresh")
        data = self.at(number)
        code = query.get("currency", data.currency)
        return data.in_currency(code) if code in data.currencies else data

    def at(self, number: int) -> Data:
        """Open a build of a number, as far as it is for who asks."""
        who = self._who()
        data = self.whole(number)
        return data if who.teams is None else self._own(data, who.teams)

    def whole(self, number: int) -> Data:
        """Open a build of a number, once; for what no reader sees, such as the metrics."""
        return self._whole(number)

    def _own(self, data: Data, teams: frozenset[str]) -> Data:
        """Narrow a build to what teams own in it, and own to this day."""
        owned = owned_by(data, teams)
        latest = self.latest()
        if latest is not None and latest != data.number:
            owned &= owned_by(self.whole(latest), teams)
        return cast(Data, Own(data, owned))  # it refuses what it does not have
