"""A page as plain HTML that stands by itself: for paper, and for readers without the server."""

import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from plotly.utils import PlotlyJSONEncoder

from costlens.web.tables import Part

Props = Mapping[str, Any]  # Any: what Dash components are given

_VOID = ("br", "hr", "img", "input", "wbr")
# What only a server can do something with.
_GONE = ("filters", "filter-bar", "csv", "skip", "waiting")
_KEPT = ("id", "src", "alt", "title", "role", "scope", "open", "colSpan", "rowSpan", "start")
_NAMES = {"className": "class", "colSpan": "colspan", "rowSpan": "rowspan"}


def as_html(part: Part) -> str:
    """Write a part of a page as HTML: charts as plotly draws them, grids as tables."""
    if part is None or isinstance(part, bool):
        return ""
    if isinstance(part, list | tuple):
        return "".join(as_html(one) for one in part)
    if not hasattr(part, "to_plotly_json"):
        return escape(str(part))
    return _component(part.to_plotly_json())


def _component(made: Props) -> str:
    kind, props = made["type"], made["props"]
    if set(str(props.get("className") or "").split()) & set(_GONE):
        return ""
    if kind == "AgGrid":
        return _grid(props)
    if kind == "Graph":
        return _chart(props)
    if made["namespace"] == "dash_html_components":
        return _element(kind.lower(), props)
    if kind == "Link":  # there is nothing behind it on paper
        return _element("span", props)
    return as_html(props.get("children"))


def _element(tag: str, props: Props) -> str:
    if tag == "button":
        return ""
    tag = "span" if tag == "a" else tag
    text = f"<{tag}{_attributes(props)}>"
    return text if tag in _VOID else f"{text}{as_html(props.get('children'))}</{tag}>"


def _attributes(props: Props) -> str:
    written = []
    for name, value in props.items():
        is_kept = name in (*_KEPT, "className") or name.startswith(("aria-", "data-"))
        if is_kept and value is not None and value is not False and not isinstance(value, dict):
            said = "" if value is True else str(value)
            written.append(f' {_NAMES.get(name, name)}="{escape(said, quote=True)}"')
    if isinstance(props.get("style"), Mapping):
        style = ";".join(f"{_dashed(key)}:{value}" for key, value in props["style"].items())
        written.append(f' style="{escape(style, quote=True)}"')
    return "".join(written)


def _dashed(name: str) -> str:
    """Write backgroundColor as CSS does, and leave --swatch as it is."""
    if name.startswith("--"):
        return name
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name)


def _chart(props: Props) -> str:
    figure = props["figure"]
    height = figure.get("layout", {}).get("height", 400)
    text = json.dumps(figure, cls=PlotlyJSONEncoder).replace("</", "<\\/")
    data = f'<script type="application/json">{text}</script>'
    return f'<div class="plot" style="height:{int(height)}px">{data}</div>'


def _grid(props: Props) -> str:
    """Write a grid with all its rows, in the order that it came in."""
    columns: Sequence[Props] = props["columnDefs"]
    options = props.get("dashGridOptions") or {}
    head = "".join(f"<th scope=col{_side(one)}>{escape(_head(one))}</th>" for one in columns)
    body = "".join(_row(row, columns) for row in props.get("rowData") or ())
    foot = "".join(_row(row, columns) for row in options.get("pinnedBottomRowData") or ())
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody>'
        f"<tfoot>{foot}</tfoot></table></div>"
    )


def _head(column: Props) -> str:
    return str(column.get("headerName") or column.get("field") or "")


def _row(row: Props, columns: Sequence[Props]) -> str:
    cells = []
    for column in columns:
        field = column.get("field", "")
        said = row.get(f"{field}_said", row.get(field))
        under = row.get(f"{field}_under")
        below = f'<br><span class="under">{escape(str(under))}</span>' if under else ""
        cells.append(f"<td{_side(column)}>{'' if said is None else escape(str(said))}{below}</td>")
    return f"<tr>{''.join(cells)}</tr>"


def _side(column: Props) -> str:
    return ' class="number"' if column.get("type") == "rightAligned" else ""
