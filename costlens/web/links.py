"""Where figures and names lead: every figure to the rows that add up to it."""

from dash import dcc

from costlens.web.tables import Part
from costlens.web.view import LEVELS, View

OTHERS = tuple(f"(other {level}s)" for level in LEVELS)


def to_rows(view: View, of: str, **more: str) -> str:
    """Link to the rows that add up to a figure: `product:NAME`, `bill`, `class:idle`."""
    return view.link("/rows", of=of, **more)


def to_target(view: View, level: str, name: str) -> str:
    """Link to the page of a feature, model or product; a row in parentheses has none."""
    return "" if name.startswith("(") else view.link("/feature", level=level, name=name)


def to_cost(view: View, name: str, *, figure: str = "") -> str:
    """Link the cost of a row of the view's level to what adds up to it."""
    if name in OTHERS or name == "(rounding)":
        return ""
    more = {"figure": figure} if figure else {}
    return to_rows(view, f"{view.level}:{name}", **more)


def linked(words: str, link: str, *, is_figure: bool = True) -> Part:
    """Show a figure, or a name, as a link where it leads anywhere."""
    if not link:
        return words
    return dcc.Link(words, href=link, className="to-rows" if is_figure else "")
