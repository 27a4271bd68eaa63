"""Tables of a page, and the link to their rows as CSV."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode

from dash import html

from costlens.questions.ask import Answer, Cell
from costlens.web.data import Data
from costlens.web.formats import UNKNOWN, count, exact, percent
from costlens.web.view import View

Part = Any  # a Dash component, a text, or a list of them

_MONEY = "DECIMAL(38,12)"
_MOST = (
    100  # rows of a table beside a chart: thousands would be slow to send, and nobody reads them
)


def aria(**words: str) -> dict[str, Any]:
    """Name what assistive technology reads: aria-label and the like."""
    # Any: Dash takes them as further keywords
    return {f"aria-{name}": said for name, said in words.items()}


def laid_out(
    heads: Sequence[str],
    rows: Sequence[Part],
    *,
    says: str,
    numbers: Sequence[int],
    foot: Part = None,
) -> Part:
    """Lay rows of cells out under their heads, in a box that scrolls by itself."""
    head = html.Tr(
        [
            html.Th(text, scope="col", className="number" if at in numbers else "")
            for at, text in enumerate(heads)
        ]
    )
    parts = [html.Thead(head), html.Tbody(list(rows))]
    return html.Div(
        html.Table([*parts, html.Tfoot(foot)] if foot is not None else parts),
        className="scroll",
        tabIndex=0,
        role="region",
        **aria(label=says),
    )


def in_parts(name: str) -> list[Part]:
    """Write a long name so that a line may end after each of its steps."""
    steps = name.split("/")
    return [part for step in steps[:-1] for part in (f"{step}/", html.Wbr())] + steps[-1:]


def table(data: Data, answer: Answer, title: str) -> Part:
    """Show the rows of an answer, as the CSV has them, for readers; of many the first ones."""
    at = answer.columns.index("currency") if "currency" in answer.columns else None

    def cells(row: tuple[Cell, ...]) -> list[Part]:
        currency = (row[at] if at is not None else None) or data.currency
        return [
            html.Td(_said(name, cell, kind, currency), className=_side(kind))
            for name, cell, kind in zip(answer.columns, row, answer.types, strict=True)
        ]

    heads = [name.replace("_", " ") for name in answer.columns]
    numbers = [at for at, kind in enumerate(answer.types) if _side(kind) == "number"]
    rows = [html.Tr(cells(row)) for row in answer.rows[:_MOST]]
    shown = laid_out(heads, rows, says=title, numbers=numbers)
    if len(answer.rows) <= _MOST:
        return shown
    said = f"The first {_MOST} of {count(len(answer.rows))} rows; the CSV has them all."
    return html.Div([shown, html.P(said, className="hint")])


def csv_link(data: Data, view: View, *, page: str, name: str) -> Part:
    """Link the rows of a part as CSV: those of this build, whatever comes after."""
    query = urlencode({**dict(view.query), "build": str(data.number)})
    return html.A(
        "Download CSV", href=f"csv/{quote(page)}/{quote(name)}.csv?{query}", className="csv"
    )


def _side(kind: str) -> str:
    return "number" if kind.startswith(("DECIMAL", "HUGEINT", "BIGINT", "INTEGER")) else "text"


def _said(name: str, cell: Cell, kind: str, currency: str) -> str:
    if cell is None:
        return UNKNOWN
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, Decimal):
        if name.endswith("_share") or name == "roi":
            return percent(cell, 1)
        return exact(cell, currency) if kind == _MONEY else count(cell)
    return count(cell) if isinstance(cell, int) else str(cell)
