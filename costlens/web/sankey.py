"""Where amounts come from and go to, as a picture of streams."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from costlens.web.charts import cut
from costlens.web.formats import exact, short
from costlens.web.theme import BLUE, FONT, Figure

_ROW = 30  # pixels of a stream at the fullest place


@dataclass(frozen=True, kw_only=True)
class Edge:
    """An amount from one place to another; `column` is how far along the source stands."""

    source: str
    sink: str
    column: int
    amount: Decimal
    color: str


def sankey(edges: Sequence[Edge], currency: str) -> Figure:
    """Draw streams as wide as their amounts; what is negative has no stream."""
    shown = [one for one in edges if one.amount > 0]
    places = dict.fromkeys((one.column, one.source) for one in shown)
    places |= dict.fromkeys((one.column + 1, one.sink) for one in shown)
    at = {place: index for index, place in enumerate(places)}
    through: dict[tuple[int, str], Decimal] = {}
    for column, name in places:
        out = [one.amount for one in shown if (one.column, one.source) == (column, name)]
        into = [one.amount for one in shown if (one.column + 1, one.sink) == (column, name)]
        through[column, name] = max(sum(out, Decimal(0)), sum(into, Decimal(0)))
    columns = [column for column, _ in places]
    fullest = max((columns.count(column) for column in set(columns)), default=1)
    trace = {
        "type": "sankey",
        "arrangement": "snap",
        "node": {
            "label": [
                f"{cut(name)} {short(through[place, name], currency)}" for place, name in places
            ],
            "color": BLUE,
            "pad": 16,
            "thickness": 12,
            "line": {"width": 0},
            "hovertemplate": "%{label}<extra></extra>",
        },
        "link": {
            "source": [at[one.column, one.source] for one in shown],
            "target": [at[one.column + 1, one.sink] for one in shown],
            "value": [one.amount for one in shown],
            "color": [_pale(one.color) for one in shown],
            "customdata": [
                f"{one.source} to {one.sink}: {exact(one.amount, currency)}" for one in shown
            ],
            "hovertemplate": "%{customdata}<extra></extra>",
        },
        "textfont": {"family": FONT, "size": 12},
    }
    layout = {
        "height": max(260, fullest * _ROW + 60),
        "margin": {"l": 8, "r": 8, "t": 12, "b": 12},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "size": 12},
    }
    return {"data": [trace], "layout": layout}


def _pale(color: str) -> str:
    red, green, blue = (int(color[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.32)"
