"""Write an answer as an Excel workbook that no text of it can turn into a formula.

Excel keeps fifteen digits of a number: of larger amounts CSV, Parquet and JSON have them all.
"""

from datetime import date, datetime
from decimal import Decimal
from io import BytesIO

from costlens.questions.ask import Answer, Cell
from costlens.questions.plain import FORMULA, plain_cell

_WIDEST = 60


def as_workbook(answer: Answer, *, title: str = "answer") -> bytes:
    """Write one sheet: texts as texts, money as numbers, the first row held in sight.

    A text that looks like a formula is marked as a text, as an apostrophe before it would.
    """
    import xlsxwriter

    into = BytesIO()
    # Its own clock would make two workbooks of one answer differ.
    book = xlsxwriter.Workbook(into, {"in_memory": True, "strings_to_formulas": False})
    book.set_properties({"created": datetime(2000, 1, 1)})
    bold = book.add_format({"bold": True})
    quoted = book.add_format({"quote_prefix": True})
    money = book.add_format({"num_format": "#,##0.00"})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    sheet = book.add_worksheet(title[:31])

    def write(row: int, column: int, cell: Cell) -> None:
        match cell:
            case None:
                return
            case bool():
                sheet.write_boolean(row, column, cell)
            case Decimal():
                sheet.write_number(row, column, cell, money)
            case int() if abs(cell) < 10**15:
                sheet.write_number(row, column, cell)
            case datetime():
                sheet.write_datetime(row, column, cell, moment)
            case date() if cell.year >= 1900:
                sheet.write_datetime(row, column, cell, day)
            case _:
                text = plain_cell(cell)
                sheet.write_string(row, column, text, quoted if text.startswith(FORMULA) else None)

    for at, name in enumerate(answer.columns):
        sheet.write_string(0, at, name, bold)
        widest = max([len(name), *(len(plain_cell(row[at])) for row in answer.rows[:500])])
        sheet.set_column(at, at, min(widest + 2, _WIDEST))
    for down, row in enumerate(answer.rows, start=1):
        for at, cell in enumerate(row):
            write(down, at, cell)
    sheet.freeze_panes(1, 0)
    book.close()
    return into.getvalue()
