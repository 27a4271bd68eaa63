"""Explain an amount down to billing lines, and follow a billing line to every amount."""

from dataclasses import dataclass, replace

from costlens.allocate import trace
from costlens.questions.ask import Answer, Asked
from costlens.questions.known import insist_known
from costlens.questions.window import ALWAYS, Window
from costlens.times import next_month


@dataclass(frozen=True, kw_only=True)
class Why:
    """An amount to explain: a target at a level, in a window and one basis."""

    level: str
    target: str
    basis: str
    window: Window = ALWAYS


def explain_stages(asked: Asked, why: Why) -> Answer:
    """List a target's cost by stage and way; the amounts re-add to it."""
    _keep_parts(asked, why)
    return asked.ask("explain", basis=why.basis)


def explain_lines(asked: Asked, why: Why) -> Answer:
    """List a target's cost by billing line; the amounts re-add to it."""
    _keep_parts(asked, why)
    periods = asked.con.execute(
        "select distinct billing_period from explain_parts order by all"
    ).fetchall()
    if not periods:  # a target that costs nothing
        return asked.ask("explain", basis=why.basis)
    answers = []
    for (period,) in periods:
        with asked.as_closed(period) as then:
            of_period = replace(why, window=_only(why.window, period))
            if then is not asked:
                _keep_parts(then, of_period)
            trace.trace_placements(then.con, then.book(), period)
            answers.append(then.ask("explain_lines", **_params(of_period)))
    rows = tuple(row for one in answers for row in one.rows)
    return Answer(columns=answers[0].columns, types=answers[0].types, rows=rows)


def trace_line(asked: Asked, line: str, *, basis: str) -> Answer:
    """List where a billing line went, at every level; at each the amounts re-add to it."""
    wanted = trace.read_line_id(line)
    with asked.as_closed(wanted.period) as then:
        trace.trace_line(then.con, then.book(), wanted)
        return then.ask("trace", basis=basis)


def _only(window: Window, period: str) -> Window:
    """Narrow a window to one of its billing periods."""
    return replace(window, first=period, after=next_month(period))


def _params(why: Why) -> dict[str, object]:
    named = {"level": why.level, "target": why.target, "basis": why.basis}
    return {**named, **why.window.given}


def _keep_parts(asked: Asked, why: Why) -> None:
    """Keep `explain_parts` for the next questions."""
    insist_known(asked, [(why.level, why.target)])
    asked.keep("explain_parts", **_params(why))
    asked.keep("explain_policies", **_params(why))
