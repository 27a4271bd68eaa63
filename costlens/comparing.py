"""Why two builds say different things: every difference split into what caused it, exactly.

Both builds keep the charges, the runs and the book that they were made of. A changed month is
allocated once more for each cause in turn: with the bill of the later build, then its runs too,
then its rules, then its catalogue. What each exchange changes is that cause's part, so the parts
add up to the difference, to the last unit. What one cause changes only together with another
counts with the later of the two, in this order.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from costlens.allocate import steps
from costlens.allocate.book import Book, tag_keys_of
from costlens.ingest.source import macros
from costlens.ingest.tags import show_retagged
from costlens.lake import Build, Lake
from costlens.lake.closings import closed_months, read_closings
from costlens.questions.ask import Answer, Asked, open_build, set_rates
from costlens.questions.window import Window

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

CHARGES = ("charges",)
RUNS = ("attempts", "outputs", "activity", "links")
RULES = (
    "rules",
    "rule_terms",
    "resources",
    "runs_on",
    "run_matches",
    "produces",
    "policies",
    "cascade_order",
)
STATES = (
    "create or replace temp table states "
    "(state varchar, target varchar, month varchar, currency varchar, value hugeint)"
)


@dataclass(frozen=True, kw_only=True)
class Sides:
    """Two builds of one lake, and what their difference is asked about."""

    before: Build
    after: Build
    level: str
    basis: str
    window: Window
    currency: str | None


def compare(lake: Lake, sides: Sides) -> Answer:
    """List what each target of a level costs in both builds, and each cause's part in between."""
    asked = open_build(lake, sides.before.number)
    try:
        _both_rates(lake, asked, sides)
        asked.con.execute(STATES)
        changed = list(_changed(sides))
        _keep_stored(lake, asked.con, sides, changed)
        for (before, after), months in _made_by(lake, sides, changed).items():
            of_months = replace(sides, before=lake.build(before), after=lake.build(after))
            books = (_book(lake, of_months.before), _book(lake, of_months.after))
            for state, ours in _states():
                _allocate(lake, asked.con, of_months, books, months, state=state, ours=ours)
        return asked.ask("compare")
    finally:
        asked.con.close()


def _states() -> Iterator[tuple[str, tuple[bool, bool, bool, bool]]]:
    """Name each state on the way, and whether its bill, runs, rules and catalogue are the later."""
    yield "engine", (False, False, False, False)
    yield "bill", (True, False, False, False)
    yield "runs", (True, True, False, False)
    yield "rules", (True, True, True, False)
    yield "catalogue", (True, True, True, True)


def _changed(sides: Sides) -> Iterator[str]:
    """Name the months in the window whose inputs differ; all others are the same throughout."""
    ours, theirs = sides.before.periods, sides.after.periods
    for month in sorted(ours.keys() | theirs.keys()):
        is_asked = sides.window.first <= month < sides.window.after
        if is_asked and ours.get(month) != theirs.get(month):
            yield month


def _made_by(lake: Lake, sides: Sides, months: Sequence[str]) -> dict[tuple[int, int], list[str]]:
    """Group months by the builds that made them: a closed one is as the build that closed it."""
    made: dict[tuple[int, int], list[str]] = {}
    before, after = (_closed_by(lake, build) for build in (sides.before, sides.after))
    for month in months:
        pair = before.get(month, sides.before.number), after.get(month, sides.after.number)
        made.setdefault(pair, []).append(month)
    return made


def _closed_by(lake: Lake, build: Build) -> dict[str, int]:
    """Find the builds that closed months of a build, but for those that are forgotten since."""
    kept = {one.number for one in lake.builds()}
    asked = open_build(lake, build.number)
    try:
        closings = closed_months(read_closings(asked.con))
        return {month: one.build for month, one in closings.items() if one.build in kept}
    finally:
        asked.con.close()


def _book(lake: Lake, build: Build) -> Book:
    asked = open_build(lake, build.number)
    try:
        return asked.book()
    finally:
        asked.con.close()


def _both_rates(lake: Lake, asked: Asked, sides: Sides) -> None:
    """Make `rates_before` and `rates_after`, by which each build converts."""
    for side, build in (("after", sides.after), ("before", sides.before)):
        lake.open(asked.con, build)
        set_rates(asked.con, build, sides.currency, window=sides.window)
        asked.con.execute(f"create or replace temp table rates_{side} as from rates")


def _keep_stored(
    lake: Lake, con: "DuckDBPyConnection", sides: Sides, changed: Sequence[str]
) -> None:
    """Keep what both builds say; a month that did not change is the same in every state."""
    for state, build in (("before", sides.before), ("after", sides.after)):
        lake.open(con, build)
        _keep(con, sides, state=state, ledger="memory.main.ledger")
    con.execute(
        "insert into states select unnest($states), target, month, currency, value from states "
        "where state = 'before' and not list_contains($changed, month)",
        {"states": [state for state, _ in _states()], "changed": list(changed)},
    )


def _keep(con: "DuckDBPyConnection", sides: Sides, *, state: str, ledger: str) -> None:
    con.execute(
        "insert into states select $state, target, billing_period, currency, "
        "units(sum(case $basis when 'billed' then billed else effective end)::decimal(38, 12)) "
        f"from {ledger} where level = $level and day >= $start and day < $stop "
        "and billing_period >= $first and billing_period < $after group by all",
        {
            "state": state,
            "basis": sides.basis,
            "level": sides.level,
            **sides.window.given,
        },
    )


def _allocate(
    lake: Lake,
    con: "DuckDBPyConnection",
    sides: Sides,
    books: tuple[Book, Book],
    changed: Sequence[str],
    *,
    state: str,
    ours: tuple[bool, bool, bool, bool],
) -> None:
    """Allocate the changed months of one state, and keep what targets bear."""
    has_bill, has_runs, has_rules, has_catalogue = ours
    before, after = books
    book = {
        table: (after if (has_rules if table in RULES else has_catalogue) else before)[table]
        for table in before
    }
    lake.open(con, sides.after if has_runs else sides.before)
    lake.open(con, sides.after if has_bill else sides.before, tables=CHARGES)
    with macros(con):
        # A build keeps the tags of its own rules alone.
        show_retagged(con, frozenset(tag_keys_of(book)))
        steps.prepare(con, book)
        billed = con.execute("select distinct billing_period from charges").fetchall()
        for month in changed:
            if (month,) in billed:
                steps.split_period(con, month)
                _keep(con, sides, state=state, ledger="temp.ledger")
        con.execute("drop view temp.charges")
