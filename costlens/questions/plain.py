"""Write answers plainly: exact decimals, ISO dates, one row a line."""

import json
from datetime import date, datetime
from decimal import Decimal

from costlens.money import plain
from costlens.questions.ask import Answer, Cell


def plain_cell(cell: Cell) -> str:
    """Write a cell exactly; nothing where it is unknown."""
    if cell is None:
        return ""
    if isinstance(cell, Decimal):
        return plain(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    return str(cell)


def as_csv(answer: Answer) -> str:
    """Write an answer as CSV, its column names first."""
    import csv
    from io import StringIO

    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(answer.columns)
    writer.writerows([plain_cell(cell) for cell in row] for row in answer.rows)
    return text.getvalue()


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
