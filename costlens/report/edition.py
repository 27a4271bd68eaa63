"""An edition: what a build says about one billing month, as files whose totals tie to the bill."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from costlens.errors import CostLensError
from costlens.lake.closings import closed_months, read_closings
from costlens.money import converted, exact_sum, plain
from costlens.questions.ask import Answer, Asked, set_rates
from costlens.questions.plain import as_csv
from costlens.questions.stating import state
from costlens.questions.tying import insist_equal, insist_it_ties
from costlens.questions.window import Window, months
from costlens.questions.worth import roi

MANIFEST = "manifest.json"

Sums = dict[str, dict[str, Decimal]]  # column → currency → sum


@dataclass(frozen=True, kw_only=True)
class BillMonth:
    """A billing month, and whether its bill reaches its last day."""

    month: str
    last_day: date
    complete: bool

    @property
    def window(self) -> Window:
        """Its billing period."""
        return months(self.month)


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One file of an edition: its rows as CSV, and what they add up to.

    `total` is the sum that is the bill, `sums` has others.
    """

    name: str
    rows: int
    text: str
    total: str
    sums: Sums

    @property
    def sha256(self) -> str:
        """The hash of its bytes."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Edition:
    """The files of one month; the manifest says what they were made from."""

    month: BillMonth
    sheets: tuple[Sheet, ...]
    manifest: str

    @property
    def files(self) -> dict[str, bytes]:
        """The bytes of every file, by name; the manifest comes last."""
        found = {sheet.name: sheet.text.encode() for sheet in self.sheets}
        return {**found, MANIFEST: self.manifest.encode()}


def choose_month(asked: Asked, wanted: str | None = None) -> BillMonth:
    """Take the month that is wanted, else the last complete one, else the last one."""
    rows = asked.ask("bill_months").rows
    known = [BillMonth(month=row[0], last_day=row[2], complete=bool(row[3])) for row in rows]
    if not known:
        raise CostLensError("the build has no bill", hint="name one under sources in costlens.yaml")
    if wanted is None:
        return max(known, key=lambda one: (one.complete, one.month))
    for one in known:
        if one.month == wanted:
            return one
    listed = ", ".join(one.month for one in known)
    raise CostLensError(f"there is no bill of {wanted}", hint=f"months with a bill: {listed}")


def make_edition(
    asked: Asked, month: BillMonth, *, basis: str, currency: str | None = None
) -> Edition:
    """Answer what an edition holds; a total that is not the statement's raises an UntiedError.

    As billed, each currency by itself, or all in one; return always is in one.
    """
    given = {"basis": basis, **month.window.given}
    rates = _rates(asked, month.month)
    number = asked.build.number
    bill = _bill(insist_it_ties(asked.ask("statement", **given), build=number))
    statement = state(asked, window=month.window, currency=currency)
    claimed = roi(asked, level="product", basis=basis, window=month.window, currency=currency)
    set_rates(asked.con, asked.build, currency, window=month.window)
    sheets = (
        _sheet("cost_by_feature", asked.ask("cost_by_target", level="feature", **given)),
        _sheet("cost_by_model", asked.ask("cost_by_target", level="model", **given)),
        _sheet("roi_by_product", claimed, "cost", "benefit_low", "benefit", "benefit_high"),
        _sheet(
            "chargeback_by_team",
            asked.ask("chargeback_by_team", **given),
            basis,
            *("billed", "effective", "products", "own_stages"),
            *("waste", "idle", "unmatched", "excluded"),
        ),
        Sheet(
            name="statement.csv",
            rows=len(statement.rows),
            text=as_csv(statement, guarded=True),
            total=basis,
            sums=_in(currency, bill, rates),
        ),
    )
    set_rates(asked.con, asked.build, None)
    _insist_they_tie(sheets, bill, rates, currency=currency, build=number)
    return Edition(month=month, sheets=sheets, manifest=_manifest(asked, month, basis, sheets))


def _sheet(name: str, answer: Answer, total: str = "allocated", *others: str) -> Sheet:
    return Sheet(
        name=f"{name}.csv",
        rows=len(answer.rows),
        text=as_csv(answer, guarded=True),
        total=total,
        sums={column: _sum(answer, column) for column in dict.fromkeys((total, *others))},
    )


def _records(answer: Answer) -> list[dict[str, Any]]:  # Any: a cell is what DuckDB returns
    return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]


def _sum(answer: Answer, column: str) -> dict[str, Decimal]:
    """Add a column up by currency; where all of it is unknown, so is its sum."""
    found: dict[str, list[Decimal]] = {}
    for row in _records(answer):
        if row[column] is not None:
            found.setdefault(row["currency"], []).append(row[column])
    return {currency: exact_sum(amounts) for currency, amounts in found.items()}


def _bill(statement: Answer) -> Sums:
    """Add up what the statement says was ingested, by basis."""
    at = statement.columns.index("basis")
    sums: Sums = {}
    for basis in ("billed", "effective"):
        rows = tuple(row for row in statement.rows if row[at] == basis)
        sums[basis] = _sum(replace(statement, rows=rows), "ingested")
    return sums


def _insist_they_tie(
    sheets: Sequence[Sheet],
    bill: Sums,
    rates: Mapping[tuple[str, str], Decimal],
    *,
    currency: str | None,
    build: int,
) -> None:
    """Compare the total of every sheet with the bill's, to the last unit."""
    basis = sheets[-1].total
    for sheet in sheets:
        to = currency
        if sheet.name == "roi_by_product.csv":
            (to,) = sheet.sums[sheet.total]
        wanted = _in(to, bill, rates)
        for column in (sheet.total, *sorted(wanted.keys() & sheet.sums.keys() - {sheet.total})):
            should = wanted[basis if column == sheet.total else column]
            insist_equal(f"{column} of {sheet.name}", sheet.sums[column], should, build=build)


