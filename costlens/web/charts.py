"""Charts as plain plotly figures. Names stand above their bars, so that a phone has room."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from costlens.web.formats import exact, short, symbol
from costlens.web.theme import BLUE, GREY, OLIVE, Figure, plain_layout

_NOTHING = Decimal(0)
_ROOM = 34  # characters of a name above a bar


@dataclass(frozen=True, kw_only=True)
class Series:
    """One colour of a stacked chart: an amount a month; None where there is none."""

    label: str
    color: str
    amounts: tuple[Decimal | None, ...]
    is_striped: bool = False


@dataclass(frozen=True, kw_only=True)
class Tick:
    """One month on the axis."""

    label: str
    is_partial: bool
    is_shown: bool  # part of the window; the others are pale


@dataclass(frozen=True, kw_only=True)
class Worth:
    """What one thing costs and brings in; without a benefit it is cost only."""

    name: str
    cost: Decimal
    low: Decimal | None
    likely: Decimal | None
    high: Decimal | None


@dataclass(frozen=True, kw_only=True)
class Span:
    """A figure between a lower and a higher one."""

    name: str
    low: Decimal
    at: Decimal
    high: Decimal


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of a way from a whole to a part."""

    label: str
    amount: Decimal
    is_total: bool


def by_month(ticks: Sequence[Tick], series: Sequence[Series], currency: str) -> Figure:
    """Stack series by month; a month that is not over is striped, one out of the window pale."""
    traces = [
        {
            "type": "bar",
            "name": one.label,
            "x": [tick.label for tick in ticks],
            "y": list(one.amounts),
            "marker": {
                "color": one.color,
                "opacity": [1 if tick.is_shown else 0.45 for tick in ticks],
                "line": {"width": 0},
                "pattern": {
                    "shape": [
                        "/" if tick.is_partial else "." if one.is_striped else "" for tick in ticks
                    ],
                    "size": 7,
                    "solidity": 0.35,
                },
            },
            "customdata": [exact(amount, currency) for amount in one.amounts],
            "hovertemplate": f"{one.label}: %{{customdata}}<br>%{{x}}<extra></extra>",
        }
        for one in series
    ]
    layout = plain_layout(300) | {
        "barmode": "relative",
        "bargap": 0.45 if len(ticks) > 3 else 0.6,
        "xaxis": {"type": "category", "fixedrange": True, "showgrid": False, "automargin": True},
        "yaxis": money_axis(currency),
    }
    return {"data": traces, "layout": layout}


def worth_bars(rows: Sequence[Worth], currency: str) -> Figure:
    """Draw cost beside benefit, with the range of the benefit; no benefit is said in words.

    Where nothing has a benefit, no room is kept for one.
    """
    if all(one.likely is None for one in rows):
        return _cost_bars(rows, currency)
    costs = _bars([at + 0.06 for at in range(len(rows))], [one.cost for one in rows], BLUE)
    costs["hovertext"] = [f"{one.name}: cost {exact(one.cost, currency)}" for one in rows]
    known = [(at + 0.3, one) for at, one in enumerate(rows) if one.likely is not None]
    benefits = _bars([at for at, _ in known], [one.likely for _, one in known], OLIVE)
    benefits["hovertext"] = [f"{one.name}: {_benefit(one, exact, currency)}" for _, one in known]
    spans = [(at, one) for at, one in known if one.low != one.high]
    ranges: dict[str, Any] = {
        "type": "scatter",
        "mode": "lines+markers",
        "x": [end for _, one in spans for end in (one.low, one.high, None)],
        "y": [here for at, _ in spans for here in (at, at, None)],
        "line": {"color": GREY, "width": 2},
        "marker": {"symbol": "line-ns-open", "size": 12, "color": GREY},
        "cliponaxis": False,
        "hoverinfo": "skip",
    }
    labels = [
        f"<b>{cut(one.name)}</b><br>cost {short(one.cost, currency)}"
        f" · {_benefit(one, short, currency)}"
        for one in rows
    ]
    layout = name_layout(labels, row=112)
    layout["xaxis"] = money_axis(currency) | {"rangemode": "tozero"}
    return {"data": [costs, benefits, ranges], "layout": layout}


def _cost_bars(rows: Sequence[Worth], currency: str) -> Figure:
    bars = _bars([at + 0.1 for at in range(len(rows))], [one.cost for one in rows], BLUE)
    labels = [f"{cut(one.name)} <b>{exact(one.cost, currency)}</b>" for one in rows]
    layout = name_layout(labels, row=58)
    layout["xaxis"] = money_axis(currency) | {"rangemode": "tozero"}
    return {"data": [bars | {"width": 0.36, "hovertext": labels}], "layout": layout}


