"""Check the rows that were written: what is wrong with them, and what was mended."""

from collections.abc import Callable, Container, Iterator
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from costlens.config.values import Source
from costlens.errors import Finding
from costlens.ingest.diagnose import and_more
from costlens.money import plain

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
_ODDITIES = {
    "negative_usage": (
        "usage costs less than nothing and is no credit, correction or discount",
        "it counts as it is; ask the provider what it is",
    ),
    "cost_without_quantity": (
        "usage costs something although its quantity is 0",
        "it counts as it is; ask the provider what it is",
    ),
}
_COMMITMENTS = 20  # are named one by one
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


def notes(
    con: "DuckDBPyConnection", source: Source, *, period: str, expected: Container[str] | None
) -> Iterator[Finding]:
    """Say what was mended in the charges of a written period, and which tags are spelled twice.

    Of the columns only those that were `expected` can be missing; None stands for all.
    """
    for column, currency, lines, billed in _run(con, "repairs", source, period):
        if expected is not None and column not in expected:
            continue
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


def oddities(con: "DuckDBPyConnection", source: Source, *, period: str) -> Iterator[Finding]:
    """List what is odd but may be right, and each commitment that was not used up, with money."""
    unused: dict[str, list[dict[str, Any]]] = {}  # any: what DuckDB gives
    for row in _named(con, "oddities", source, period):
        if row["odd"] == "unused":
            unused.setdefault(row["currency"], []).append(row)
            continue
        lines = row["lines"]
        message, hint = _ODDITIES[row["odd"]]
        yield _told(
            source,
            row,
            period,
            code=row["odd"],
            message=f"{message} on {lines:,} line{'s' if lines > 1 else ''} of {period}",
            hint=hint,
        )
    for currency, rows in unused.items():
        for row in rows[:_COMMITMENTS]:
            used, left = (plain(row[column]) for column in ("effective", "unused"))
            told = f"{row['commitment']}: used {used}"
            hint = f"effective; {plain(row['billed'])} {currency} was billed for it that month"
            if row["commitment"] == "(without an id)":
                told = "commitments without an id"  # their use cannot be told from other use
                hint = "have the bill name its commitments: then each is told with its use"
            yield _told(
                source,
                {**row, "effective": row["unused"]},
                period,
                code="unused_commitment",
                message=f"{told}, unused {left} {currency} of {period}",
                hint=hint,
            )
        if more := rows[_COMMITMENTS:]:
            yield Finding(
                message=f"{len(more)} more commitments were not used up in {period}, unused "
                f"{plain(sum((row['unused'] for row in more), Decimal(0)))} {currency}",
                where=source.place,
                hint="costlens query lists them: charges by CommitmentDiscountId",
                code="unused_commitment",
                severity="info",
                quiet=True,
                currency=currency,
            )


def _told(
    source: Source,
    row: dict[str, Any],  # any: what DuckDB gives
    period: str,
    *,
    code: str,
    message: str,
    hint: str,
) -> Finding:
    return Finding(
        message=message,
        where=source.place,
        hint=hint,
        code=code,
        severity="info",
        quiet=True,
        currency=row["currency"] or "",
        billed=plain(row["billed"]),
        effective=plain(row["effective"]),
    )


def _negative(problem: str) -> tuple[str, str]:
    measure = problem.removeprefix("negative_")
    return f"{_MEASURES.get(measure, measure)} is negative: {{value}}", _AMOUNT


def _run(
    con: "DuckDBPyConnection", check: str, source: Source, period: str
) -> list[tuple[Any, ...]]:  # any: what DuckDB gives
    return [tuple(row.values()) for row in _named(con, check, source, period)]


def _named(
    con: "DuckDBPyConnection", check: str, source: Source, period: str
) -> list[dict[str, Any]]:  # any: what DuckDB gives
    sql = (_FOLDER / f"{check}.sql").read_text(encoding="utf-8")
    done = con.cursor().execute(sql, {"source": source.name, "period": period})
    names = [column[0] for column in done.description]
    return [dict(zip(names, row, strict=True)) for row in done.fetchall()]
