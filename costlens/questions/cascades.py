"""What other methods make of the stages that hand cost on: direct, reciprocal and step-down."""

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from costlens.allocate.cascade import solve
from costlens.errors import CostLensError
from costlens.questions.ask import Asked
from costlens.questions.window import Window

if TYPE_CHECKING:
    from datetime import date

Taken = dict[str, dict[str, int]]  # stage → consumer → what it took
METHODS = ("direct", "reciprocal", "step_down")
_SHAPE = {"method": "VARCHAR", "day": "DATE", "origin": "VARCHAR", "sink": "VARCHAR"}


def keep_cascades(asked: Asked, *, level: str, basis: str, window: Window) -> None:
    """Keep `by_cascade`: what each target bears by each method, where anything is handed on."""
    given: dict[str, object] = {"level": level, "basis": basis, **window.given}
    asked.keep("way_costs", **window.given)
    asked.keep("handed", **given)
    _insist_kept(asked)
    costs = dict(
        asked.con.execute("select origin, abs(sum(value)) from handed group by origin").fetchall()
    )
    order = sorted(costs, key=lambda stage: (-costs[stage], stage))
    days: dict[date, Taken] = {
        day: {} for (day,) in asked.con.execute("select distinct day from handed").fetchall()
    }
    for day, origin, consumer, weight in asked.con.execute(
        "select day, from_node, to_node, weight from use_weights order by all"
    ).fetchall():
        if day in days:
            days[day].setdefault(origin, {})[consumer] = int(weight)
    rows: list[dict[str, str]] = []
    solved: dict[tuple[str, str], list[dict[str, str]]] = {}
    for day, taken in days.items():
        for method in METHODS:
            pattern = (method, json.dumps(taken, sort_keys=True))
            if pattern not in solved:
                solved[pattern] = _flows(order, _taken_by(method, order, taken))
            rows += [{"method": method, "day": str(day), **flow} for flow in solved[pattern]]
    asked.con.execute(
        "create or replace temp table method_flows as "
        "select unnest(from_json($rows, $shape), recursive := true)",
        {"rows": json.dumps(rows), "shape": json.dumps([{**_SHAPE, "numerator": "HUGEINT"}])},
    )
    asked.keep("by_cascade", **given)


def _insist_kept(asked: Asked) -> None:
    rows = asked.con.execute(
        "select distinct billing_period from handed where sink <> '(stranded)' "
        "and billing_period not in (select billing_period from use_weights) order by all"
    ).fetchall()
    if rows:
        raise CostLensError(
            f"the build of {rows[0][0]} does not say what stages take of each other",
            hint=f"it was made by an older version: costlens refresh --reopen {rows[0][0]}",
        )


def _flows(stages: Iterable[str], taken: Mapping[str, Mapping[str, int]]) -> list[dict[str, str]]:
    return [
        {"origin": flow.origin, "sink": flow.sink, "numerator": str(flow.numerator)}
        for flow in solve([*stages, *taken], taken)
    ]


def _taken_by(method: str, order: list[str], taken: Taken) -> Taken:
    """Leave out what a method does not look at.

    direct: what stages take of each other, but for a stage that serves nobody else. step_down: what
    stages take that were closed before; the one with the highest cost is closed first.
    """
    if method == "reciprocal":
        return taken
    closed: set[str] = set()
    left: Taken = {}
    for stage in [*order, *sorted(taken.keys() - set(order))]:
        served = taken.get(stage, {})
        skipped = {stage, *(taken if method == "direct" else closed)}
        left[stage] = {to: n for to, n in served.items() if to not in skipped} or (
            served if method == "direct" else {}
        )
        closed.add(stage)
    return left
