"""Allocated charges as FOCUS 1.3: who bears each charge, in the columns that FinOps tools read."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from tempfile import NamedTemporaryFile

from costlens.allocate import trace
from costlens.errors import CostLensError, UntiedError
from costlens.lake.views import literal
from costlens.money import plain
from costlens.questions.ask import Answer, Asked, answer

_MONEY = ("BilledCost", "EffectiveCost")


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What a file holds: its rows, and its sums by month and currency."""

    sums: Answer


def export_focus(asked: Asked, months: Sequence[str], level: str, out: Path) -> Exported:
    """Write the charges of billing months, split at one level, to a CSV or Parquet file at once.

    A month whose rows do not add up to its charges, in both bases, raises an UntiedError.
    """
    known = [row[0] for row in asked.ask("bill_months").rows]
    wanted = [month for month in known if month in months]
    if not wanted:
        raise CostLensError(
            "there is no bill of these months", hint=f"months with a bill: {', '.join(known)}"
        )
    con = asked.con
    con.execute("drop table if exists focus_rows")
    for month in wanted:
        with asked.as_closed(month) as then:
            trace.trace_bundles(then.con, then.book(), month, level=level)
            then.keep("focus", "focus_month", level=level, period=month)
            _insist_on_sums(then, month)
            _add(asked, then)
    _write(asked, out)
    return Exported(
        sums=answer(
            con,
            "select BillingPeriodStart[1:7] as month, BillingCurrency as currency, "
            "count(*) as rows, count(distinct x_OriginLine) as charges, "
            "sum(BilledCost)::decimal(38, 12) as billed, "
            "sum(EffectiveCost)::decimal(38, 12) as effective "
            "from focus_rows group by all order by all",
        )
    )


def _insist_on_sums(then: Asked, month: str) -> None:
    """Compare each charge with the rows that stand in its place, to the last unit."""
    for column in (*_MONEY, "ListCost", "ContractedCost", "ConsumedQuantity"):
        origin = {
            "ContractedCost": "coalesce(ContractedCost, EffectiveCost)",
            "ListCost": "coalesce(ListCost, ContractedCost, EffectiveCost)",
            "ConsumedQuantity": "case when ChargeCategory = 'Usage' then ConsumedQuantity end",
        }.get(column, column)
        off = then.con.execute(
            "with rows as (select x_OriginLine as line, "
            f"sum({column}) as amount from focus_month group by all), "
            "charges as (select source || ':' || billing_period || ':' || x_line as line, "
            f"{origin} as amount from memory.main.charges where billing_period = $month) "
            "select c.line, coalesce(r.amount, 0), coalesce(c.amount, 0) "
            "from charges as c left join rows as r on c.line = r.line "
            "where r.amount is distinct from c.amount limit 1",
            {"month": month},
        ).fetchall()
        if off:
            line, found, wanted = off[0]
            what = f"{column} of the rows of {line}"
            raise UntiedError(what, plain(found), plain(wanted), build=then.build.number)


def _add(asked: Asked, then: Asked) -> None:
    """Add a month to what is written; that of a closed one comes over from its own build."""
    there = asked.con.execute(
        "select 1 from duckdb_tables() where table_name = 'focus_rows'"
    ).fetchall()
    if then.con is not asked.con:
        with NamedTemporaryFile(suffix=".parquet") as file:
            then.con.execute(f"copy focus_month to {literal(file.name)} (format parquet)")
            asked.con.execute(
                "create or replace temp table focus_month as "
                f"from read_parquet({literal(file.name)}, hive_partitioning = false)"
            )
    if there:
        asked.con.execute("insert into focus_rows by name from focus_month")
    else:
        asked.con.execute("create temp table focus_rows as from focus_month")


def _write(asked: Asked, out: Path) -> None:
    import duckdb

    style = "format parquet, compression zstd" if out.suffix == ".parquet" else "format csv, header"
    aside = out.with_name(f".{out.name}.writing")
    try:
        asked.con.execute(f"copy focus_rows to {literal(str(aside))} ({style})")
        aside.replace(out)
    except (duckdb.IOException, OSError) as error:
        reason = str(error).rpartition(": ")[2]
        raise CostLensError(f"cannot write: {reason}", where=str(out)) from error
    finally:
        aside.unlink(missing_ok=True)


def total(exported: Exported, column: str) -> dict[str, Decimal]:
    """Add a column up by currency, over all months."""
    at = exported.sums.columns.index(column)
    currency = exported.sums.columns.index("currency")
    sums: dict[str, Decimal] = {}
    for row in exported.sums.rows:
        sums[row[currency]] = sums.get(row[currency], Decimal(0)) + row[at]
    return sums
