"""Windows in words, seen from a day: `last month`, `month to date`, `last 13 weeks`."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from costlens.questions.window import ALWAYS, Window, months
from costlens.times import months_after


@dataclass(frozen=True, kw_only=True)
class Span:
    """A window and the name that files of it bear; `months` are those of its bills, if any."""

    label: str
    window: Window

    @property
    def months(self) -> tuple[str, ...]:
        """The billing months of a window of whole ones, at both ends known."""
        if "-" not in self.label or self.window == ALWAYS or self.window.start != ALWAYS.start:
            return ()
        found, day = [], date.fromisoformat(f"{self.window.first}-01")
        while f"{day:%Y-%m}" < self.window.after:
            found.append(f"{day:%Y-%m}")
            day = months_after(day, 1)
        return tuple(found)


def span_of(words: str, today: date) -> Span:
    """Read a window, seen from a day; months are billing periods, days and weeks are charge days.

    Weeks are of Monday to Sunday. The day itself is never over, so that it is in no `last`.
    """
    if words == "all":
        return Span(label="all", window=ALWAYS)
    if re.match(r"\d{4}-\d{2}", words):
        return Span(label=words.replace("..", "_"), window=months(words))
    first = today.replace(day=1)
    quarter = first.replace(month=(first.month - 1) // 3 * 3 + 1)
    last = re.fullmatch(r"last (\d+) (days|weeks|months)", words)
    count, unit = (int(last[1]), last[2]) if last else (1, "")
    days = {"last week": (_monday(today), 7), "days": (today, count)}
    days["weeks"] = (_monday(today), 7 * count)
    if found := days.get(words) or days.get(unit):
        return _days(*found)
    spans = {
        "month to date": (first, 1),
        "quarter to date": (quarter, first.month - quarter.month + 1),
        "year to date": (first.replace(month=1), first.month),
        "last month": (months_after(first, -1), 1),
        "last quarter": (months_after(quarter, -3), 3),
        "last year": (date(today.year - 1, 1, 1), 12),
        "months": (months_after(first, -count), count),
    }
    return _months(*(spans.get(words) or spans[unit]))


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _months(first: date, count: int) -> Span:
    last = months_after(first, count - 1)
    names = [f"{first:%Y-%m}", f"{last:%Y-%m}"]
    label = "_".join(dict.fromkeys(names))
    return Span(label=label, window=months("..".join(names)))


def _days(stop: date, count: int) -> Span:
    start = stop - timedelta(days=count)
    last = stop - timedelta(days=1)
    return Span(label=f"{start}_{last}", window=Window(start=start, stop=stop))
