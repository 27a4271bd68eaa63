"""Money inside DuckDB: whole units of 10⁻¹² and the one exact split, as macros of `money.sql`."""

from collections.abc import Iterable
from decimal import Context, Decimal
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

UNIT = 10**12  # the whole units of one, in money and in rates
_WIDE = Context(prec=60)  # the default context rounds at 28 digits


def define(con: "duckdb.DuckDBPyConnection") -> None:
    """Make the macros of `money.sql` known to a connection."""
    text = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    for statement in con.extract_statements(text):
        con.execute(statement)


def exact_sum(values: Iterable[Decimal]) -> Decimal:
    """Add amounts of money without rounding any digit."""
    whole = Decimal(0)
    for value in values:
        whole = _WIDE.add(whole, value)
    return whole


def converted(amounts: Iterable[tuple[Decimal, Decimal]]) -> Decimal:
    """Add up amounts times rates, and round once, half away from zero, as `money.sql` does."""
    return exactly(
        sum((Fraction(amount) * Fraction(rate) for amount, rate in amounts), Fraction(0))
    )


def exactly(value: Fraction) -> Decimal:
    """Write a fraction as a decimal of twelve places, rounded once, half away from zero."""
    rounded = int(abs(value) * UNIT + Fraction(1, 2))
    return Decimal(f"{rounded if value >= 0 else -rounded}E-12")


def plain(amount: Decimal) -> str:
    """Write an amount exactly, without an exponent and without idle zeros."""
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
