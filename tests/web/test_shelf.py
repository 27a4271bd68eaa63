"""What is held in memory for the pages answers as the lake does, and is worked out once for all."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from asking_pages import lake_of
from company import Company

from costlens.lake import Lake
from costlens.questions import shelf
from costlens.questions.ask import Asked, open_again, open_build, set_rates
from costlens.questions.covering import coverage
from costlens.questions.portfolio import portfolio
from costlens.questions.ranked import ranked
from costlens.questions.savings import savings
from costlens.questions.shelf import KEPT, Shelf, hold, needs_days
from costlens.questions.watching import alerts
from costlens.questions.window import Window, months

FOLDER = Path(shelf.__file__).parent
WINDOWS = (months("2026-10"), months("2026-08..2026-10"))
# What pages ask directly; what they ask through others is asked below.
DIRECT = (
    "bill_by_month",
    "bill_summary",
    "bill_to_target",
    "change_by_target",
    "cost_by_target",
    "coverage",
    "idle_and_waste",
    "pipeline_costs",
    "statement",
    "target_by_month",
    "unborne",
    "unit_cost",
    "used_by",
    "waste",
)


@pytest.fixture(scope="module")
def plain(sample: Company) -> Iterator[Asked]:
    """A build that is read from the lake each time."""
    asked = open_build(Lake(lake_of(sample)))
    set_rates(asked.con, asked.build, "USD")
    yield asked
    asked.con.close()


@pytest.fixture(scope="module")
def held(sample: Company) -> Iterator[Asked]:
    """The same build as pages have it."""
    root = open_build(Lake(lake_of(sample)))
    hold(root.con)
    yield open_again(root, currency="USD", shelf=Shelf())
    root.con.close()


def given(window: Window, *, level: str, basis: str) -> dict[str, object]:
    named = {"level": level, "basis": basis, "target": NAMES[level], "before": "2026-07"}
    return {**named, "by": "part", "owner": None, "product": None, **window.given}


NAMES = {"feature": "fv_query_clicks", "model": "fraud", "product": "shop_search"}


@pytest.mark.few(2)
@pytest.mark.parametrize("basis", ["effective", "billed"])
@pytest.mark.parametrize("level", ["feature", "model", "product"])
def test_what_is_held_answers_as_the_lake_does(
    plain: Asked, held: Asked, level: str, basis: str
) -> None:
    for window in WINDOWS:
        asks = given(window, level=level, basis=basis)
        for question in DIRECT:
            want = plain.ask(question, **asks)
            assert held.ask(question, **asks) == want, question
            assert want.rows or question in ("unit_cost", "used_by"), question
        asks = {"level": level, "basis": basis, "window": window}
        assert coverage(held, **asks) == coverage(plain, **asks)
        asks["currency"] = "USD"
        for make in (portfolio, savings):
            assert make(held, **asks) == make(plain, **asks)
        more = {"before": "2026-07", "owner": None, "product": None, "most": 2}
        assert ranked(held, **asks, **more) == ranked(plain, **asks, **more)
    asks = {"level": level, "basis": basis, "currency": "USD"}
    assert alerts(held, **asks) == alerts(plain, **asks)


def test_a_window_of_days_is_answered_from_days(plain: Asked, held: Asked) -> None:
    window = Window(start=months("2026-10").start.replace(2026, 10, 5), stop=WINDOWS[0].stop)
    asks = given(window, level="product", basis="billed")
    for question in ("cost_by_target", "bill_summary", "pipeline_costs"):
        assert held.ask(question, **asks) == plain.ask(question, **asks)
        whole = given(WINDOWS[0], level="product", basis="billed")
        assert held.ask(question, **asks) != held.ask(question, **whole)


def test_a_question_that_looks_at_days_is_known_by_its_text() -> None:
    assert needs_days("select day from ledger where day >= $start and day < $stop")
    assert not needs_days(
        "-- by day\nselect x from ledger as l where l.day >= $start\nand l.day < $stop"
    )
    assert needs_days((FOLDER / "daily_costs.sql").read_text(encoding="utf-8"))
    assert not needs_days((FOLDER / "cost_by_target.sql").read_text(encoding="utf-8"))


def test_a_kept_table_reads_no_other_that_its_key_does_not_name() -> None:
    for question in KEPT.keys() - {"chosen"}:
        text = (FOLDER / f"{question}.sql").read_text(encoding="utf-8")
        read = set(re.findall(r"\b(?:from|join) (\w+)", re.sub(r"--.*", "", text)))
        own = set(re.findall(r"(\w+) as (?:materialized )?\(", text))
        assert (read - own) & {*KEPT, "rates", "guesses"} == {*KEPT[question]}, question


def test_a_kept_table_is_worked_out_once_and_makes_room(
    monkeypatch: pytest.MonkeyPatch, sample: Company
) -> None:
    monkeypatch.setattr(shelf, "_MOST", 2)
    root = open_build(Lake(lake_of(sample)))
    hold(root.con)
    own = Shelf()
    several = [open_again(root, currency="USD", shelf=own) for _ in range(4)]
    asks = given(WINDOWS[0], level="product", basis="billed")
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda asked: asked.ask("cost_by_target", **asks), several))
    assert found.count(found[0]) == 4
    assert tables(root) == ["kept_1"]
    for month in ("2026-08", "2026-09", "2026-07"):
        for asked in several:  # whoever looks at a table keeps it
            assert asked.place is not None
            asked.place.clear(asked.con)
        several[0].ask("cost_by_target", **{**asks, **months(month).given})
    assert tables(root) == ["kept_3", "kept_4"]
    root.con.close()


def tables(asked: Asked) -> list[str]:
    found = asked.con.execute(
        "select table_name from duckdb_tables() where table_name like 'kept_%' order by all"
    ).fetchall()
    return [name for (name,) in found]