def _in(currency: str | None, bill: Sums, rates: Mapping[tuple[str, str], Decimal]) -> Sums:
    """Give the bill by basis in one currency, or as it was billed."""
    if currency is None:
        return bill
    return {basis: {currency: _converted(sums, currency, rates)} for basis, sums in bill.items()}


def _rates(asked: Asked, month: str) -> dict[tuple[str, str], Decimal]:
    return {
        (rate["from"], rate["to"]): Decimal(rate["rate"])
        for rate in asked.build.settings["fx"]
        if rate["month"] == month
    }


def _converted(
    amounts: Mapping[str, Decimal], to: str, rates: Mapping[tuple[str, str], Decimal]
) -> Decimal:
    """Convert amounts of several currencies, and round their sum once."""
    return converted(
        (amount, Decimal(1) if own == to else rates[own, to]) for own, amount in amounts.items()
    )


def _manifest(asked: Asked, month: BillMonth, basis: str, sheets: Sequence[Sheet]) -> str:
    """Say what the files were made from and what they add up to; no clock is read."""
    said = {
        "version": 1,
        "month": month.month,
        "last_day": month.last_day.isoformat(),
        "complete": month.complete,
        "build": asked.build.number,
        "built_at": asked.build.built_at.isoformat() + "Z",
        "engine": asked.build.engine,
        "basis": basis,
        "currency": asked.build.settings["currency"],
        "closed": _closed(asked, month.month),
        "files": [
            {
                "file": sheet.name,
                "rows": sheet.rows,
                "sha256": sheet.sha256,
                "total": sheet.total,
                "totals": {
                    column: {code: plain(amount) for code, amount in sorted(sums.items())}
                    for column, sums in sheet.sums.items()
                },
            }
            for sheet in sheets
        ],
    }
    return json.dumps(said, indent=2, ensure_ascii=False) + "\n"


def _closed(asked: Asked, month: str) -> dict[str, str] | None:
    """Say since when a month is closed, and by whom."""
    closing = closed_months(read_closings(asked.con)).get(month)
    if closing is None:
        return None
    return {"at": closing.closed_at.isoformat() + "Z", "by": closing.closed_by}
