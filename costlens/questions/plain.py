"""Write answers plainly: exact decimals, ISO dates, one row a line."""

import json
from datetime import date, datetime
from decimal import Decimal

from costlens.money import plain
from costlens.questions.ask import Answer, Cell

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet may take a text for one by


def plain_cell(cell: Cell) -> str:
    """Write a cell exactly; nothing where it is unknown."""
    if cell is None:
        return ""
    if isinstance(cell, Decimal):
        return plain(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    return str(cell)


def as_csv(answer: Answer, *, guarded: bool = False) -> str:
    """Write an answer as CSV, its column names first.

    Where it is `guarded`, for people who open it in a spreadsheet, a text that would be taken for a
    formula has an apostrophe before it; elsewhere texts are as they are.
    """
    import csv
    from io import StringIO

    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    write = _guarded_cell if guarded else plain_cell
    writer.writerow([write(name) for name in answer.columns])
    writer.writerows([write(cell) for cell in row] for row in answer.rows)
    return text.getvalue()


def _guarded_cell(cell: Cell) -> str:
    text = plain_cell(cell)
    return f"'{text}" if isinstance(cell, str) and text.startswith(FORMULA) else text


def as_json(answer: Answer) -> str:
    """Write an answer as one JSON array of objects; money is text, so that no digit is lost."""

    def value(cell: Cell) -> Cell:
        if isinstance(cell, Decimal | datetime | date):
            return plain_cell(cell)
        return cell if cell is None or isinstance(cell, bool | int | str) else str(cell)

    rows = [
        {column: value(cell) for column, cell in zip(answer.columns, row, strict=True)}
        for row in answer.rows
    ]
    return json.dumps(rows, indent=2, ensure_ascii=False) + "\n"
