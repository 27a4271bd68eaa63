"""A pandas frame of an answer: exact amounts, shown to the cent, and the figure of the pages."""

from decimal import Decimal
from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd

from costlens.errors import CostLensError
from costlens.questions.ask import Answer, Cell
from costlens.questions.plain import plain_cell

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from costlens.web.charts import Worth

_SHOWN = 60  # rows in a notebook
_BARS = 12
_NAMES = ("name", "stage", "service")
_AMOUNTS = ("saving", "cost", "allocated", "amount")
_WHOLE = ("BIGINT", "INTEGER", "SMALLINT", "TINYINT", "UBIGINT", "UINTEGER")


class Frame(pd.DataFrame):  # type: ignore[misc]  # pandas brings no types
    """An answer; what is taken out of it is a plain pandas frame.

    Amounts are `Decimal` in columns of objects, so that `sum` and `groupby` stay exact.
    """

    @property
    def _constructor(self) -> Any:  # noqa: ANN401 -- pandas brings no types
        return pd.DataFrame

    def _repr_html_(self) -> str:
        shown = {column: _shown_as(column) for column in self.columns}
        head = pd.DataFrame(self.head(_SHOWN)).astype(object)
        for column, write in shown.items():
            head[column] = [write(cell) for cell in head[column]]
        table = head.to_html(index=False, border=0, justify="left", escape=True)
        said = str(self.attrs.get("costlens", ""))
        more = f"<p>and {len(self) - _SHOWN} more rows</p>" if len(self) > _SHOWN else ""
        return f"<p>{escape(said)}</p>{table}{more}"

    def plot(self) -> "Figure":
        """Draw it as the pages do: the first of its rows by name, in one currency."""
        import plotly.graph_objects as go

        drawn = go.Figure(_figure_of(self))
        drawn.update_layout(title=None, template="plotly_white")
        return drawn


def frame_of(answer: Answer, said: str) -> Frame:
    """Make a frame of an answer, with the types that keep each value what it is."""
    columns = {
        name: _series([row[at] for row in answer.rows], kind)
        for at, (name, kind) in enumerate(zip(answer.columns, answer.types, strict=True))
    }
    frame = Frame(columns, columns=list(answer.columns))
    if said:
        frame.attrs["costlens"] = said
    return frame


def _series(cells: list[Cell], kind: str) -> Any:  # noqa: ANN401 -- pandas brings no types
    if kind in _WHOLE:
        return pd.array(cells, dtype="Int64")
    if kind == "BOOLEAN":
        return pd.array(cells, dtype="boolean")
    if kind == "DATE" or kind.startswith("TIMESTAMP"):
        return pd.Series(pd.to_datetime(cells), dtype="datetime64[us]")
    if kind == "VARCHAR":
        return pd.Series(cells, dtype=None if cells else "object")
    return pd.Series(cells, dtype="object")


def _shown_as(column: str) -> Any:  # noqa: ANN401 -- a function of one cell
    def write(cell: Cell) -> str:
        if cell is None or cell is pd.NaT or cell is pd.NA or cell != cell:  # noqa: PLR0124
            return "\N{EN DASH}"
        if isinstance(cell, Decimal):
            if column == "roi" or column.endswith("_share"):
                return f"{cell * 100:,.1f} %"
            return f"{round(cell, 2):,.2f}"
        if isinstance(cell, pd.Timestamp):
            return str(cell.date()) if cell == cell.normalize() else str(cell)
        return plain_cell(cell)

    return write


def _figure_of(frame: Frame) -> dict[str, Any]:  # Any: plotly's own keys
    """Choose the figure of the pages by the columns that it is made of."""
    from costlens.web import charts, figures

    # Advice never holds a benefit against a share that would not be saved.
    amounts = ("avoidable",) if "advice" in frame.columns else _AMOUNTS
    cost = next((name for name in amounts if name in frame.columns), None)
    name = next((name for name in _NAMES if name in frame.columns), None)
    if cost is None or name is None or "currency" not in frame.columns or frame.empty:
        raise CostLensError(
            "there is nothing to draw here",
            hint="what has a row for each target can be drawn: cost(), roi(), coverage() ...",
        )
    if frame["currency"].nunique() > 1:
        raise CostLensError("currencies are never added", hint="ask in one: currency='EUR'")
    currency = str(frame["currency"].iloc[0])
    rows = frame.to_dict("records")
    targets = [row for row in rows if not str(row[name]).startswith("(")][:_BARS]
    drawn: dict[str, Any]
    if "unallocated" in frame.columns:
        drawn = figures.by_grade(targets, currency)
    elif "cost_then" in frame.columns:
        changed = [row for row in rows if row["change"]]
        drawn = figures.now_and_then(changed[:_BARS], currency)
    elif "lowest" in frame.columns:
        drawn = figures.under_rules(targets, currency)
    else:
        drawn = charts.worth_bars(_worths(rows, name, cost), currency)
    return drawn


def _worths(rows: list[dict[str, Cell]], name: str, cost: str) -> list["Worth"]:
    """Read what a chart of cost and benefit shows: the dearest rows, by name."""
    from costlens.web.charts import Worth

    def known(cell: Cell) -> Decimal | None:
        return cell if isinstance(cell, Decimal) else None

    worths = [
        Worth(
            name=str(row[name]),
            cost=row[cost],
            low=known(row.get("benefit_low")),
            likely=known(row.get("benefit")),
            high=known(row.get("benefit_high")),
        )
        for row in rows
        if isinstance(row[cost], Decimal)
    ]
    return sorted(worths, key=lambda one: -abs(one.cost))[:_BARS]
