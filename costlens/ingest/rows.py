"""What a pack makes of the view `source`, as SQL: a table's rows, and the source's own totals."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from costlens.errors import CostLensError
from costlens.ingest.lines import LINES_A_FILE
from costlens.ingest.packs import Pack
from costlens.ingest.tags import rule_tags_sql, tagged
from costlens.lake.tables import TABLES, Table
from costlens.lake.views import literal, name
from costlens.money import exact_sum

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_BEGINS = {
    "charges": "BillingPeriodStart",
    "attempts": "start",
    "outputs": "start",
    "activity": "hour",
    "links": "seen",
}
_NOT_CONTENT = ("x_load", "x_line", "x_tags")
_HOLD_TAGS = {"AllocatedTags", "Tags", "SkuPriceDetails"}  # what rules name as tags
_STATE = (
    "case when stop is null and coalesce(run_state(state), '') not in ('skipped', 'cached') "
    "then 'running' else coalesce(run_state(state), 'succeeded') end"
)


@dataclass(frozen=True, kw_only=True)
class Totals:
    """What one table, period and currency come to; money is null where there is none."""

    makes: str
    period: str
    currency: str | None
    rows: int
    billed: Decimal | None = None
    effective: Decimal | None = None
    residual_billed: Decimal | None = None
    residual_effective: Decimal | None = None


def period_column(table: str) -> str:
    """Name the column a table is partitioned by beside `source`."""
    return TABLES[table].partitions[1]


def rows_sql(con: "DuckDBPyConnection", pack: Pack, table: str, *, tag_keys: frozenset[str]) -> str:
    """Write the select of a table's columns, of its row's number and of the month it belongs to."""
    declared, made_by = TABLES[table], made_sql(pack, table)
    found = _columns_made(con, pack, table)
    made_by = _without_tags(made_by, found, pack.dropped_tags)
    _refuse_misfits(pack, declared, found)
    columns = [
        f"cast({_value(column, found, tag_keys)} as {kind}) as {name(column)}"
        for column, kind in declared.columns.items()
        if column not in (*declared.partitions, "x_load", "x_line")
    ]
    month = f"date_trunc('month', made.{name(_BEGINS[table])})::timestamp as period_start"
    return "\n".join(
        (
            f"with made as (\n{made_by}\n)\n",
            "select\n    x_line,\n    " + ",\n    ".join((*columns, month)),
            f"from {_tagged(found, tag_keys)}",
        )
    )


def made_sql(pack: Pack, table: str) -> str:
    """Read the select of a pack that makes a table, without what ends it.

    The steps of a bill stand before it; those of others are views by now (steps.py).
    """
    own = ended(pack.sql(table))
    if not pack.makes_charges or pack.description.tables or not pack.description.steps:
        return own
    before = ",\n".join(
        f"{name(step)} as not materialized (\n{ended(pack.sql(step))}\n)"
        for step in pack.description.steps
    )
    return f"with {before}\nfrom (\n{own}\n)"


def ended(sql: str) -> str:
    """Leave out what ends a statement."""
    return sql.rstrip().rstrip(";")


_MADE: dict[tuple[object, ...], dict[str, str]] = {}


def _columns_made(con: "DuckDBPyConnection", pack: Pack, table: str) -> dict[str, str]:
    """Name the columns a pack makes and their types: bound once for sources of equal columns."""

    def described(relation: str) -> list[tuple[str, str]]:
        rows = con.cursor().execute(f"describe {relation}").fetchall()
        return [(row[0], row[1]) for row in rows]

    views = tuple((view, *described(name(view))) for view in pack.views)
    key = (pack.digest, table, views)
    if key not in _MADE:
        _MADE[key] = dict(described(f"(\n{made_sql(pack, table)}\n)"))
    return _MADE[key]


def written_sql(rows: str, *, load: str, number: int, period: str | None) -> str:
    """Write the select of what goes into one partition; a period where the file holds several."""
    only = f"\nwhere period_start = timestamp '{period}-01'" if period else ""
    return (
        f"select * exclude (period_start) replace (x_line + {number * LINES_A_FILE} as x_line), "
        f"{literal(load)} as x_load\nfrom (\n{rows}\n) as of_file{only}"
    )


def hash_sql(table: str) -> str:
    """Write the aggregate that is the same for the same rows in any order."""
    declared = TABLES[table]
    columns = ", ".join(
        name(column)
        for column in declared.columns
        if column not in (*declared.partitions, *_NOT_CONTENT)
    )
    return f"sum(hash({columns}))"


def control(con: "DuckDBPyConnection", pack: Pack) -> list[Totals]:
    """Run a pack's control.sql over the view `source`."""
    cursor = con.cursor()
    result = cursor.execute(pack.sql("control"))
    names = [column[0] for column in result.description]
    rows = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    return [_totals(pack, row) for row in rows]


