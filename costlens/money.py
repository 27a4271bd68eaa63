"""Money inside DuckDB: whole units of 10⁻¹² and the one exact split, as macros of `money.sql`."""

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb


def define(con: "duckdb.DuckDBPyConnection") -> None:
    """Make the macros of `money.sql` known to a connection."""
    text = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    for statement in con.extract_statements(text):
        con.execute(statement)


def plain(amount: Decimal) -> str:
    """Write an amount exactly, without an exponent and without idle zeros."""
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
