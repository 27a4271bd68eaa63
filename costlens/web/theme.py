"""Colours and the plain layout that every chart starts from.

The five are told apart by colour-blind readers too, and stand out on white and on dark; what is
left over is grey with a pattern. Text and lines of charts take the page's colours from the style
sheet, so that one figure serves light, dark and print.
"""

from typing import Any

Figure = dict[str, Any]  # Any: a plotly figure is JSON

BLUE, VIOLET, OLIVE, PINK, RED = "#0077BB", "#785EF0", "#999933", "#CC79A7", "#EE6677"
GREY = "#6E7781"
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
CONFIG: Figure = {"displayModeBar": False, "displaylogo": False, "responsive": True, "locale": "en"}


def plain_layout(height: int) -> Figure:
    """Start a chart: no ground, no grid, nothing that drags or zooms."""
    return {
        "height": height,
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "size": 13},
        "showlegend": False,
        "dragmode": False,
        "hovermode": "closest",
        "hoverlabel": {"font": {"family": FONT, "size": 13}},
        "separators": ".,",
    }
