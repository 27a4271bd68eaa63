"""Money inside DuckDB: whole units of 10⁻¹² and the one exact split, as macros of `money.sql`."""

from collections.abc import Iterable
from decimal import Context, Decimal
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

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


def plain(amount: Decimal) -> str:
    """Write an amount exactly, without an exponent and without idle zeros."""
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
