"""What pages ask that takes more than one question."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from threading import Lock

from costlens.allocate.trace import read_line_id
from costlens.comparing import Sides, compare
from costlens.config.changes import Changes, Merge, Reprice, Rescale, Reweigh
from costlens.errors import CostLensError
from costlens.lake import Lake
from costlens.questions.appraise import value_of
from costlens.questions.ask import Answer, Asked, set_rates
from costlens.questions.cascades import keep_cascades
from costlens.questions.covering import coverage as cover
from costlens.questions.explaining import (
    Why,
    explain_change,
    explain_flow,
    explain_lines,
    explain_parts,
    trace_line,
)
from costlens.questions.portfolio import portfolio
from costlens.questions.published import published
from costlens.questions.ranked import ranked
from costlens.questions.realisation import realisation
from costlens.questions.savings import savings as find_savings
from costlens.questions.stating import state
from costlens.questions.watching import alerts as look_for_alerts
from costlens.questions.window import Window
from costlens.questions.worth import declared as claims_of
from costlens.web.data import Data
from costlens.web.rows import only
from costlens.web.view import View
from costlens.whatif import Question, what_if

_MOST_LINES = 200  # of a month; the others are one row
_ALLOCATING = Lock()  # what allocates again takes seconds of all cores: one at a time


def rank(data: Data, view: View, *, most: int | None = None, question: str = "ranked") -> Answer:
    """Rank what the view asks for of its level; `most` is how many are named."""
    return data.work_out(
        question,
        ranked,
        level=view.level,
        basis=view.basis,
        window=view.window,
        before=view.before,
        currency=data.currency,
        owner=view.owner,
        product=view.product,
        most=most,
        question=question,
    )


def advice(data: Data, view: View) -> Answer:
    """Advise what to keep and what to stop, at the level of the view."""
    return data.work_out("portfolio", portfolio, **_of_level(data, view))


def gain(data: Data, view: View) -> Answer:
    """Say what following the advice would gain."""
    return data.work_out(
        "portfolio_gain", portfolio, **_of_level(data, view), question="portfolio_gain"
    )


def sensitivity(data: Data, view: View) -> Answer:
    """List what each target would bear under other rules, and its ranks by them."""
    given = {"level": view.level, "basis": view.basis, "window": view.window}
    return data.work_out("sensitivity", _by_rules, **given, currency=data.currency)


def realised(data: Data, _view: View) -> Answer:
    """Compare what closed claims declared with what came in."""
    return data.work_out("realisation", realisation, currency=data.currency)


def savings(data: Data, view: View) -> Answer:
    """List what could be merged, or saved in another way, among features, or models if asked."""
    given = {"basis": view.basis, "window": view.window, "currency": data.currency}
    level = view.level if view.level == "model" else "feature"
    return data.work_out("savings", find_savings, level=level, **given)


def alerts(data: Data, view: View) -> Answer:
    """List what is unlike the days before, and budgets that are or will be over."""
    given = {"level": view.level, "basis": view.basis, "currency": data.currency}
    return data.work_out("alerts", look_for_alerts, **given)


def decisions(data: Data, view: View) -> Answer:
    """List what needs a decision of a person."""
    return data.work_out(
        "decisions",
        _decide,
        **_of_level(data, view),
        owner=view.owner,
        product=view.product,
        as_of=data.built_at.date(),
    )


def statement(data: Data, view: View) -> Answer:
    """State where all of each bill of the window went, as it was billed."""
    return data.work_out("statement", state, window=view.window)


def coverage(data: Data, view: View) -> Answer:
    """Say how well the cost of everything of a level is known, and between what it lies."""
    return data.work_out("covered", _cover, level=view.level, basis=view.basis, window=view.window)


def builds(data: Data, _view: View) -> Answer:
    """List the published builds."""
    return data.work_out("builds", _published, latest=data.number)


def compared(data: Data, view: View) -> Answer:
    """Split what changed since the build of the link, `since`, into its causes. Takes seconds."""
    return data.work_out("compared", _compare, since=view.asked("since"), **_of_level(data, view))


def flow_of(data: Data, why: Why) -> Answer:
    """List how the cost of a target flows in and on."""
    return data.work_out("flow", explain_flow, why=why)


def measures_of(data: Data, why: Why) -> Answer:
    """List what a target costs in full and is worth, measure by measure."""
    return data.work_out("measures", _measure, why=why, currency=data.currency)


def what_would_be(data: Data, view: View, change: Mapping[str, str]) -> Answer:
    """Allocate the window once more with one change, and store nothing. Takes seconds.

    `change` has a `kind`: drop, merge, weight, volume or price, and says of what, into what, and by
    which `factor`.
    """
    return data.work_out(
        "whatif", _what_if, change=tuple(sorted(change.items())), **_of_level(data, view)
    )


def machines(data: Data, *, grain: str, basis: str, window: Window) -> Answer:
    """List what shared machines were paid for along time, by hour, day, week or month."""
    return data.work_out("machines", _run_on, grain=grain, basis=basis, window=window)


def parts(data: Data, view: View) -> Answer:
    """List the stages that an amount of the link, `of`, is made of.

    Where the link says what it was `billed_in`, they are in that currency, as the bill has them.
    """
    return data.work_out("parts", _parts, why=_why(view), billed_in=view.asked("billed_in"))


def changed(data: Data, view: View) -> Answer:
    """List by stage how an amount of the link moved against the window before."""
    if view.before == view.first or view.before < data.months[0].month:
        raise CostLensError("there is no window before to compare with", hint="choose full months")
    return data.work_out("changed", explain_change, why=_why(view), before=view.before)


def declared(data: Data, view: View) -> Answer:
    """List the claims behind the benefit of the target of the link."""
    level, _, name = view.asked("of").partition(":")
    given = {"level": level, "target": name, "basis": view.basis, "window": view.window}
    return data.work_out("declared", claims_of, **given, currency=data.currency)


def lines(data: Data, view: View) -> Answer:
    """List the billing lines that an amount of the link is made of, as they were billed."""
    found = data.work_out("lines", explain_lines, why=_why(view), most=_MOST_LINES)
    billed_in = view.asked("billed_in")
    return only(found, "currency", [billed_in]) if billed_in and found.rows else found


def traced(data: Data, view: View) -> Answer:
    """List where the billing line of the link went, at every level."""
    return data.work_out("traced", _trace, line=view.asked("line"), basis=view.basis)


def line_itself(data: Data, view: View) -> Answer:
    """Give the billing line of the link as its bill has it."""
    one = read_line_id(view.asked("line"))
    return data.ask("charge", source=one.source, period=one.period, line=one.line)


def _of_level(data: Data, view: View) -> dict[str, object]:
    given = {"level": view.level, "basis": view.basis, "window": view.window}
    return {**given, "currency": data.currency}


def _decide(asked: Asked, *, level: str, window: Window, **given: object) -> Answer:
    asked.keep("scope", level=level, **given)
    named = {"level": level, "window": window, **given}
    return portfolio(asked, question="decisions", **named)  # type: ignore[arg-type]  # as it takes


def _measure(asked: Asked, *, why: Why, currency: str) -> Answer:
    return value_of(asked, why, currency=currency)


def _by_rules(asked: Asked, *, currency: str, level: str, basis: str, window: Window) -> Answer:
    set_rates(asked.con, asked.build, currency, window=window)
    keep_cascades(asked, level=level, basis=basis, window=window)
    asked.keep("by_method", level=level, basis=basis, **window.given)
    return asked.ask("sensitivity")


def _cover(asked: Asked, *, level: str, basis: str, window: Window) -> Answer:
    return cover(asked, level=level, basis=basis, window=window)


def _published(asked: Asked, *, latest: int) -> Answer:
    found = published(_lake(asked))
    return replace(found, rows=tuple(row for row in found.rows if row[0] <= latest))


def _compare(asked: Asked, *, since: str, **given: object) -> Answer:
    if not since.isdecimal():
        raise CostLensError("no build is chosen to compare with", hint="choose an earlier one")
    lake = _lake(asked)
    sides = Sides(before=lake.build(int(since)), after=asked.build, **given)  # type: ignore[arg-type]  # as it takes
    with allocating():
        return compare(lake, sides)


@contextmanager
def allocating() -> Iterator[None]:
    """Let one reader at a time ask for what allocates again; raise an error for the next one."""
    if not _ALLOCATING.acquire(timeout=20):
        raise CostLensError(
            "somebody else is having the bill allocated again", hint="try again in a moment"
        )
    try:
        yield
    finally:
        _ALLOCATING.release()


def _lake(asked: Asked) -> Lake:
    assert asked.lake is not None, "pages read the build of a lake"
    return asked.lake


def _what_if(asked: Asked, *, change: tuple[tuple[str, str], ...], **given: object) -> Answer:
    question = Question(**given)  # type: ignore[arg-type]  # as it takes
    with allocating():
        return what_if(_lake(asked), asked.build, read_change(dict(change)), question)


def read_change(asked: Mapping[str, str]) -> Changes:
    """Read a change that a page asks for; raise an error that says what is missing."""
    kind, what, into = asked.get("kind", ""), asked.get("what", ""), asked.get("into", "")
    if not what:
        raise CostLensError("nothing is chosen to change", hint="choose what the change is about")
    if kind == "drop":
        return Changes(drop=(what,))
    if kind == "merge":
        if not into:
            raise CostLensError(
                f"{what} is merged into nothing", hint="choose what takes its place"
            )
        return Changes(merge=(Merge(drop=what, into=into),))
    if kind not in ("weight", "volume", "price"):
        raise CostLensError(f'"{kind}" is no change', hint="drop, merge, weight, volume or price")
    factor = _factor(asked.get("factor", ""))
    if kind == "weight":
        return Changes(weight=(Reweigh(target=what, weight=factor),))
    if kind == "volume":
        return Changes(volume=(Rescale(target=what, factor=factor),))
    return Changes(price=(Reprice(service=(what,), factor=factor),))


def _factor(text: str) -> Decimal:
    if re.fullmatch(r"\d{1,6}(\.\d{1,6})?", text):
        return Decimal(text)
    raise CostLensError(f'"{text}" is no factor', hint="write a number from 0 up, as 0.8")


def _parts(asked: Asked, *, why: Why, billed_in: str) -> Answer:
    if not billed_in:
        return explain_parts(asked, why)
    set_rates(asked.con, asked.build, None)
    return only(explain_parts(asked, why), "currency", [billed_in])


def _run_on(asked: Asked, *, grain: str, basis: str, window: Window) -> Answer:
    asked.keep("machine_spans", grain=grain, **window.given)
    return asked.ask("machine_time", basis=basis)


def _trace(asked: Asked, *, line: str, basis: str) -> Answer:
    return trace_line(asked, line, basis=basis)


def _why(view: View) -> Why:
    level, _, name = view.asked("of").partition(":")
    return Why(
        level=level,
        target=name,
        basis=view.basis,
        window=view.window,
        stage=_exactly(view.asked("stage")),
        service=_exactly(view.asked("service")),
        kind=view.asked("class") or None,
        source=view.asked("source") or None,
    )


def _exactly(name: str) -> str | None:
    """Write a name as a pattern that only it fits."""
    return re.sub(r"([*?[])", r"[\1]", name) or None
