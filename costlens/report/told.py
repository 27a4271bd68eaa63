"""What one edition of a report holds: a file, and a manifest that says what it was made from."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from costlens.config.reports import Report
from costlens.errors import CostLensError
from costlens.money import exact_sum, plain
from costlens.questions.ask import Answer, Asked, in_currency
from costlens.questions.free import ask_freely
from costlens.questions.parquet import write_parquet
from costlens.questions.plain import as_csv, as_json, plain_cell
from costlens.questions.spans import Span
from costlens.questions.spreadsheet import as_workbook
from costlens.questions.stating import state
from costlens.questions.tying import insist_equal, insist_it_ties
from costlens.questions.worth import roi

MANIFEST = "manifest.json"
SUFFIXES = {"csv": "csv", "excel": "xlsx", "parquet": "parquet", "json": "json"}
_SHOWN = 8  # rows in a summary
NEVER = datetime(1, 1, 1)


@dataclass(frozen=True, kw_only=True)
class Told:
    """The files of an edition; the manifest comes last, and says all that a summary needs."""

    files: dict[str, bytes]
    manifest: dict[str, Any]  # Any: JSON


@dataclass(frozen=True, kw_only=True)
class _Answered:
    """An answer, which column of it is money to add up, and whether that has to be the bill."""

    answer: Answer
    total: str | None = None
    is_bill: bool = False


def tell(asked: Asked, report: Report, span: Span, *, since: datetime, folder: Path) -> Told:
    """Answer what a report asks of a window, and write it as it wants.

    `since` is when the build of the edition before was made. `folder` is that of costlens.yaml.
    What has to add up to the bill and does not raises an UntiedError.
    """
    basis = report.basis or str(asked.build.settings["basis"])
    if len(span.months) == 1:
        with asked.as_closed(span.months[0]) as then:
            found = _answered(then, report, span, basis=basis, since=since, folder=folder)
            number, built_at = then.build.number, then.build.built_at
    else:
        found = _answered(asked, report, span, basis=basis, since=since, folder=folder)
        number, built_at = asked.build.number, asked.build.built_at
    answer = _chosen(report, found.answer)
    totals = _sum(found.answer, found.total) if found.total else {}
    name = f"{report.name}_{span.label}.{SUFFIXES[report.format]}"
    content = _WRITE[report.format](answer)
    manifest = {
        "version": 1,
        "report": report.name,
        "title": report.title or report.name,
        "question": report.question or report.sql,
        "window": span.label,
        "build": number,
        "built_at": f"{built_at.isoformat()}Z",
        "basis": basis,
        "currency": report.currency,
        "since": None if since == NEVER else f"{since.isoformat()}Z",
        "file": name,
        "columns": list(answer.columns),
        "rows": len(answer.rows),
        "sha256": hashlib.sha256(content).hexdigest(),
        "total": found.total,
        "totals": {code: plain(amount) for code, amount in sorted(totals.items())},
        "first_rows": _first_rows(found),
    }
    text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    return Told(files={name: content, MANIFEST: text.encode()}, manifest=manifest)


def _answered(
    asked: Asked, report: Report, span: Span, *, basis: str, since: datetime, folder: Path
) -> _Answered:
    if report.sql is not None:
        assert asked.lake is not None
        try:
            text = (folder / report.sql).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CostLensError("cannot read this", where=report.sql) from error
        given = {**span.window.given, "basis": basis}
        return _Answered(
            answer=ask_freely(asked.lake, asked.build, text, given=given, where=report.sql)
        )
    assert report.question is not None  # one of the two is written
    if report.question.startswith("roi_by_"):
        return _roi(asked, report, span, basis)
    if report.question == "statement":
        answer = state(asked, window=span.window, currency=report.currency)
        return _Answered(answer=insist_it_ties(answer, build=asked.build.number))
    given = {"basis": basis, "since": since, **span.window.given}
    with in_currency(asked, report.currency, span.window):
        found = _ask(asked, report.question, given)
        if found.is_bill:
            _insist_it_is_the_bill(asked, report, found, given, span)
    return found


def _ask(asked: Asked, question: str, given: Mapping[str, object]) -> _Answered:
    """Answer a built-in question."""
    name, _, by = question.partition("_by_")
    if name == "chargeback":
        asked.keep("chargeback_by_team", **given)
        return _Answered(
            answer=asked.ask("chargeback", by=by, **given), total="debit", is_bill=True
        )
    if name == "cost":
        answer = asked.ask("cost_by_target", level=by, **given)
        return _Answered(answer=answer, total="allocated", is_bill=True)
    if name == "never_read":
        asked.keep("cost_by_target", level="feature", **given)
    total = "billed_change" if name == "restatements" else "cost"
    return _Answered(answer=asked.ask(question, **given), total=total)


def _roi(asked: Asked, report: Report, span: Span, basis: str) -> _Answered:
    assert report.question is not None
    answer = roi(
        asked,
        level=report.question.removeprefix("roi_by_"),
        basis=basis,
        window=span.window,
        currency=report.currency,
    )
    return _Answered(answer=answer, total="cost")


def _insist_it_is_the_bill(
    asked: Asked, report: Report, found: _Answered, given: Mapping[str, object], span: Span
) -> None:
    """Compare with what was billed, and that with the statement, to the last unit."""
    assert found.total is not None
    build = asked.build.number
    rows = asked.ask("bill_in_window", **given).rows
    bill: dict[str, Decimal] = {code: amount for code, amount in rows if amount}
    sums = _sum(found.answer, found.total)
    if found.total == "debit":
        credit = _sum(found.answer, "credit")
        insist_equal(f'what report "{report.name}" debits', sums, credit, build=build)
        at = found.answer.columns.index("side")
        pays = replace(found.answer, rows=tuple(r for r in found.answer.rows if r[at] == "pays"))
        back = _sum(pays, "credit")
        sums = {
            code: exact_sum([amount, -back.get(code, Decimal(0))])
            for code, amount in _sum(pays, "debit").items()
        }
    insist_equal(f'report "{report.name}"', sums, bill, build=build)
    if report.currency is None and (span.months or span.label == "all"):
        stated = insist_it_ties(state(asked, window=span.window), build=build)
        at = stated.columns.index("basis")
        mine = replace(stated, rows=tuple(r for r in stated.rows if r[at] == given["basis"]))
        insist_equal("the statement", _sum(mine, "ingested"), bill, build=build)


def _sum(answer: Answer, column: str) -> dict[str, Decimal]:
    """Add a column up by currency."""
    money, currency = answer.columns.index(column), answer.columns.index("currency")
    found: dict[str, list[Decimal]] = {}
    for row in answer.rows:
        if row[currency] is not None:
            found.setdefault(row[currency], []).append(row[money] or Decimal(0))
    return {code: exact_sum(amounts) for code, amounts in found.items()}


def _some(sums: Mapping[str, Decimal]) -> dict[str, Decimal]:
    return {code: amount for code, amount in sums.items() if amount}


def _chosen(report: Report, answer: Answer) -> Answer:
    """Keep the columns that the report names, in its order."""
    if not report.columns:
        return answer
    missing = [name for name in report.columns if name not in answer.columns]
    if missing:
        raise CostLensError(
            f'report "{report.name}" has no column {missing[0]}',
            where=report.place,
            hint=f"columns: {', '.join(answer.columns)}",
        )
    at = [answer.columns.index(name) for name in report.columns]
    return Answer(
        columns=tuple(report.columns),
        types=tuple(answer.types[index] for index in at),
        rows=tuple(tuple(row[index] for index in at) for row in answer.rows),
    )


def _first_rows(found: _Answered) -> list[dict[str, str]]:
    """Name the rows that a summary shows: what it is, and its money."""
    answer, total = found.answer, found.total
    if total is None:
        return []
    words = [
        at
        for at, kind in enumerate(answer.types)
        if kind == "VARCHAR" and not re.fullmatch("currency|basis|side", answer.columns[at])
    ]
    money, currency = answer.columns.index(total), answer.columns.index("currency")
    rows = [row for row in answer.rows if row[money] is not None and words]
    return [
        {
            "name": " · ".join(dict.fromkeys(plain_cell(row[at]) for at in words[:2] if row[at])),
            "amount": plain(row[money]),
            "currency": plain_cell(row[currency]),
        }
        for row in rows[:_SHOWN]
    ]


def _parquet(answer: Answer) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "answer.parquet"
        write_parquet(answer, path)
        return path.read_bytes()


_WRITE: dict[str, Callable[[Answer], bytes]] = {
    "csv": lambda answer: as_csv(answer, guarded=True).encode(),
    "json": lambda answer: as_json(answer).encode(),
    "excel": as_workbook,
    "parquet": _parquet,
}