def steps_down(steps: Sequence[Step], currency: str) -> Figure:
    """Draw a waterfall from a whole to a part, top to bottom."""
    labels = [f"{cut(one.label)} <b>{exact(one.amount, currency)}</b>" for one in steps]
    trace = {
        "type": "waterfall",
        "orientation": "h",
        "y": list(range(len(steps))),
        "x": [one.amount for one in steps],
        "measure": [
            "relative" if at == 0 or not one.is_total else "total" for at, one in enumerate(steps)
        ],
        "hovertext": labels,
        "hoverinfo": "text",
        "textposition": "none",
        "width": 0.4,
        "offset": -0.1,
        "connector": {"visible": False},
        "increasing": {"marker": {"color": BLUE}},
        "decreasing": {"marker": {"color": GREY}},
        "totals": {"marker": {"color": BLUE}},
    }
    layout = name_layout(labels, row=62)
    layout["xaxis"] = money_axis(currency) | {"rangemode": "tozero"}
    return {"data": [trace], "layout": layout}


def spans(rows: Sequence[Span], currency: str) -> Figure:
    """Draw a figure of each thing as a dot on the line from its lowest to its highest value."""
    down = [at + 0.16 for at in range(len(rows))]
    lines: dict[str, Any] = {
        "type": "scatter",
        "mode": "lines",
        "x": [end for one in rows for end in (one.low, one.high, None)],
        "y": [here for at in down for here in (at, at, None)],
        "line": {"color": GREY, "width": 4},
        "hoverinfo": "skip",
    }
    dots = {
        "type": "scatter",
        "mode": "markers",
        "x": [one.at for one in rows],
        "y": down,
        "marker": {"size": 15, "color": BLUE},
        "cliponaxis": False,
        "hovertext": [f"{one.name}: {exact(one.at, currency)}" for one in rows],
        "hoverinfo": "text",
    }
    labels = [
        f"<b>{cut(one.name)}</b> {short(one.low, currency)} · "
        f"<b>{short(one.at, currency)}</b> · {short(one.high, currency)}"
        for one in rows
    ]
    layout = name_layout(labels, row=66)
    layout["xaxis"] = money_axis(currency) | {"rangemode": "tozero"}
    return {"data": [lines, dots], "layout": layout}


def spark(amounts: Sequence[Decimal]) -> str:
    """Draw a small line of a figure's months as an SVG picture."""
    low, high = min(*amounts, _NOTHING), max(amounts)
    span = high - low or Decimal(1)
    along = [Decimal(96) * at / max(len(amounts) - 1, 1) + 2 for at in range(len(amounts))]
    points = [
        f"{x:.1f},{26 - 24 * (amount - low) / span:.1f}"
        for x, amount in zip(along, amounts, strict=True)
    ]
    x, y = points[-1].split(",")
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 28">'
        f'<polyline points="{" ".join(points)}" fill="none" stroke="{BLUE}" stroke-width="2" '
        f'stroke-linejoin="round"/><circle cx="{x}" cy="{y}" r="2.5" fill="{BLUE}"/></svg>'
    )


def _benefit(one: Worth, said: Callable[[Decimal | None, str], str], currency: str) -> str:
    if one.likely is None:
        return "cost only, no benefit declared"
    if one.low == one.high:
        return f"benefit {said(one.likely, currency)}"
    ends = f"{said(one.low, currency)}\N{EN DASH}{said(one.high, currency)}"
    return f"benefit {said(one.likely, currency)} ({ends})"


def _bars(down: Sequence[Any], amounts: Sequence[Decimal | None], color: str) -> dict[str, Any]:
    # Any: places on the axis, which are no money
    return {
        "type": "bar",
        "orientation": "h",
        "y": list(down),
        "x": list(amounts),
        "width": 0.2,
        "marker": {"color": color},
        "hoverinfo": "text",
    }


def name_layout(labels: Sequence[str], *, row: int) -> Figure:
    """Lay rows out from top to bottom, each under its label."""
    layout = plain_layout(row * len(labels) + 44)
    layout["yaxis"] = {
        "visible": False,
        "fixedrange": True,
        "range": [len(labels) - 0.5, -0.5],
    }
    layout["annotations"] = [
        {
            "x": 0,
            "y": at - 0.12,
            "yanchor": "bottom",
            "text": label,
            "align": "left",
            "showarrow": False,
            "xanchor": "left",
            "font": {"size": 13},
        }
        for at, label in enumerate(labels)
    ]
    return layout


def cut(name: str) -> str:
    """Cut a name to what a phone has room for; the table has it whole."""
    return name if len(name) <= _ROOM else f"{name[: _ROOM - 1]}…"


def money_axis(currency: str) -> dict[str, Any]:
    """Lay an axis of money out."""
    return {
        "fixedrange": True,
        "tickprefix": symbol(currency),
        "tickformat": ",.3~s",
        "nticks": 5,
        "automargin": True,
        "zeroline": True,
        "zerolinewidth": 1,
        "gridcolor": GREY,
        "zerolinecolor": GREY,
    }