def _totals(pack: Pack, row: dict[str, Any]) -> Totals:  # any: what DuckDB gives
    return Totals(
        makes=row.get("makes") or pack.produces[0],
        period=row["period"],
        currency=row.get("currency"),
        rows=row["rows"],
        billed=row.get("source_billed"),
        effective=row.get("source_effective"),
        residual_billed=row.get("residual_billed"),
        residual_effective=row.get("residual_effective"),
    )


def added(totals: Sequence[Totals]) -> Totals:
    """Add up totals of one table, period and currency over several files."""

    def total(values: Sequence[Decimal | None]) -> Decimal | None:
        known = [value for value in values if value is not None]
        return exact_sum(known) if known else None

    return Totals(
        makes=totals[0].makes,
        period=totals[0].period,
        currency=totals[0].currency,
        rows=sum(one.rows for one in totals),
        billed=total([one.billed for one in totals]),
        effective=total([one.effective for one in totals]),
        residual_billed=total([one.residual_billed for one in totals]),
        residual_effective=total([one.residual_effective for one in totals]),
    )


def _tagged(found: dict[str, str], tag_keys: frozenset[str]) -> str:
    """Give what x_tags is made of, from whichever of its columns a pack makes."""
    if not _HOLD_TAGS & {*found}:
        return "made"
    tags = [column for column in ("AllocatedTags", "Tags") if column in found]
    details = "SkuPriceDetails" if "SkuPriceDetails" in found else "null::varchar"
    return tagged(
        "made", tag_keys, tags=f"coalesce({', '.join((*tags, 'null::varchar'))})", details=details
    )


def _value(column: str, found: dict[str, str], tag_keys: frozenset[str]) -> str:
    if column == "x_tags":
        return rule_tags_sql(tag_keys if _HOLD_TAGS & {*found} else frozenset())
    if column == "state" and column in found:
        return _STATE
    return f"made.{name(column)}" if column in found else "null"


def _without_tags(made_by: str, found: dict[str, str], dropped: str) -> str:
    """Take tags out whose keys a source does not want stored."""
    tags = [column for column in ("Tags", "AllocatedTags", "tags") if column in found]
    if not dropped or not tags:
        return made_by
    left = ", ".join(f"without_tags({one}, {literal(dropped)}) as {one}" for one in tags)
    return f"select * replace ({left}) from (\n{made_by}\n)"


def _refuse_misfits(pack: Pack, table: Table, found: dict[str, str]) -> None:
    where = str(pack.folder / f"{table.name}.sql")
    for column in ("x_line", _BEGINS[table.name]):
        if column not in found:
            raise CostLensError(f"makes no {column}", where=where, hint=f"select {column} as well")
    unknown = [c for c in found if c not in table.columns and c != _BEGINS[table.name]]
    if unknown:
        raise CostLensError(
            f"{table.name} has no column {', '.join(unknown)}", where=where, hint="leave it out"
        )
    for column, kind in found.items():
        wants = table.columns.get(column, "")
        if kind in ("DOUBLE", "FLOAT") and wants.startswith("DECIMAL"):
            raise CostLensError(
                f"{column} is a float",
                where=where,
                hint="read it by money() or quantity(), or cast it to a decimal",
            )
