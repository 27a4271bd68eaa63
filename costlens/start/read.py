"""Read the sources that were recognised, each file once, and keep what a first catalogue needs."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from costlens.config.values import Source
from costlens.errors import CostLensError, Finding
from costlens.ingest.delivery import batches
from costlens.ingest.diagnose import unreadable
from costlens.ingest.fetch import SourceFile, deliveries_of, find_files, part_key
from costlens.ingest.packs import Pack
from costlens.ingest.rows import rows_sql
from costlens.ingest.source import macros
from costlens.ingest.tabled import as_deliveries, open_delivery
from costlens.lake.tables import TABLES
from costlens.lake.views import name
from costlens.start.group import Candidate

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_FOLDER = Path(__file__).parent
Unit = tuple[str, str, str]  # a period, what it holds of it, and which where there may be others
# What two sources cannot both hold: the same account and month, the same runs of a pipeline.
_UNITS = {
    "select distinct period, account, '' from new_charges order by all": True,
    "select period, 'runs of ' || pipeline, min(first_run) from new_attempts "
    "group by period, pipeline order by all": False,
}
_READ = ("charges", "attempts", "outputs", "activity", "links")


@dataclass(frozen=True, kw_only=True)
class Total:
    """What a source holds in one currency, or in none."""

    currency: str | None
    months: tuple[str, ...]
    lines: int
    cost: Decimal | None


@dataclass(kw_only=True)
class Found:
    """A source that was recognised, and what reading it came to."""

    candidate: Candidate
    source: Source
    path: str  # as costlens.yaml will name it, wherever that stands
    totals: list[Total] = field(default_factory=list)
    units: dict[Unit, str] = field(default_factory=dict)  # what it holds, and in which file
    errors: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)
    doubles: str = ""  # what it holds that an earlier source holds as well

    @property
    def counts(self) -> bool:
        """Whether costlens.yaml names it as a source."""
        return not self.doubles


def read_sources(
    con: "DuckDBPyConnection", found: Sequence[Found], *, folder: Path, say: Callable[[str], None]
) -> None:
    """Fill the tables `seen_charges`, `seen_attempts` … and each source's totals.

    `folder` is what the paths of sources are relative to. What is wrong with a source is noted in
    it; its other files are read.
    """
    with macros(con):
        for table in _READ:
            _run(con, _empty(table))
            _run(con, f"create or replace table seen_{table} as {_sql(table)}", source="")
        for one in found:
            _read(con, one, folder=folder, say=say)


def keep_counted(con: "DuckDBPyConnection", found: Sequence[Found]) -> None:
    """Forget what came from a source that holds the same as another one."""
    kept = [one.source.name for one in found if one.counts]
    for table in _READ:
        _run(con, f"delete from seen_{table} where not list_contains($kept, source)", kept=kept)


def mark_doubles(found: Sequence[Found]) -> None:
    """Find sources that hold what an earlier one does: a bill, and a run, count once."""
    seen: dict[Unit, str] = {}
    for one in found:
        again = sorted(unit for unit in one.units if unit in seen)
        if again:
            one.doubles = f"holds {again[0][1]} in {again[0][0]}, as {seen[again[0]]} does"
            continue
        seen.update({u: one.path for u in one.units if not u[1].endswith(": (none)")})


def _read(
    con: "DuckDBPyConnection", one: Found, *, folder: Path, say: Callable[[str], None]
) -> None:
    pack = one.candidate.pack
    try:
        files, notes = find_files(one.source, folder, pack.description)
        files = as_deliveries(files, pack, one.source)
    except CostLensError as error:
        one.errors += error.findings
        return
    one.notes += notes
    once: dict[str, SourceFile] = {}
    for file in files:
        first = once.setdefault(file.sha256, file)
        if first is not file:
            told = f"holds the same as {first.name}: it counts once"
            one.notes.append(Finding(message=told, where=file.name, severity="warning"))
    for delivery in batches(pack, deliveries_of(list(once.values()))):
        say(f"read {delivery[0].name}")
        try:
            _read_unchanged(con, one, delivery)
        except CostLensError as error:
            one.errors += error.findings
    one.totals = _totals(con, one.source.name, pack)


def _read_unchanged(
    con: "DuckDBPyConnection", one: Found, delivery: tuple[SourceFile, ...]
) -> None:
    """Read a delivery; a file that went away meanwhile is told as such, not what that led to."""
    try:
        _read_delivery(con, one, delivery)
    except OSError:
        for file in delivery:
            file.check_unchanged()
        raise


def _read_delivery(con: "DuckDBPyConnection", one: Found, delivery: tuple[SourceFile, ...]) -> None:
    """Add what a delivery holds; one that cannot be read to its end adds nothing."""
    import duckdb

    pack = one.candidate.pack
    currency = one.source.currency or "USD"
    with tempfile.TemporaryDirectory(prefix="costlens-") as staging:
        opened = open_delivery(con, delivery, pack=pack, currency=currency, staging=Path(staging))
        opened.view(con)
        try:
            for table in pack.produces:
                rows = rows_sql(con, pack, table, tag_keys=frozenset())
                _run(con, f"create or replace view read_{table} as {rows}")
                given = {"source": one.source.name}
                _run(con, f"create or replace table new_{table} as {_sql(table)}", **given)
        except duckdb.Error as error:
            raise unreadable(con, opened, error) from error
        opened.check_unchanged()
    for table in pack.produces:
        _run(con, f"insert into seen_{table} from new_{table}")
    for units, counts_once in _UNITS.items():
        if units.rpartition("new_")[2].split()[0] in pack.produces:
            for unit in con.cursor().execute(units).fetchall():
                held = delivery[0].name
                first = one.units.setdefault(unit, held)
                if counts_once and part_key(first) != part_key(held):
                    one.errors.append(_twice(first, held, unit))


def _twice(first: str, second: str, unit: Unit) -> Finding:
    return Finding(
        message=f"holds {unit[1]} in {unit[0]}, as {first} does",
        where=second,
        hint='keep the newer of the two; if both count, write "parts: true" at the source',
        code="delivered_twice",
    )


def _totals(con: "DuckDBPyConnection", source: str, pack: Pack) -> list[Total]:
    """Add a source up, a bill by its currencies."""
    table = pack.produces[0]
    currency, cost = ("currency", "sum(billed)") if table == "charges" else ("null", "null")
    rows = con.cursor().execute(
        f"select {currency} as in_currency, list_sort(list(distinct period)), "
        f"sum(lines)::bigint as lines, {cost} from seen_{table} where source = $source "
        "group by in_currency order by lines desc, in_currency",
        {"source": source},
    )
    return [
        Total(currency=currency, months=tuple(m for m in months if m), lines=lines, cost=cost)
        for currency, months, lines, cost in rows.fetchall()
    ]


def _empty(table: str) -> str:
    """Write a view of a table's columns without a row."""
    columns = ", ".join(
        f"null::{kind} as {name(column)}" for column, kind in TABLES[table].columns.items()
    )
    return (
        f"create or replace view read_{table} as "
        f"select {columns}, null::timestamp as period_start where false"
    )


def _sql(table: str) -> str:
    return (_FOLDER / f"{table}.sql").read_text(encoding="utf-8")


def _run(con: "DuckDBPyConnection", sql: str, **given: object) -> None:
    con.cursor().execute(sql, given or None).fetchall()
