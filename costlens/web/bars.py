"""Stacked bars: by thing, each under its name, and by day or hour."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from costlens.web.charts import Series, cut, money_axis, name_layout
from costlens.web.formats import exact
from costlens.web.theme import GREY, Figure, plain_layout


def by_name(
    names: Sequence[str], series: Sequence[Series], currency: str, *, beside: bool = False
) -> Figure:
    """Stack amounts of things, each under its name, or draw them `beside` each other.

    Grey ones have a pattern.
    """
    width = 0.6 / len(series) if beside else 0.34
    step = width if beside else 0.0
    traces = [
        {
            "type": "bar",
            "orientation": "h",
            "y": [at + 0.02 + place * step if beside else at + 0.1 for at in range(len(names))],
            "x": list(one.amounts),
            "width": width,
            "marker": _marker(one),
            "hovertext": [
                f"{name}: {one.label} {exact(amount, currency)}"
                for name, amount in zip(names, one.amounts, strict=True)
            ],
            "hoverinfo": "text",
        }
        for place, one in enumerate(series)
    ]
    layout = name_layout([f"<b>{cut(name)}</b>" for name in names], row=86 if beside else 58)
    layout |= {
        "barmode": "overlay" if beside else "relative",
        "xaxis": money_axis(currency) | {"rangemode": "tozero"},
    }
    return {"data": traces, "layout": layout}


def by_time(
    times: Sequence[date | datetime], series: Sequence[Series], currency: str, *, height: int = 280
) -> Figure:
    """Stack amounts along time; grey ones have a pattern."""
    traces = [
        {
            "type": "bar",
            "name": one.label,
            "x": [str(at) for at in times],
            "y": list(one.amounts),
            "marker": _marker(one),
            "customdata": [exact(amount, currency) for amount in one.amounts],
            "hovertemplate": f"{one.label}: %{{customdata}}<br>%{{x}}<extra></extra>",
        }
        for one in series
    ]
    layout = plain_layout(height) | {
        "barmode": "relative",
        "bargap": 0.15,
        "xaxis": {"type": "date", "fixedrange": True, "showgrid": False, "automargin": True},
        "yaxis": money_axis(currency),
    }
    return {"data": traces, "layout": layout}


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """A time in which something ran, in the lane of a name."""

    lane: str
    start: datetime
    stop: datetime
    color: str
    says: str


def timeline(stretches: Sequence[Stretch], first: datetime, last: datetime) -> Figure:
    """Draw what ran when, each lane under its name."""
    lanes = list(dict.fromkeys(one.lane for one in stretches))
    traces = [
        {
            "type": "bar",
            "orientation": "h",
            "y": [lanes.index(one.lane) + 0.18 for one in of],
            "base": [one.start.isoformat() for one in of],
            "x": [(one.stop - one.start).total_seconds() * 1000 for one in of],
            "width": 0.3,
            "marker": {"color": color, "line": {"width": 0}},
            "hovertext": [one.says for one in of],
            "hoverinfo": "text",
        }
        for color, of in _by_color(stretches).items()
    ]
    layout = name_layout([cut(lane) for lane in lanes], row=38)
    layout["barmode"] = "overlay"
    for label in layout["annotations"]:
        label |= {"xref": "paper"}
    layout["xaxis"] = {
        "type": "date",
        "range": [first.isoformat(), last.isoformat()],
        "tickformat": "%H:%M",
        "fixedrange": True,
        "automargin": True,
        "gridcolor": GREY,
    }
    return {"data": traces, "layout": layout}


def _by_color(stretches: Sequence[Stretch]) -> dict[str, list[Stretch]]:
    found: dict[str, list[Stretch]] = {}
    for one in stretches:
        found.setdefault(one.color, []).append(one)
    return found


def _marker(one: Series) -> dict[str, Any]:  # Any: plotly's own keys
    shape = "." if one.is_striped or one.color == GREY else ""
    pattern = {"shape": shape, "size": 6, "solidity": 0.35}
    return {"color": one.color, "line": {"width": 0}, "pattern": pattern}
