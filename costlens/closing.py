"""Close a billing month: from then on its figures stay, until it is reopened.

What is closed is what the latest build says: its billing lines, their allocation, and the rates of
the month. The month has to be over, to have a bill, and to tie to it, and the workspace has to be
the one of that build. Benefits are not closed: they are declared, not billed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from costlens import __version__
from costlens.config.values import Workspace
from costlens.errors import CostLensError, Finding
from costlens.lake import Build, Draft
from costlens.lake.builds import naive
from costlens.lake.closings import (
    Closing,
    closed_months,
    rates_json,
    read_closings,
    write_closings,
)
from costlens.money import define, plain
from costlens.questions.ask import Asked
from costlens.questions.window import months
from costlens.refresh import engine_of, lake_of
from costlens.times import is_over, last_day


@dataclass(frozen=True, kw_only=True)
class Closed:
    """What a closing came to: the build that says so, and what is worth knowing about the bill."""

    build: Build
    closing: Closing
    findings: tuple[Finding, ...]


def close(workspace: Workspace, month: str, *, as_of: datetime, by: str) -> Closed:
    """Close a month as the latest build has it, and publish a build that says so."""
    lake = lake_of(workspace)
    with lake.writing() as draft, engine_of(workspace) as con:
        base = draft.base or lake.build()  # which says that nothing is built yet
        draft.open(con)
        define(con)
        asked = Asked(build=base, con=con)
        closings = read_closings(con)
        refused = [
            *_refused(workspace, base, month, closed_months(closings), as_of=as_of),
            *_untied(asked, month),
        ]
        if refused:
            raise CostLensError(findings=refused)
        closing = Closing(
            month=month,
            build=base.number + 1,
            closed_at=naive(as_of),
            closed_by=by,
            rates=rates_json(_rates(base, month)),
        )
        write_closings(con, draft, [*closings, closing])
        build = _publish(draft, asked, as_of=as_of)
        return Closed(build=build, closing=closing, findings=tuple(_short(asked, month)))


def _refused(
    workspace: Workspace,
    base: Build,
    month: str,
    closed: dict[str, Closing],
    *,
    as_of: datetime,
) -> list[Finding]:
    """Say what keeps a month from being closed, whatever its figures are."""
    findings = []
    if month in closed:
        at = f"{closed[month].closed_at:%Y-%m-%d} by {closed[month].closed_by}"
        findings.append(
            _finding(month, f"is closed since {at}", f"costlens refresh --reopen {month} opens it")
        )
    if not is_over(month, as_of):
        findings.append(_finding(month, "is not over", "close it once its bill is final"))
    if base.inputs.get("workspace") != workspace.digest:
        findings.append(
            _finding(
                month,
                f"costlens.yaml, the catalogue or fx.csv changed since build {base.number}",
                "run: costlens refresh, look at the month, then close it",
            )
        )
    return findings


def _untied(asked: Asked, month: str) -> list[Finding]:
    """Find what of a month does not add up to its bill, or that there is none."""
    statement = asked.ask("statement", **months(month).given)
    if not statement.rows:
        known = ", ".join(str(row[0]) for row in asked.ask("bill_months").rows)
        return [_finding(month, "has no bill", f"months with a bill: {known or 'none'}")]
    at = statement.columns.index
    off = [
        ("statement", *(row[at(name)] for name in ("source", "currency", "basis", "difference")))
        for row in statement.rows
        if row[at("difference")] != 0
    ]
    off += [(*row[:4], row[6]) for row in asked.ask("untied", month=month).rows]
    return [
        _finding(
            month,
            f"does not tie to the bill: {place} of {source} is off by {plain(difference)} "
            f"{currency}, {basis}",
            "this is a bug or a damaged lake; an earlier build may be sound: costlens builds",
        )
        for place, source, currency, basis, difference in off
    ]


def _rates(base: Build, month: str) -> dict[tuple[str, str], Decimal]:
    return {
        (rate["from"], rate["to"]): Decimal(rate["rate"])
        for rate in base.settings["fx"]
        if rate["month"] == month
    }


def _publish(draft: Draft, asked: Asked, *, as_of: datetime) -> Build:
    """Publish the build as it was, with the closing beside it."""
    base = asked.build
    return draft.publish(
        built_at=as_of,
        engine=__version__,
        inputs=base.inputs,
        settings=base.settings,
        book=asked.book(),
        periods=base.periods,
        totals=base.totals,
    )


def _short(asked: Asked, month: str) -> Sequence[Finding]:
    """Name the sources whose bill of the month ends before its last day, or never came."""
    rows = asked.ask("bill_reach", month=month).rows
    findings = []
    for source, reach in rows:
        said = f"the bill of {source} ends on {reach}" if reach else f"{source} has no bill of it"
        if reach is None or reach < last_day(month):
            findings.append(
                _finding(
                    month,
                    said,
                    f"if more is to come: costlens refresh --reopen {month}, once it is there",
                    severity="warning",
                )
            )
    return findings


def _finding(month: str, message: str, hint: str, *, severity: str = "error") -> Finding:
    return Finding(message=message, where=month, hint=hint, code="closing", severity=severity)
