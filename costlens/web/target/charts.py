"""The charts of a target's page: its months, the way down from the bill, the flow in and on."""

from dash import html

from costlens.questions.ask import Answer
from costlens.web.charts import Series, Step, by_month, steps_down
from costlens.web.data import Data
from costlens.web.formats import exact
from costlens.web.parts import chart, key, ticks
from costlens.web.rows import Row, records
from costlens.web.sankey import Edge, sankey
from costlens.web.tables import Part, aria
from costlens.web.theme import BLUE, GREY, OLIVE, PINK, VIOLET
from costlens.web.view import View
from costlens.web.words import residual

_ROOM = 32  # characters of a name in the streams
_KINDS = ("pipeline:", "stage:", "endpoint:", "resource:")
_COLUMNS = {"in": 0, "to": 1, "on": 2}
_PLACES = {
    "(other stages)": "Other stages",
    "(other services)": "Other services",
    "(shared with others)": "Its part of shared stages",
    "(no product)": "To no product",
}


def draw_trend(data: Data, view: View, answer: Answer) -> Part:
    """Draw what it cost each month: its own work, its part of shared work, and what failed."""
    rows = {row["month"]: row for row in records(answer)}
    axis = [one for one in data.months if one.month in rows]
    axis_ticks = ticks(axis, view)
    parts = (
        ("own", "Work for it alone", BLUE),
        ("shared", "Its part of shared work", VIOLET),
        ("waste", "Failed or repeated work", PINK),
    )
    series = [
        Series(label=words, color=color, amounts=tuple(rows[one.month][part] for one in axis))
        for part, words, color in parts
    ]
    says = f"Cost of {view.name} by month: " + "; ".join(
        f"{tick.label.replace('<br>', ' ')} {exact(rows[one.month]['allocated'], data.currency)}"
        for tick, one in zip(axis_ticks, axis, strict=True)
    )
    return html.Div(
        [
            key([(words, color, "") for _, words, color in parts]),
            chart(by_month(axis_ticks, series, data.currency), says=says),
        ]
    )


def draw_way(data: Data, view: View, answer: Answer) -> Part:
    """Draw the way from the whole bill down to it."""
    said = {
        "bill": "The whole bill",
        "elsewhere": f"Work for other {view.level}s alone",
        "others": "Shared work that others bear",
        "target": view.name,
    }
    steps = [
        Step(
            label=said.get(row["step"]) or residual(row["name"]),
            amount=row["amount"],
            is_total=row["step"] in ("bill", "target"),
        )
        for row in records(answer)
        if row["amount"] or row["step"] == "target"
    ]
    says = "; ".join(f"{one.label} {exact(one.amount, data.currency)}" for one in steps)
    return chart(steps_down(steps, data.currency), says=says)


def draw_flow(data: Data, view: View, answer: Answer) -> Part:
    """Draw how its cost comes from what was bought, by way of stages, and goes on to products."""
    rows = records(answer)
    edges = [
        Edge(
            source=_place(row["source"]),
            sink=_place(row["sink"]),
            column=_COLUMNS[row["step"]],
            amount=row["amount"],
            color=_color(row),
        )
        for row in rows
    ]
    says = "; ".join(
        f"{one.source} to {one.sink} {exact(one.amount, data.currency)}" for one in edges
    )
    negative = [row for row in rows if row["amount"] < 0]
    drawn = html.Div(
        chart(sankey(edges, data.currency), says=says, look="streams"),
        className="scroll",
        tabIndex=0,
        role="region",
        **aria(label=f"How the cost of {view.name} flows"),
    )
    below = "Credits and other amounts below zero are in the table." if negative else ""
    return html.Div([drawn, html.P(below, className="hint") if below else None])


def _color(row: Row) -> str:
    if row["step"] == "on":
        return GREY if row["sink"].startswith("(") else OLIVE
    return BLUE if row["step"] == "in" else VIOLET


def _place(name: str | None) -> str:
    if name is None:
        return "Unknown service"
    short = name.partition(":")[2] if name.startswith(_KINDS) else residual(name)
    # Of a long stage the last words tell it from others.
    return _PLACES.get(name) or (short if len(short) <= _ROOM else f"…{short[-_ROOM + 1 :]}")
