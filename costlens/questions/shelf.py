"""Answers of a build that stay in memory, for all who ask it: roll-ups, and tables kept for others.

The pages ask one build the same things over and over, of whole months. `hold` reads what they need
once; a `Shelf` keeps what one question works out for others, so that nobody works it out again.
"""

import re
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from threading import Lock
from typing import TYPE_CHECKING

from costlens.questions.window import ALWAYS

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# Tables whose days are added up: a window of whole months needs none of them. `day` is the first.
_ROLLED = {
    "ledger": ("billed", "effective"),
    "stage_costs": ("billed", "effective", "idle_billed", "idle_effective"),
}
# Read whole, and small beside the lines of a bill.
_HELD = ("shares", "catalogue", "graph", "traits", "claims", "realised", "loads", "budgets")
# What is kept for another question, and what kept tables each of them reads.
KEPT: Mapping[str, tuple[str, ...]] = {
    "bill_days": (),
    "benefits": ("bill_days",),
    "member_benefits": ("benefits", "rates"),
    "cost_by_target": ("rates",),
    "change_by_target": ("rates",),
    "roi_by_target": ("cost_by_target", "benefits", "rates"),
    "scope": (),
    "ranked": ("roi_by_target", "cost_by_target", "change_by_target", "scope"),
    "daily_costs": ("rates",),
    "spans": (),
    "forecasts": ("daily_costs", "spans"),
    "budget": ("forecasts", "rates"),
    "unusual": ("daily_costs", "forecasts"),
    "unit_drift": ("daily_costs", "forecasts"),
    "chosen": ("member_benefits", "rates"),
    "machine_spans": (),
    "way_costs": (),
    "measure_next": ("way_costs", "rates"),
    "explain_parts": (),
    "explain_whole": (),
    "explain_ways": ("explain_parts",),
    "explain_policies": (),
    "stages_borne": (),
    "stages_whole": (),
    "rules_borne": (),
    "rules_whole": (),
}
_MOST = 160  # tables that stay
_WINDOW = re.compile(r"(\w+\.)?day >= \$start\s+and\s+(\w+\.)?day < \$stop")
_COMMENT = re.compile(r"--[^\n]*")


def hold(con: "DuckDBPyConnection") -> None:
    """Read what pages need of a build into memory: small tables whole, large ones without days."""
    con.execute("create schema if not exists held")
    con.execute("create schema if not exists by_month")
    for table in _HELD:
        con.execute(f"create or replace table held.{table} as from memory.main.{table}")
    for table, amounts in _ROLLED.items():
        sums = ", ".join(
            # Unknown as soon as that of one day is.
            f"case when count({one}) = count(*) then sum({one})::decimal(38, 12) end as {one}"
            for one in amounts
        )
        con.execute(
            f"create or replace table by_month.{table} as "
            f"select * exclude (day, {', '.join(amounts)}), min(day) as day, {sums} "
            f"from memory.main.{table} group by all order by all"
        )


@contextmanager
def looking(con: "DuckDBPyConnection", text: str, given: Mapping[str, object]) -> Iterator[None]:
    """Let a question find its tables: without days where it asks of whole months."""
    is_whole = given.get("start", ALWAYS.start) == ALWAYS.start
    is_whole = is_whole and given.get("stop", ALWAYS.stop) == ALWAYS.stop
    if needs_days(text) or not is_whole:
        con.execute("set search_path = 'held,main'")
        yield
        return
    con.execute("set search_path = 'by_month,held,main'")
    try:
        yield
    finally:  # what is asked of the connection itself may need days
        con.execute("set search_path = 'held,main'")


@cache
def needs_days(text: str) -> bool:
    """Say whether a question looks at days, but for the window that it takes."""
    return re.search(r"\bday\b", _WINDOW.sub("", _COMMENT.sub("", text))) is not None


@dataclass(kw_only=True)
class _Kept:
    """A table on the shelf: its name once it is made, and how many connections look at it."""

    name: str
    made: Future[None] = field(default_factory=Future)
    readers: int = 0


class Shelf:
    """The tables that a build's questions keep for others, each worked out once.

    Those that nobody asked for longest make room for new ones, unless somebody looks at them.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: OrderedDict[tuple[object, ...], _Kept] = OrderedDict()
        self._count = count(1)

    def take(
        self, con: "DuckDBPyConnection", says: tuple[object, ...], make: Callable[[str], None]
    ) -> _Kept:
        """Give the table of what is asked; who asks first makes it, the others wait for that."""
        with self._lock:
            kept = self._kept.get(says)
            is_mine = kept is None
            if kept is None:
                kept = self._kept[says] = _Kept(name=f"held.kept_{next(self._count)}")
            self._kept.move_to_end(says)
            kept.readers += 1
        if not is_mine:
            kept.made.result()
            return kept
        try:
            make(kept.name)
        except BaseException as error:
            with self._lock:
                del self._kept[says]
            kept.made.set_exception(error)
            raise
        kept.made.set_result(None)
        for old in self._too_many():
            con.execute(f"drop table {old.name}")
        return kept

    def give_back(self, kept: _Kept) -> None:
        """Say that a connection does not look at a table any more."""
        with self._lock:
            kept.readers -= 1

    def _too_many(self) -> list[_Kept]:
        with self._lock:
            free = [says for says, one in self._kept.items() if not one.readers]
            return [self._kept.pop(says) for says in free[: max(0, len(self._kept) - _MOST)]]


@dataclass
class Place:
    """What one connection has taken from the shelf, under which name."""

    shelf: Shelf
    _taken: dict[str, _Kept] = field(default_factory=dict)

    def take(
        self,
        con: "DuckDBPyConnection",
        question: str,
        table: str,
        given: Mapping[str, object],
        make: Callable[[str], None],
    ) -> bool:
        """Take a question's table from the shelf; say no where it is nobody's but the asker's."""
        reads = [self._says(con, one, given) for one in KEPT.get(question, ())]
        if question not in KEPT or None in reads:
            self.give_back(con, table)
            return False
        says = (question, *sorted(given.items()), *reads)
        kept = self.shelf.take(con, says, lambda name: make(f"table {name}"))
        if table in self._taken:
            self.shelf.give_back(self._taken[table])
        else:
            con.execute(f"drop table if exists temp.{table}")
        con.execute(f"create or replace temp view {table} as from {kept.name}")
        self._taken[table] = kept
        return True

    def give_back(self, con: "DuckDBPyConnection", table: str) -> None:
        """Give a table back, so that its name is free."""
        if table in self._taken:
            con.execute(f"drop view temp.{table}")
            self.shelf.give_back(self._taken.pop(table))

    def clear(self, con: "DuckDBPyConnection") -> None:
        """Give everything back."""
        for table in list(self._taken):
            self.give_back(con, table)

    def _says(
        self, con: "DuckDBPyConnection", table: str, given: Mapping[str, object]
    ) -> object | None:
        """Say what a kept table holds: which one of the shelf it is; of rates, those that count."""
        if table != "rates":
            return self._taken[table].name if table in self._taken else None
        first = min(str(given.get("first", "")), str(given.get("before", "~")))
        after = str(given.get("after", "~"))
        rows = con.execute("from temp.rates order by all").fetchall()
        return tuple(row for row in rows if first <= row[0] < after)
