"""A grid to sort: its figures are written on the server and sorted by their values."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import dash_ag_grid as dag

from costlens.web.rows import Row
from costlens.web.tables import Part

# The grid follows the page's colours, light and dark.
_THEME = """themeQuartz.withParams({
    backgroundColor: 'var(--paper)', foregroundColor: 'var(--ink)', borderColor: 'var(--line)',
    headerBackgroundColor: 'var(--paper)', headerTextColor: 'var(--pale)', accentColor: '#0077BB',
    oddRowBackgroundColor: 'var(--paper)', fontFamily: 'inherit', headerFontWeight: 600,
    fontSize: 14, wrapperBorder: false, browserColorScheme: 'inherit', cellHorizontalPadding: 10,
    headerColumnResizeHandleColor: 'transparent'
})"""
_LETTER, _EDGES = 8, 24  # pixels
_ALL_SHOWN = 14  # rows; more scroll inside the grid


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column: the field it sorts by; what it shows stands in the field with `_said`."""

    field: str
    head: str
    width: int
    hint: str = ""
    is_text: bool = False


def grid(
    rows: Sequence[Row], columns: Sequence[Column], *, foot: Row | None = None, id: str
) -> Part:
    """Lay rows out as a grid; a field leads to where the row's field with `_link` says."""
    options: dict[str, Any] = {
        "theme": {"function": _THEME},
        "ensureDomOrder": True,
        "suppressCellFocus": False,
        "enableCellTextSelection": True,
        "animateRows": False,
        "rowClassRules": {"residual": "params.data.is_residual && !params.node.rowPinned"},
        "tooltipShowDelay": 300,
    }
    every = [*rows, foot] if foot is not None else rows
    if foot is not None:
        options["pinnedBottomRowData"] = [foot]
    if len(rows) <= _ALL_SHOWN:
        options["domLayout"] = "autoHeight"
    return dag.AgGrid(
        id=id,
        rowData=list(rows),
        columnDefs=[_define(column, every, is_first=at == 0) for at, column in enumerate(columns)],
        defaultColDef={
            "sortable": True,
            "resizable": True,
            "suppressMovable": True,
            "wrapHeaderText": True,
            "autoHeaderHeight": True,
        },
        dashGridOptions=options,
        style={"height": None if len(rows) <= _ALL_SHOWN else "640px"},
        className="grid",
    )


def _define(column: Column, rows: Sequence[Row], *, is_first: bool) -> dict[str, Any]:
    """Define a column that is as wide as its longest figure; names may be cut."""
    longest = max((len(row.get(f"{column.field}_said") or "") for row in rows), default=0)
    width = max(column.width, longest * _LETTER + _EDGES)
    defined: dict[str, Any] = {
        "field": column.field,
        "headerName": column.head,
        "headerTooltip": column.hint or column.head,
        "minWidth": width,
        "flex": width * 2 if is_first else width,
        "suppressHeaderMenuButton": True,
    }
    if is_first:
        defined |= {"cellRenderer": "CostLensLink", "wrapText": True, "autoHeight": True}
    elif any(row.get(f"{column.field}_link") for row in rows):
        defined["cellRenderer"] = "CostLensLink"
    else:
        defined["valueFormatter"] = {"function": f"params.data['{column.field}_said']"}
    if not column.is_text:
        defined |= {"type": "rightAligned"}
    return defined
