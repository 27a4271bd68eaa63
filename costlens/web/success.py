"""What a product is measured by, on its page."""

from decimal import Decimal

from dash import html

from costlens.money import plain
from costlens.web.data import Data
from costlens.web.formats import UNKNOWN, exact
from costlens.web.rows import Row, records
from costlens.web.tables import Part, aria, laid_out
from costlens.web.view import View


def success(data: Data, view: View, row: Row) -> Part:
    """Set what a product is for above what is worked on for it, beside the row of what it cost."""
    rows = _metrics(data, view) if view.level == "product" else []
    if not rows:
        return None
    cost = exact(row.get("allocated"), data.currency)
    lead = f"In {view.months_said} it cost {cost}. Each metric stands above those under it."
    cells = [
        html.Tr(
            [
                html.Td(row["metric"] if row["under"] else html.Strong(row["metric"])),
                html.Td(f"for {row['under']}" if row["under"] else "what it is for"),
                html.Td(_figure(row["value"], row["unit"]), className="number"),
                html.Td(_figure(row["goal"], row["unit"]), className="number"),
                html.Td(row["moved"] or UNKNOWN),
            ]
        )
        for row in rows
    ]
    heads = ["Metric", "Role", "Last value", "Goal", "Since the first month"]
    table = laid_out(heads, cells, says=f"What {view.name} is measured by", numbers=(2, 3))
    title = html.H2(f"Does {view.name} do what it is for?", id="feature-success")
    parts = [title, html.P(lead, className="said"), table]
    return html.Section(parts, **aria(labelledby="feature-success"))


def _metrics(data: Data, view: View) -> list[Row]:
    return records(data.ask("metrics", target=view.name, **view.window.given))


def _figure(value: Decimal | None, unit: str | None) -> str:
    if value is None:
        return UNKNOWN
    return f"{plain(value)} {unit}" if unit else plain(value)
