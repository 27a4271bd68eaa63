"""What a text says is the same by the short way, once a distinct text, as by the long one."""

from collections.abc import Iterator
from decimal import ROUND_DOWN, Context, Decimal

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from costlens.ingest.source import macros

CUT, WIDE = Decimal("1e-12"), Context(prec=60)


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that has the packs' macros."""
    with duckdb.connect() as opened, macros(opened):
        opened.execute("set TimeZone = 'UTC'")
        yield opened


def one(con: duckdb.DuckDBPyConnection, expression: str, text: str) -> object:
    ((value,),) = con.execute(
        f"select {expression} from (select $text::varchar as t)", {"text": text}
    ).fetchall()
    return value


@given(
    units=st.integers(min_value=-(10**24), max_value=10**24),
    places=st.integers(min_value=0, max_value=18),
)
def test_an_amount_of_any_places_is_cut_toward_zero(
    con: duckdb.DuckDBPyConnection, units: int, places: int
) -> None:
    amount = Decimal(units).scaleb(-places)
    if abs(amount) < 10**19:
        wanted = amount.quantize(CUT, rounding=ROUND_DOWN, context=WIDE)
        for macro in ("money", "quantity", "list_price"):
            assert one(con, f"{macro}(t)", f"{amount:f}") == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("9.9E-13", "0"),
        ("-9.9e-13", "0"),
        ("1.5e3", "1500"),
        ("0.0000000000009", "0"),
        ("-0.0000000000019", "-0.000000000001"),
        ("0.000000000001", "0.000000000001"),
        ("12", "12"),
        (".5", "0.5"),
        (" 1.5", "1.5"),
    ],
)
def test_an_amount_is_cut_however_it_is_written(
    con: duckdb.DuckDBPyConnection, text: str, wanted: str
) -> None:
    assert one(con, "money(t)", text) == Decimal(wanted)


@pytest.mark.parametrize("text", ["", "NULL", "null", "(null)", "None", "NaN", "nan"])
def test_nothing_is_no_amount_and_no_time(con: duckdb.DuckDBPyConnection, text: str) -> None:
    assert one(con, "[money(t)::varchar, list_price(t)::varchar, utc(t)::varchar]", text) == [
        None,
        None,
        None,
    ]


@pytest.mark.parametrize(
    "text",
    [
        "2026-05-01T00:00:00Z",
        "2026-05-01T23:59:59.123456Z",
        "2026-05-01T00:00Z",
        "2026-05-01T24:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-05-01T00:00:00+02:00",
        "2026-05-01T00:00:00",
        "2026-05-01 00:00:00Z",
        "2026-05-01T00:00:00ZZ",
        "2026-05-01T",
        "20260501T000000Z",
        "2026/05/01T00:00:00Z",
        "2/5/2026",
        "0001-05-01T00:00:00Z",
        "soon",
    ],
)
def test_a_time_is_read_as_by_the_long_way(con: duckdb.DuckDBPyConnection, text: str) -> None:
    assert one(con, "try_utc(t)", text) == one(con, "text_utc(t)", text)


@pytest.mark.parametrize("text", ["2026-02-30T00:00:00Z", "2026-05-01T00:00:00ZZ", "soon"])
def test_what_is_no_time_stops_the_bill(con: duckdb.DuckDBPyConnection, text: str) -> None:
    with pytest.raises(duckdb.Error, match="not a time"):
        one(con, "utc(t)", text)


def test_many_tags_of_one_form_are_read_as_those_of_several(con: duckdb.DuckDBPyConnection) -> None:
    texts = [
        '{"user:team":"a","user:env":"b"}',
        '{"user_team":"a"}',
        '{"resourceTags/user:team":"a"}',
        '{"user:team":"a","user_env":"b"}',
        '{"aws_created_by":"x","user_team":"a"}',
        '{"costCategory/unit":"ml"}',
        '{"team":"costCategory/ or \\"aws_ in a value"}',
    ]
    for text in texts:
        assert one(con, "tags_of_aws(t)", text) == one(con, "all_tags_of_aws(t)", text)
