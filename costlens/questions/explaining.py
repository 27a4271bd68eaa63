"""Explain an amount down to billing lines, and follow a billing line to every amount."""

from dataclasses import dataclass, replace

from costlens.allocate import trace
from costlens.questions.ask import Answer, Asked
from costlens.questions.named import TARGETS
from costlens.questions.window import ALWAYS, Window
from costlens.times import next_month


@dataclass(frozen=True, kw_only=True)
class Why:
    """An amount to explain, in a window and one basis.

    `level` is that of a target, or stage, pipeline, service, class, source, outcome or part of the
    bill, whose whole cost is meant; `target` its name, or what no target of the level bears, such
    as `(idle)`.
    `stage`, `service` (patterns), `kind`, a class, and for what is whole `source` narrow it.
    """

    level: str
    target: str
    basis: str
    window: Window = ALWAYS
    stage: str | None = None
    service: str | None = None
    kind: str | None = None
    source: str | None = None

    @property
    def is_whole(self) -> bool:
        """Say whether nothing of it was shared out among targets."""
        return self.level not in TARGETS or self.target.startswith("(")


def explain_stages(asked: Asked, why: Why) -> Answer:
    """List an amount by stage and way; the rows re-add to it."""
    _keep_parts(asked, why)
    return _explained(asked, why)


def _explained(asked: Asked, why: Why) -> Answer:
    asked.keep("explain_ways", level=why.level, is_whole=why.is_whole)
    return asked.ask("explain", basis=why.basis, build=asked.build.number)


def explain_parts(asked: Asked, why: Why) -> Answer:
    """List an amount by stage, service and class; the rows re-add to it."""
    _keep_stages(asked, why)
    return asked.ask("stage_parts", basis=why.basis)


def explain_change(asked: Asked, why: Why, *, before: str) -> Answer:
    """List by stage, service and class how an amount moved since the window before it.

    `before` is the first month of that window. What rounding leaves is a row of its own.
    """
    earlier = replace(why, window=Window(first=before, after=why.window.first))
    _keep_stages(asked, earlier)
    asked.keep("stage_parts", "stages_before", basis=why.basis)
    _keep_stages(asked, why)
    asked.keep("stage_parts", "stages_now", basis=why.basis)
    return asked.ask("stage_changes")


def explain_flow(asked: Asked, why: Why) -> Answer:
    """List how the cost of a target flows in, by what was bought and stages, and on to products."""
    _keep_stages(asked, why)
    return asked.ask("flow", level=why.level, target=why.target, basis=why.basis)


def explain_lines(asked: Asked, why: Why, *, most: int | None = None) -> Answer:
    """List an amount by billing line; the rows re-add to it.

    Of each month the `most` lines that put most into it, and the others in one row; None: all.
    """
    _keep_parts(asked, why)
    periods = asked.con.execute(
        "select distinct billing_period from explain_parts order by all"
    ).fetchall()
    if not periods:  # it costs nothing
        return _explained(asked, why)
    answers = []
    for (period,) in periods:
        with asked.as_closed(period) as then:
            of_period = replace(why, window=_only(why.window, period))
            if then is not asked:
                _keep_parts(then, of_period)
            answers.append(_lines_of(then, of_period, period, most))
    rows = tuple(row for one in answers for row in one.rows)
    return Answer(columns=answers[0].columns, types=answers[0].types, rows=rows)


def _lines_of(asked: Asked, why: Why, period: str, most: int | None) -> Answer:
    trace.choose_lines(asked.con, period)
    given: dict[str, object] = {"basis": why.basis, "period": period}
    asked.keep("told_lines", **given, most=most)
    if why.is_whole:
        trace.follow_whole(asked.con, period)
    else:
        trace.follow_lines(asked.con, period, level=why.level, target=why.target)
    return asked.ask("explain_lines", **given, build=asked.build.number)


def trace_line(asked: Asked, line: str, *, basis: str) -> Answer:
    """List where a billing line went, at every level; at each the amounts re-add to it."""
    wanted = trace.read_line_id(line)
    with asked.as_closed(wanted.period) as then:
        trace.trace_line(then.con, then.book(), wanted)
        return then.ask("trace", basis=basis, build=then.build.number)


def _only(window: Window, period: str) -> Window:
    """Narrow a window to one of its billing periods."""
    return replace(window, first=period, after=next_month(period))


def _keep_parts(asked: Asked, why: Why) -> None:
    """Keep `explain_parts`, a row a placement, and `explain_policies` for the next questions."""
    given = _given(why)
    question = "explain_whole" if why.is_whole else "explain_parts"
    asked.keep(question, "explain_parts", **given)
    asked.keep("explain_policies", **given)


def _keep_stages(asked: Asked, why: Why) -> None:
    """Keep what each stage has of an amount, by which rules, and what policies gave."""
    given, kind = _given(why), "whole" if why.is_whole else "borne"
    asked.keep(f"stages_{kind}", "stage_amounts", **given)
    asked.keep(f"rules_{kind}", "stage_rules", **given)
    asked.keep("explain_policies", **given)


def _given(why: Why) -> dict[str, object]:
    return {
        "level": why.level,
        "target": why.target,
        "stage": why.stage,
        "service": why.service,
        "class": why.kind,
        "source": why.source,
        **why.window.given,
    }
