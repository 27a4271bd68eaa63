"""What questions in Python are given: days or months, a basis, a currency, as people write them."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import wraps
from typing import Any, ParamSpec, TypedDict, TypeVar, cast, get_type_hints

from costlens.errors import CostLensError
from costlens.questions.window import ALWAYS, Window, months, read_day
from costlens.times import months_after, next_month

Day = str | date | datetime
_P = ParamSpec("_P")
_R = TypeVar("_R")


class Money(TypedDict, total=False):
    """A currency to convert to, by each billing month's rate in fx.csv."""

    currency: str | None


class Amounts(Money, total=False):
    """And the basis, `effective` or `billed`."""

    basis: str | None


class Days(TypedDict, total=False):
    """Days from `start` to `stop`, which no longer counts, or billing months."""

    start: Day | None
    stop: Day | None
    month: str | None


class DaysAndMoney(Days, Money, total=False):
    """A window and a currency."""


class Scope(Days, Amounts, total=False):
    """All of them."""


class Months(Amounts, total=False):
    """Billing months, a basis and a currency."""

    month: str | None


class InBasis(TypedDict, total=False):
    """A basis alone."""

    basis: str | None


@dataclass(frozen=True, kw_only=True)
class Given:
    """What was given, read; of a basis or currency that was not, the default."""

    window: Window
    basis: str
    currency: str | None


def read(scope: Scope, *, basis: str) -> Given:
    """Read what was given; raise CostLensError for what cannot be meant."""
    wanted = among(scope.get("basis") or basis, ("effective", "billed"), "basis")
    window = _window(scope.get("start"), scope.get("stop"), scope.get("month"))
    return Given(window=window, basis=wanted, currency=scope.get("currency"))


def among(word: str, words: tuple[str, ...], name: str) -> str:
    """Insist that a word is one of some."""
    if word not in words:
        raise CostLensError(f'{name} cannot be "{word}"', hint=f"write one of: {', '.join(words)}")
    return word


def one_month(month: str) -> str:
    """Insist on one billing month."""
    window = _window(None, None, month)
    if window.after != next_month(window.first):
        raise CostLensError(f'"{month}" is several months: write one, such as 2026-10')
    return window.first


def in_words(window: Window) -> str:
    """Say a window, for above a frame."""
    if window == ALWAYS:
        return "all days"
    if window.start == ALWAYS.start and window.stop == ALWAYS.stop:
        last = f"{months_after(date.fromisoformat(f'{window.after}-01'), -1):%Y-%m}"
        if last == window.first:
            return f"billing month {last}"
        return f"billing months {window.first}..{last}"
    start = "" if window.start == ALWAYS.start else f"from {window.start} "
    stop = "" if window.stop == ALWAYS.stop else f"until before {window.stop}"
    return f"{start}{stop}".strip()


def spelled_out(method: Callable[_P, _R]) -> Callable[_P, _R]:
    """Name the words of `**scope` one by one, in help and completion, and take no others."""
    bare = inspect.signature(method)
    *named, scope = bare.parameters.values()
    (words,) = scope.annotation.__args__
    spelled = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)
        for name, kind in get_type_hints(words).items()
    ]
    signature = bare.replace(parameters=[*named, *spelled])

    @wraps(method)
    def called(*args: _P.args, **given: _P.kwargs) -> _R:
        signature.bind(*args, **given)
        return method(*args, **given)

    cast("Any", called).__signature__ = signature  # Any: functions have no such attribute
    return called


def _window(start: Day | None, stop: Day | None, month: str | None) -> Window:
    if month is not None:
        if start is not None or stop is not None:
            raise CostLensError("month goes without start and stop")
        try:
            return months(month)
        except ValueError as error:
            raise CostLensError(str(error)) from error
    window = Window(
        start=ALWAYS.start if start is None else _day(start),
        stop=ALWAYS.stop if stop is None else _day(stop),
    )
    if window.start >= window.stop:
        raise CostLensError(f"the window is empty: {window.start} is not before {window.stop}")
    return window


def _day(day: Day) -> date:
    if isinstance(day, datetime):  # which pandas' own times are
        return day.date()
    if isinstance(day, date):
        return day
    try:
        return read_day(day)
    except ValueError as error:
        raise CostLensError(str(error)) from error
