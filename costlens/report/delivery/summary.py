"""What an edition says in a few lines: for a mail, as text and HTML, and for a chat."""

from collections.abc import Mapping
from decimal import Decimal
from html import escape
from typing import Any

_BLUE = "#0077BB"
_WIDTH = 240  # of the longest bar, in pixels


def headline(manifest: Mapping[str, Any]) -> str:
    """Say what it is and how much it comes to."""
    totals = " + ".join(
        f"{_money(amount)} {currency}" for currency, amount in manifest["totals"].items()
    )
    said = f"{manifest['title']}, {manifest['window'].replace('_', ' to ')}"
    return f"{said}: {totals}" if totals else said


def provenance(manifest: Mapping[str, Any]) -> str:
    """Say what it was made from."""
    rows = "1 row" if manifest["rows"] == 1 else f"{manifest['rows']} rows"
    return (
        f"{manifest['file']}, {rows}, {manifest['basis']} cost, by build {manifest['build']} of "
        f"{manifest['built_at'][:16].replace('T', ' ')} UTC"
    )


def as_text(manifest: Mapping[str, Any]) -> str:
    """Write it plainly, the first rows with their money."""
    rows = manifest["first_rows"]
    wide = max((len(row["name"]) for row in rows), default=0)
    amounts = [f"{_money(row['amount'])} {row['currency']}" for row in rows]
    most = max(map(len, amounts), default=0)
    lines = [
        f"{row['name']:<{wide}}  {amount:>{most}}"
        for row, amount in zip(rows, amounts, strict=True)
    ]
    left = manifest["rows"] - len(rows)
    if rows and left > 0:
        lines.append(f"and {left} more")
    return "\n".join(
        [headline(manifest), "", *lines, *([""] if lines else []), provenance(manifest)]
    )


def as_html(manifest: Mapping[str, Any]) -> str:
    """Write it for a mail reader: a table whose bars are cells, so that no picture is blocked."""
    largest = max(
        (abs(Decimal(row["amount"])) for row in manifest["first_rows"]), default=Decimal(0)
    )
    bars = "".join(_bar(row, largest) for row in manifest["first_rows"])
    left = manifest["rows"] - len(manifest["first_rows"])
    more = f"<p>and {left} more in the file</p>" if bars and left > 0 else ""
    return (
        '<html><body style="font-family:sans-serif;color:#1a1a1a">'
        f'<h1 style="font-size:18px">{escape(headline(manifest))}</h1>'
        f'<table role="presentation" cellpadding="0" cellspacing="0">{bars}</table>{more}'
        f'<p style="color:#57606a;font-size:12px">{escape(provenance(manifest))}</p></body></html>'
    )


def _bar(row: Mapping[str, str], largest: Decimal) -> str:
    amount = Decimal(row["amount"])
    width = int(abs(amount) * _WIDTH / largest) if largest else 0
    color = _BLUE if amount >= 0 else "#6E7781"
    return (
        f'<tr><td style="padding:3px 12px 3px 0">{escape(row["name"])}</td>'
        '<td style="padding:3px 12px 3px 0"><div style="height:12px;font-size:1px;'
        f'background:{color};width:{max(width, 1)}px">&nbsp;</div></td>'
        f'<td align="right" style="padding:3px 0;white-space:nowrap">{_money(row["amount"])} '
        f"{escape(row['currency'])}</td></tr>"
    )


def _money(amount: str) -> str:
    return f"{round(Decimal(amount), 2):,.2f}"
