"""Ask a published build: each question is one `.sql` file here and answers with a table."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from costlens.engine import connect
from costlens.errors import CostLensError, Finding
from costlens.lake import Build, Lake
from costlens.lake.closings import closed_months, read_closings
from costlens.money import UNIT, define
from costlens.questions.shelf import KEPT, Place, Shelf, looking
from costlens.questions.window import ALWAYS, Window

if TYPE_CHECKING:
    import duckdb

_FOLDER = Path(__file__).parent

Cell = Any  # what DuckDB returns: text, int, Decimal, date, datetime, bool, None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The rows that answer a question, with the names and DuckDB types of their columns."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A build, open for questions; close it when done."""

    build: Build
    con: "duckdb.DuckDBPyConnection" = field(repr=False)
    lake: Lake | None = field(default=None, repr=False)
    place: Place | None = field(default=None, repr=False)  # where the build is held in memory

    def ask(self, question: str, **given: object) -> Answer:
        """Answer one of the questions of this folder."""
        text, named = _sql(question), wanted(question, given)
        if self.place is not None and question in KEPT:
            self.keep(question, "asked", **given)
            return answer(self.con, "from asked")
        with self._looking(text, given):
            return answer(self.con, text, named)

    def book(self) -> dict[str, list[dict[str, Cell]]]:
        """Read the rules that made the build."""
        text = answer(self.con, "select max_by(book, build) from builds").rows[0][0]
        found: dict[str, list[dict[str, Cell]]] = json.loads(text)
        return found

    @contextmanager
    def as_closed(self, month: str) -> Iterator["Asked"]:
        """Give the build that a closed month stays as; this one where the month is open.

        What has no month of its own, such as runs, rules and owners, is there as it was then.
        """
        closing = closed_months(read_closings(self.con)).get(month)
        if closing is None or self.lake is None or closing.build == self.build.number:
            yield self
            return
        then = open_build(self.lake, closing.build)
        # Of the same month, and with those that nothing was converted with before.
        settings = {**then.build.settings, "fx": self.build.settings["fx"]}
        try:
            yield replace(then, build=replace(then.build, settings=settings))
        finally:
            then.con.close()

    def keep(self, question: str, table: str = "", /, **given: object) -> None:
        """Answer a question into a temporary table, of its name if no other, for the next one."""
        text, named = _sql(question), wanted(question, given)

        def make(name: str) -> None:
            with self._looking(text, given):
                self.con.execute(f"create or replace {name} as {text}", named)

        kept = table or question
        if self.place is None or not self.place.take(self.con, question, kept, named, make):
            make(f"temp table {kept}")

    def make(
        self,
        table: str,
        rows: Callable[[], Iterable[Mapping[str, str | int | None]]],
        *,
        shape: Mapping[str, str],
        **given: object,
    ) -> None:
        """Keep rows that no question answers, under a name; `given` are what they depend on."""

        def make(name: str) -> None:
            self.con.execute(
                f"create or replace {name} as "
                "select unnest(from_json($rows, $shape), recursive := true)",
                {"rows": json.dumps(list(rows())), "shape": json.dumps([shape])},
            )

        if self.place is None or not self.place.take(self.con, table, table, given, make):
            make(f"temp table {table}")

    def put_away(self, table: str) -> None:
        """Free the name of a kept table for one of the asker's own."""
        if self.place is not None:
            self.place.give_back(self.con, table)

    def _looking(self, text: str, given: Mapping[str, object]) -> AbstractContextManager[None]:
        return nullcontext() if self.place is None else looking(self.con, text, given)


def wanted(question: str, given: Mapping[str, object]) -> dict[str, object]:
    """Keep of some parameters those that a question takes."""
    takes = _parameters(question)
    return {name: value for name, value in given.items() if name in takes}


def open_build(lake: Lake, number: int | None = None) -> Asked:
    """Open the latest build of a lake, or the one of a number."""
    build = lake.build(number)
    con = connect()
    define(con)
    lake.open(con, build)
    set_rates(con, build, None)
    return Asked(build=build, con=con, lake=lake)


def open_again(asked: Asked, *, currency: str | None = None, shelf: Shelf | None = None) -> Asked:
    """Open the same build once more, for another thread; its views and memory are shared.

    With a `shelf`, the build is held in memory, and what is kept for other questions stands there.
    """
    con = asked.con.cursor()
    con.execute("set TimeZone = 'UTC'")  # a cursor does not inherit it
    define(con)
    set_rates(con, asked.build, currency)
    place = None if shelf is None else Place(shelf)
    return Asked(build=asked.build, con=con, lake=asked.lake, place=place)


def answer(
    con: "duckdb.DuckDBPyConnection", query: str, given: Mapping[str, object] | None = None
) -> Answer:
    """Run one select on a cursor of its own and fetch it whole."""
    done = con.execute(query, given) if given else con.execute(query)
    described = done.description or []
    rows = done.fetchall()
    return Answer(
        columns=tuple(column[0] for column in described),
        types=tuple(str(column[1]) for column in described),
        rows=tuple(tuple(row) for row in rows),
    )


def set_rates(
    con: "duckdb.DuckDBPyConnection",
    build: Build,
    currency: str | None,
    *,
    window: Window = ALWAYS,
    also: Iterable[tuple[str, str]] = (),
) -> None:
    """Say into what questions convert: a currency, by each billing month's rate, or none.

    For questions about a window, its months alone need a rate. `also` names months and currencies
    beside those of the bill. A missing rate is an error with the line to add to fx.csv.
    """
    known = {
        (rate["month"], rate["from"], rate["to"]): Decimal(rate["rate"])
        for rate in build.settings["fx"]
    }
    billed = con.execute(
        "select distinct billing_period, currency from memory.main.stage_costs "
        "where billing_period >= $first and billing_period < $after",
        {"first": window.first, "after": window.after},
    ).fetchall()
    wanted = [(month, own, currency or own) for month, own in sorted({*billed, *also})]
    missing = [one for one in wanted if one[1] != one[2] and one not in known]
    if missing:
        raise CostLensError(findings=[_missing(*one) for one in missing])
    rows = [(*one, int(known.get(one, Decimal(1)) * UNIT)) for one in wanted]
    con.execute(
        "create or replace temp table rates "
        "(month varchar, currency varchar, to_currency varchar, rate hugeint)"
    )
    if rows:
        con.executemany("insert into rates values (?, ?, ?, ?)", rows)


@contextmanager
def in_currency(asked: Asked, currency: str | None, window: Window) -> Iterator[None]:
    """Convert what is asked within, by each billing month's rate; without a currency, nothing."""
    set_rates(asked.con, asked.build, currency, window=window)
    try:
        yield
    finally:
        set_rates(asked.con, asked.build, None)


def _missing(month: str, own: str, to: str) -> Finding:
    return Finding(
        message=f"no rate from {own} to {to} for {month}",
        where="fx.csv",
        hint=f"add the line: {month},{own},{to},<rate>, then run: costlens refresh",
    )


@cache
def _sql(question: str) -> str:
    return (_FOLDER / f"{question}.sql").read_text(encoding="utf-8")


@cache
def _parameters(question: str) -> frozenset[str]:
    return frozenset(re.findall(r"\$(\w+)", _sql(question)))
