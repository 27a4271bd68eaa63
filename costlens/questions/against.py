"""Hold the bills of AWS against what Cost Explorer says."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from costlens.questions.ask import Answer, Asked, Cell

if TYPE_CHECKING:
    import duckdb

_NAMES = Path(__file__).with_name("cost_explorer_services.csv")
_TABLES = {
    "ways": "way int, source varchar, month varchar",
    "their_costs": "way int, month varchar, account varchar, service varchar, basis varchar, "
    "currency varchar, amount decimal(38,12)",
    "their_estimates": "way int, month varchar",
    "called": "service varchar, called varchar",
}

Rows = Sequence[tuple[Cell, ...]]


@dataclass(frozen=True, kw_only=True)
class Compared:
    """The rows of a comparison, all of them; those that differ by more than the tolerance."""

    rows: Answer
    differing: Answer

    def column(self, name: str, *, where: str = "") -> list[Cell]:
        """Give what stands in a column, once each, where another one is true or not empty."""
        at = self.rows.columns.index
        only = [row for row in self.rows.rows if not where or row[at(where)]]
        return sorted({row[at(name)] for row in only})


def compare(
    asked: Asked,
    *,
    ways: Rows,
    costs: Rows,
    estimates: Rows,
    tolerance: Decimal,
) -> Compared:
    """Compare by month, account and service, in both bases and each currency by itself.

    `ways` numbers the Cost Explorers asked and says which source and month each is held against;
    `costs` and `estimates` are what they answered, as in the tables of those names.
    """
    open_tables(asked.con, ways=ways, their_costs=costs, their_estimates=estimates)
    rows = asked.ask("against_cost_explorer", tolerance=tolerance)
    at = rows.columns.index("state")
    differing = tuple(row for row in rows.rows if row[at] != "equal")
    return Compared(rows=rows, differing=replace(rows, rows=differing))


def open_tables(con: "duckdb.DuckDBPyConnection", **rows: Rows) -> None:
    """Make the tables of the question, with the names that services go by."""
    rows = {**rows, "called": _names()}
    for table, columns in _TABLES.items():
        con.execute(f"create or replace temp table {table} ({columns})")
        if rows.get(table):
            marks = ", ".join("?" for _ in columns.split(", "))
            con.executemany(f"insert into {table} values ({marks})", rows[table])


def _names() -> Rows:
    with _NAMES.open(encoding="utf-8", newline="") as file:
        return [(row["service"], row["called"]) for row in csv.DictReader(file)]
