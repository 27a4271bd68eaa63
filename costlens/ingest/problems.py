"""Check the rows that were written: what is wrong with them, and what was mended."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from costlens.config.values import Source
from costlens.errors import Finding
from costlens.ingest.diagnose import and_more

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_FOLDER = Path(__file__).with_name("checks")
_AMOUNT = "write 0 or more; leave the cell empty where it is not known"
_PROBLEMS = {
    "no_cost": ("BilledCost is missing", "write the amount, 0 where nothing is billed"),
    "no_currency": ("BillingCurrency is missing", "write it on every line, such as USD"),
    "no_charge_period": ("ChargePeriodStart is missing", "write when the charge began"),
    "no_category": (
        "ChargeCategory is missing",
        "write Usage, Purchase, Tax, Credit or Adjustment",
    ),
    "charge_ends_before_start": (
        "the charge ends before it starts, at {value}",
        "correct ChargePeriodStart or ChargePeriodEnd",
    ),
    "other_month": (
        "a charge of {value} stands in the bill of {period} and is no Correction",
        'correct its dates or its ChargeClass, or write "late_charges: accept" at {source}',
    ),
    "no_run": ("run_id or pipeline is missing", "write both on every line"),
    "run_ends_before_start": (
        "the run ends before it starts, at {value}",
        "correct start or end",
    ),
    "negative_size": ("the size of the machine is negative: {value}", _AMOUNT),
    "negative_time": ("the time used is negative: {value} s", _AMOUNT),
    "try_twice": (
        'an attempt of the run "{value}" stands in two files',
        "take one of the files out of {source}, or number the attempts",
    ),
    "no_link": ("from_node, to_node, kind or seen_as is missing", "make all four in links.sql"),
    "no_activity": ("target, measure or quantity is missing", "write all three on every line"),
    "negative_activity": ("the quantity is negative: {value}", "write 0 or more"),
}
_MEASURES = {
    "declared": "weight",
    "work_s": "work_seconds",
    "values": "values_out",
    "rows": "rows_out",
    "bytes": "bytes_out",
    "columns": "columns_out",
}
_MENDED = {
    "BilledCost": "use of commitments counts 0, and what was paid for them is in no line",
    "EffectiveCost": "BilledCost stands in for it",
    "ContractedCost": "EffectiveCost stands in for it",
    "ListCost": "ContractedCost stands in for it",
    "BillingCurrency": "the bill is taken to be in {currency}",
    "BillingAccountId": "the account is (none)",
    "ProviderName": "other columns say it, else it is (none)",
    "BillingPeriodStart": "it was set to the first of the month",
    "BillingPeriodEnd": "it was set to the first of the next month",
    "ChargePeriodEnd": "a day was assumed from midnight on, else an hour",
    "PricingCategory": "Committed was taken, as there is a commitment",
    "UnusedCommitment": "what its fees leave over is taken, less what was used of it",
    "CoveredCost": "what this usage took of its commitment stays in that commitment's unused part; "
    "have the report hold its effective cost",
    "Tags": "it could not be read, so these charges have no tags",
    "AllocatedTags": "it could not be read, so the charge's own tags stand in",
}
_ODD = {"BillingPeriodStart": "was no first of a month or", "BillingPeriodEnd": "was wrong or"}


def problems(
    con: "DuckDBPyConnection",
    table: str,
    source: Source,
    *,
    period: str,
    line_at: Callable[[int], str],
) -> Iterator[Finding]:
    """Find what is wrong with a written period; `line_at` says where an x_line stands."""
    for problem, lines, line, value in _run(con, table, source, period):
        if problem == "other_month" and source.late_charges == "accept":
            continue
        message, hint = _PROBLEMS.get(problem) or _negative(problem)
        named = {"value": value, "period": period, "source": source.place or source.name}
        yield Finding(
            message=message.format(**named) + and_more(lines),
            where=line_at(line),
            hint=hint.format(**named),
            code=problem,
        )


def notes(con: "DuckDBPyConnection", source: Source, *, period: str) -> Iterator[Finding]:
    """Say what was mended in the charges of a written period, and which tags are spelled twice."""
    for column, currency, lines, billed in _run(con, "repairs", source, period):
        money = f"{format(billed.normalize(), 'f')} {currency} billed" if billed is not None else ""
        was = _ODD.get(column, "was" if column not in ("Tags", "AllocatedTags") else "")
        told = _MENDED.get(column, "it was mended")
        gap = f"{was} missing" if was else "is no JSON object"
        yield Finding(
            message=f"{column} {gap} on {lines:,} line{'s' if lines > 1 else ''} of {period}"
            + (f", {money}" if money else ""),
            where=source.place,
            hint=told.format(currency=currency),
            code="repaired",
            severity="warning",
        )
    for key, lines in _run(con, "tag_spellings", source, period):
        yield Finding(
            message=f'the tag "{key}" is spelled in two ways on {lines:,} line'
            f"{'s' if lines > 1 else ''} of {period}",
            where=source.place,
            hint="a rule matches if either value does: use one spelling",
            code="tag_spellings",
            severity="warning",
        )


def _negative(problem: str) -> tuple[str, str]:
    measure = problem.removeprefix("negative_")
    return f"{_MEASURES.get(measure, measure)} is negative: {{value}}", _AMOUNT


def _run(
    con: "DuckDBPyConnection", check: str, source: Source, period: str
) -> list[tuple[Any, ...]]:  # any: what DuckDB gives
    sql = (_FOLDER / f"{check}.sql").read_text(encoding="utf-8")
    return con.cursor().execute(sql, {"source": source.name, "period": period}).fetchall()
