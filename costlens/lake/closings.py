"""The table `closings`: which billing months are closed, since when, by whom, at which rates.

A closed month keeps its billing lines, its allocation and its rates, whatever is delivered or
written later, until it is reopened. `build` is the build that the closing published: line by line,
and as a report, the month is answered from that one, which is not forgotten while it is closed.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from costlens.errors import CostLensError, Finding
from costlens.lake.builds import naive
from costlens.lake.draft import Draft
from costlens.lake.tables import TABLES
from costlens.money import plain

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Pair = tuple[str, str]  # from one currency to another


@dataclass(frozen=True, kw_only=True)
class Closing:
    """One closing of a month; of its rates, those with a time `added` came after it."""

    month: str
    build: int
    closed_at: datetime
    closed_by: str
    rates: str
    reopened_at: datetime | None = None
    reopened_by: str | None = None

    @property
    def holds(self) -> bool:
        """Whether the month is still closed by it."""
        return self.reopened_at is None

    @property
    def pairs(self) -> dict[Pair, Decimal]:
        """What one unit of a currency is in another, in this month."""
        return {(one["from"], one["to"]): Decimal(one["rate"]) for one in json.loads(self.rates)}

    def with_rates(self, pairs: Mapping[Pair, Decimal], *, added: str) -> "Closing":
        """Fix more rates, which were not there when it closed."""
        more = json.loads(rates_json(pairs, added=added))
        return replace(self, rates=json.dumps([*json.loads(self.rates), *more]))


def rates_json(pairs: Mapping[Pair, Decimal], **more: str) -> str:
    """Write the rates of a month."""
    return json.dumps(
        [
            {"from": own, "to": to, "rate": plain(rate), **more}
            for (own, to), rate in sorted(pairs.items())
        ]
    )


def read_closings(con: "DuckDBPyConnection") -> list[Closing]:
    """Read every closing from the view `closings`, oldest first."""
    names = [field.name for field in fields(Closing)]
    rows = con.cursor().execute(
        f"select {', '.join(names)} from memory.main.closings order by closed_at, month"
    )
    return [Closing(**dict(zip(names, row, strict=True))) for row in rows.fetchall()]


def closed_months(closings: Iterable[Closing]) -> dict[str, Closing]:
    """Give the closing of each month that is closed now."""
    return {one.month: one for one in closings if one.holds}


def reopened(
    closings: Sequence[Closing], months: Iterable[str], *, as_of: datetime, by: str
) -> list[Closing]:
    """Give the closings as they are once some months are open again; refuse what is not closed."""
    closed = closed_months(closings)
    wanted = set(months)
    listed = ", ".join(sorted(closed)) or "none"
    findings = [
        Finding(
            message=f"{month} is not closed, so there is nothing to reopen",
            where="--reopen",
            hint=f"closed months: {listed}",
        )
        for month in sorted(wanted - closed.keys())
    ]
    if findings:
        raise CostLensError(findings=findings)
    return [
        replace(one, reopened_at=naive(as_of), reopened_by=by)
        if one.holds and one.month in wanted
        else one
        for one in closings
    ]


def write_closings(con: "DuckDBPyConnection", draft: Draft, closings: Sequence[Closing]) -> None:
    """Write the table whole."""
    declared = TABLES["closings"].columns
    columns = ", ".join(f"{column} {kind}" for column, kind in declared.items())
    con.execute(f"create or replace temp table closings_now ({columns})").fetchall()
    if closings:
        con.executemany(
            f"insert into closings_now values ({', '.join('?' for _ in declared)})",
            [[getattr(one, column) for column in declared] for one in closings],
        )
    draft.write(con, "closings", "select * from closings_now order by closed_at, month")
    con.execute("drop table closings_now").fetchall()
