"""Where figures and names lead: every figure to the rows that add up to it."""

from dash import dcc, html

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


def to_net(view: View, level: str, name: str) -> str:
    """Link a benefit, net or ROI to the claims and the costs behind it."""
    return to_rows(view, f"{level}:{name}", figure="net")


def to_change(view: View, of: str) -> str:
    """Link a change to what each of its rows was before; nothing where nothing was before."""
    return to_rows(view, of, figure="change") if view.before != view.first else ""


def to_level(view: View) -> str:
    """Link to what everything of the view's level costs and brings in, as far as it is named."""
    return to_rows(view, "worth", by=view.level)


def linked(words: str, link: str, *, is_figure: bool = True) -> Part:
    """Show a figure, or a name, as a link where it leads anywhere."""
    if not link:
        return words
    if link.startswith("#"):
        return html.A(words, href=link, className="to-rows")
    return dcc.Link(words, href=link, className="to-rows" if is_figure else "")
