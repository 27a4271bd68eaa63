"""vCPU, memory and GPU of one machine, each shared by itself: overlap: capacity_by_unit."""

from decimal import Decimal

import pytest
from made_worlds import parted_world
from test_lines import assert_lines_re_add, assert_parts_re_add, built
from worlds import PERIOD, Con, open_engine, rows

from costlens.allocate import steps


@pytest.fixture(scope="module")
def con() -> Con:
    con = open_engine()
    built(con, parted_world())
    return con


def of_units(con: Con, resource: str) -> dict[tuple[str, str], Decimal]:
    """Read what became of each unit of a resource: who used it for work, and what is left."""
    found = rows(
        con,
        "select list_filter(hops, lambda h: h.hop = 'unit')[1].measure as unit, "
        "coalesce(run, class) as what, sum(effective) from placements as p "
        "inner join (select distinct pool from pools where place = $place) using (pool) "
        "where unit is not null group by all".replace("$place", f"'resource:{resource}'"),
    )
    return {(unit, what): cost for unit, what, cost in found}


def test_what_a_unit_has_left_is_its_own_idle_or_reserve(con: Con) -> None:
    """52 for a day: 36 of it are vCPU, of which more is asked for than there is; 16 are memory, of
    which 12.8 can be used in practice and 2 · 20 + 1.2 · 18 of 16 · 24 GB hours are."""
    found = of_units(con, "declared")
    used = Decimal(16) * (2 * 20 + Decimal("1.2") * 18) / (16 * 24)
    assert found["memory_gb", "r"] == round(used, 12)
    assert found["memory_gb", "reserved"] == Decimal("3.2")
    assert found["memory_gb", "idle"] == Decimal("12.8") - found["memory_gb", "r"]
    assert found["vcpu", "r"] == 36
    assert len(found) == 4


def test_lines_and_parts_re_add_where_units_are_shared_apart(con: Con) -> None:
    assert_parts_re_add(con)
    assert_lines_re_add(con, parted_world())


def test_findings_say_what_is_not_shared_apart_and_what_has_no_price(con: Con) -> None:
    steps.run(con, ("found",), period=PERIOD)
    told = (
        "select code, place, message from found where code in ('kept_whole', 'unit_without_price')"
    )
    assert rows(con, f"{told} order by all") == [
        (
            "kept_whole",
            "resource:unsaid",
            "vCPU, memory and GPU of resource:unsaid are not shared apart: "
            "attempts on it do not say what they have of each",
        ),
        (
            "unit_without_price",
            "resource:declared",
            "attempts on resource:declared use gpu, of which it has none: that costs them nothing",
        ),
    ]
