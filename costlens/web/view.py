"""What a link asks for, made valid: months, basis, level, name. The link is the state."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import urlencode

from costlens.errors import CostLensError
from costlens.questions.window import Window, months
from costlens.times import next_month
from costlens.web.data import Data, Month
from costlens.web.formats import long_month, short_month

LEVELS = ("product", "model", "feature")
BASES = ("effective", "billed")
PRESETS = {
    "last": "Last full month",
    "last3": "Last 3 full months",
    "mtd": "Month to date",
    "qtd": "Quarter to date",
    "ytd": "Year to date",
    "all": "All months",
}
COMPARED = ("before", "none")
# What goes along from page to page.
CARRIED = ("month", "basis", "by", "owner", "product", "compare", "currency", "build")


@dataclass(frozen=True, kw_only=True)
class View:
    """A link's filters, all of them valid, and a note on each one that was not."""

    first: str  # the months, both ends in
    last: str
    before: str  # the first month of a window as long, just before; `first` where there is none
    month: str  # as the link has it
    basis: str
    level: str
    name: str
    query: tuple[tuple[str, str], ...]
    owner: str | None = None  # the team whose things are named
    product: str | None = None  # the product whose things are named
    compare: str = "before"
    notes: tuple[str, ...] = field(default=())

    @property
    def window(self) -> Window:
        """The months as questions take them."""
        return Window(first=self.first, after=next_month(self.last))

    @property
    def given(self) -> dict[str, object]:
        """What questions take; those that do not need one leave it."""
        named = {"level": self.level, "target": self.name, "basis": self.basis}
        return {**named, "before": self.before, **self.window.given}

    @property
    def scoped(self) -> dict[str, object]:
        """What questions take that name only some: those of an owner, or of a product."""
        return {**self.given, "owner": self.owner, "product": self.product}

    def asked(self, key: str) -> str:
        """Give what the link says of a key of the page's own; nothing where it says nothing."""
        return dict(self.query).get(key, "")

    @property
    def months_said(self) -> str:
        """The window in words."""
        if self.first == self.last:
            return long_month(self.last)
        if self.first[:4] == self.last[:4]:
            return f"{long_month(self.first)[:-5]} to {long_month(self.last)}"
        return f"{long_month(self.first)} to {long_month(self.last)}"

    @property
    def before_said(self) -> str:
        """The window before, in words."""
        if next_month(self.before) == self.first:
            return long_month(self.before)
        return "the months before"

    @property
    def before_short(self) -> str:
        """The window before, where there is little room."""
        if next_month(self.before) == self.first:
            return short_month(self.before)
        return "the months before"

    def link(self, path: str, **more: str) -> str:
        """Write a link that carries the filters."""
        query = "&".join(part for part in (_carried(self.query, (*more,)), urlencode(more)) if part)
        return f"{path}?{query}" if query else path

    def without(self, *keys: str) -> str:
        """Write the query of this very view, without some of its keys."""
        return f"?{urlencode({key: value for key, value in self.query if key not in keys})}"


@lru_cache(64)  # a page has thousands of links
def _carried(query: tuple[tuple[str, str], ...], but: tuple[str, ...]) -> str:
    """Write what goes along from page to page, but for what a link says itself."""
    return urlencode([(key, value) for key, value in query if key in CARRIED and key not in but])


def read_view(
    data: Data,
    query: Mapping[str, str],
    *,
    key: str = "by",
    level: str = "",
    keep: Sequence[str] = (),
) -> View:
    """Read a link's query. A bad value falls back and leaves a note; unknown keys are ignored.

    `key` names the level: `by` where a page groups by it, `level` where it is about one target;
    a page about one `level` has no key. `keep` are keys of the page's own.
    """
    notes: list[str] = []
    first, last = _months(data.months, query.get("month", ""), notes)
    levels = LEVELS if key == "by" else LEVELS[::-1]
    compare = _one_of(COMPARED, query, "compare", notes)
    kept = (*CARRIED, "level", "name", *keep)
    if "currency" in query:
        _one_of(data.currencies, query, "currency", notes)
    return View(
        first=first,
        last=last,
        before=_before(first, last, data.months) if compare == "before" else first,
        month=query.get("month", "last"),
        basis=_one_of((data.basis, *BASES), query, "basis", notes),
        level=level or _one_of(levels, query, key, notes),
        name=query.get("name", ""),
        query=tuple(sorted((k, v) for k, v in query.items() if k in kept)),
        owner=_known(owners(data), query, "owner", notes),
        product=_known(products(data), query, "product", notes),
        compare=compare,
        notes=tuple(notes),
    )


