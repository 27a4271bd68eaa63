"""The one split (I2-I5, C7), against fractions."""

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from oracle import split as reference
from worlds import Con, open_engine

from costlens.money import define

UNIT = Decimal("0.000000000001")
units = st.integers(-(10**21), 10**21)
weight_lists = st.lists(st.integers(0, 10**15), min_size=1, max_size=12).filter(any)


@pytest.fixture(scope="module")
def con() -> Con:
    con = open_engine()
    define(con)
    return con


def split(con: Con, billed: int, effective: int, weights: list[int]) -> list[tuple[int, int]]:
    """Split two amounts in units through the engine's macro."""
    con.execute(
        "create or replace temp table pieces as select 1 as piece, m.i as member, "
        "m.w::hugeint as weight, amount($billed::hugeint) as billed, "
        "amount($effective::hugeint) as effective "
        "from (select unnest($members::bigint[]) as i, unnest($weights::hugeint[]) as w) as m",
        {
            "billed": str(billed),
            "effective": str(effective),
            "members": list(range(len(weights))),
            "weights": [str(weight) for weight in weights],
        },
    )
    found = con.execute(
        "select units(billed_part), units(effective_part) from split('pieces') order by member"
    )
    return [(int(a), int(b)) for a, b in found.fetchall()]


@given(units, units, weight_lists)
@example(10**21, -(10**21), [10**15] * 12)
@example(1, -1, [0, 0, 1])
@example(0, 0, [1, 1])
def test_a_split_is_the_largest_remainder_split_of_both_bases(
    con: Con, billed: int, effective: int, weights: list[int]
) -> None:
    got = split(con, billed, effective, weights)
    assert [a for a, _ in got] == reference(billed, weights)
    assert [b for _, b in got] == reference(effective, weights)


@given(units, weight_lists)
def test_parts_re_add_and_each_is_less_than_a_unit_from_its_quota(
    con: Con, amount: int, weights: list[int]
) -> None:
    parts = [a for a, _ in split(con, amount, 0, weights)]
    assert sum(parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(amount * weight, sum(weights))) < 1


@given(units, weight_lists)
def test_parts_have_the_sign_of_the_amount_and_a_negative_amount_mirrors_it(
    con: Con, amount: int, weights: list[int]
) -> None:
    got = split(con, amount, -amount, weights)
    assert all(a * amount >= 0 for a, _ in got)
    assert all(b == -a for a, b in got)


@given(units, weight_lists)
def test_no_weight_gets_nothing_and_more_weight_never_gets_less(
    con: Con, amount: int, weights: list[int]
) -> None:
    parts = [abs(a) for a, _ in split(con, amount, 0, weights)]
    ranked = sorted(zip(weights, parts, strict=True))
    assert all(part == 0 for weight, part in ranked if weight == 0)
    for (low, small), (high, large) in pairwise(ranked):
        assert small <= large if low < high else abs(small - large) <= 1


@given(
    units,
    st.lists(st.integers(0, 10**9), min_size=1, max_size=8).filter(any),
    st.integers(2, 10**6),
)
def test_only_the_proportions_of_weights_count(
    con: Con, amount: int, weights: list[int], times: int
) -> None:
    assert split(con, amount, 0, weights) == split(con, amount, 0, [w * times for w in weights])


@pytest.mark.parametrize(
    ("amount", "weights", "parts"),
    [
        ("100.00", [1, 1, 1], ["33.34", "33.33", "33.33"]),
        ("10.00", [1, 2, 4], ["1.43", "2.86", "5.71"]),
        ("-10.00", [1, 2, 4], ["-1.43", "-2.86", "-5.71"]),
        ("0.05", [70, 30], ["0.04", "0.01"]),
        ("0.01", [0, 0, 1], ["0", "0", "0.01"]),
    ],
)
def test_example_c7_splits_cents(
    con: Con, amount: str, weights: list[int], parts: list[str]
) -> None:
    cents = [a for a, _ in split(con, int(Decimal(amount) * 100), 0, weights)]
    assert cents == [int(Decimal(part) * 100) for part in parts]