def owners(data: Data) -> tuple[str, ...]:
    """Name the teams that own anything."""
    try:
        return tuple(row[0] for row in data.ask("owners").rows)
    except CostLensError:  # a reader who may not know them
        return ()


def products(data: Data) -> tuple[str, ...]:
    """Name the products."""
    return tuple(row[0] for row in data.ask("targets", level="product").rows)


def last_year(data: Data) -> Window:
    """Bound the twelve latest months there are bills for."""
    known = data.months[-12:]
    return Window(first=known[0].month, after=next_month(known[-1].month))


def month_choices(data: Data, view: View) -> list[dict[str, object]]:
    """List the windows to choose from: presets, single months, and the link's own span."""
    known = data.months
    presets = [{"value": value, "label": label} for value, label in PRESETS.items()]
    quarters = [
        {"value": span, "label": label} for span, label in _quarters([one.month for one in known])
    ]
    singles = [
        {"value": one.month, "label": short_month(one.month) + (" (so far)" * one.is_partial)}
        for one in reversed(known)
    ]
    groups: list[dict[str, object]] = [
        {"group": "Window", "items": presets},
        {"group": "Month", "items": singles},
        {"group": "Quarter", "items": quarters},
    ]
    values = {str(item["value"]) for item in (*presets, *singles, *quarters)}
    if chosen(view) not in values:
        own = [{"value": chosen(view), "label": view.months_said}]
        groups.insert(1, {"group": "From the link", "items": own})
    return groups


def chosen(view: View) -> str:
    """Name the choice of months that a view stands for."""
    if view.notes and not _is_window(view.month):
        return "last"
    return view.month


def _is_window(text: str) -> bool:
    try:
        months(text)
    except ValueError:
        return text in PRESETS
    return True


def _months(known: Sequence[Month], text: str, notes: list[str]) -> tuple[str, str]:
    full = [one.month for one in known if not one.is_partial] or [one.month for one in known]
    first, latest = known[0].month, known[-1].month
    quarter = f"{latest[:4]}-{(int(latest[5:]) - 1) // 3 * 3 + 1:02}"
    spans = {
        "last": (full[-1], full[-1]),
        "last3": (full[-3:][0], full[-1]),
        "mtd": (latest, latest),
        "qtd": (max(quarter, first), latest),
        "ytd": (max(f"{latest[:4]}-01", first), latest),
        "all": (first, latest),
    }
    if not text or text in spans:
        return spans[text or "last"]
    try:
        window = months(text)
    except ValueError as error:
        notes.append(f"{error}. Shown: {long_month(full[-1])}.")
        return spans["last"]
    last = text.rsplit("..", maxsplit=1)[-1]
    return window.first, last


def _quarters(known: Sequence[str]) -> list[tuple[str, str]]:
    """List the quarters that have a bill, latest first: 2026-07..2026-09 as Q3 2026."""
    found = {(month[:4], (int(month[5:]) + 2) // 3) for month in known}
    return [
        (f"{year}-{number * 3 - 2:02}..{year}-{number * 3:02}", f"Q{number} {year}")
        for year, number in sorted(found, reverse=True)
    ]


def _before(first: str, last: str, known: Sequence[Month]) -> str:
    """Find the window before; none for one that is still open: its days would not compare."""
    if any(one.is_partial and first <= one.month <= last for one in known):
        return first
    length = (int(last[:4]) - int(first[:4])) * 12 + int(last[5:]) - int(first[5:]) + 1
    at = int(first[:4]) * 12 + int(first[5:]) - 1 - length
    return f"{at // 12:04}-{at % 12 + 1:02}"


def _one_of(allowed: Sequence[str], query: Mapping[str, str], key: str, notes: list[str]) -> str:
    value = query.get(key, allowed[0])
    if value in allowed:
        return value
    names = " or ".join(dict.fromkeys(allowed))
    notes.append(f'{key}="{value}" is unknown: it can be {names}. Shown: {allowed[0]}.')
    return allowed[0]


def _known(
    names: Sequence[str], query: Mapping[str, str], key: str, notes: list[str]
) -> str | None:
    value = query.get(key)
    if value is None or value in names:
        return value
    notes.append(f'no {key} is called "{value}". Shown: all.')
    return None
