"""Print answers: the same rows as a table, CSV, JSON or Parquet."""

import sys
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from shutil import get_terminal_size
from unicodedata import combining, east_asian_width

import click

from costlens.errors import CostLensError
from costlens.money import plain
from costlens.questions.ask import Answer, Cell
from costlens.questions.parquet import write_parquet
from costlens.questions.plain import as_csv, as_json, plain_cell

FORMATS = ("table", "csv", "json", "parquet", "excel")
_SUFFIXES = {
    ".csv": "csv",
    ".json": "json",
    ".parquet": "parquet",
    ".xlsx": "excel",
    ".txt": "table",
}
_READABLE = 16  # characters of a text that a narrow terminal still shows
_FIGURES = ("DECIMAL", "HUGEINT", "BIGINT", "INTEGER")
UNKNOWN = "\N{EN DASH}"


@dataclass(frozen=True, kw_only=True)
class Print:
    """How an answer is shown: in which format, and where."""

    style: str | None
    out: Path | None

    def show(self, answer: Answer, *, total: str | None = None) -> None:
        """Print an answer, or write it to a file whose suffix chooses the format.

        `total` names a column that a table, and only a table, adds up at its foot.
        """
        suffix = self.out.suffix.lower() if self.out else ".txt"
        style = self.style or _SUFFIXES.get(suffix, "csv")
        if style == "parquet":
            write_parquet(answer, _file(style, self.out))
            return
        if style == "excel":
            from costlens.questions.spreadsheet import as_workbook

            content, out = as_workbook(answer), _file(style, self.out)
        else:
            texts = {"table": lambda: _table(answer, total), "csv": lambda: as_csv(answer)}
            content = texts.get(style, lambda: as_json(answer))().encode()
            if self.out is None:
                click.echo(content.decode(), nl=False)
                return
            out = self.out
        try:
            out.write_bytes(content)
        except OSError as error:
            raise CostLensError(f"cannot write: {error.strerror}", where=str(out)) from error


def _file(style: str, out: Path | None) -> Path:
    if out is None:
        name, suffix = {"parquet": ("Parquet", "parquet"), "excel": ("Excel", "xlsx")}[style]
        raise click.UsageError(f"{name} goes to a file: add -o FILE.{suffix}")
    return out


def _cell(column: str, cell: Cell) -> str:
    if cell is None:
        return UNKNOWN
    if isinstance(cell, Decimal):
        if column == "roi":
            return f"{cell * 100:+,.1f} %"
        return f"{cell * 100:.1f} %" if column.endswith("_share") else _figure(cell)
    return plain_cell(cell)


def _figure(amount: Decimal) -> str:
    """Print money to the cent, and what is smaller than a cent as it is."""
    rounded = round(amount, 2)
    if amount and not rounded:
        return plain(amount)
    return f"{rounded:,.2f}"


def _table(answer: Answer, total: str | None) -> str:
    """Lay a table out: figures to the right and never cut, long text cut to the terminal."""
    cells = [
        [_cell(name, value) for name, value in zip(answer.columns, row, strict=True)]
        for row in (*answer.rows, *_totals(answer, total))
    ]
    figures = [kind.startswith(_FIGURES) for kind in answer.types]
    widths = [
        max([_wide(name), *(_wide(row[index]) for row in cells)])
        for index, name in enumerate(answer.columns)
    ]
    widths = _fit(widths, figures)
    lines = [
        "  ".join(map(_laid, row, widths, figures)).rstrip() for row in (answer.columns, *cells)
    ]
    return "\n".join(lines) + "\n"


def _wide(text: str) -> int:
    """Count the columns of a terminal that a text takes: a letter may be two wide, or none."""
    if text.isascii():
        return len(text)
    return len(text) + sum(_more(one) for one in text if not one.isascii())


@cache
def _more(letter: str) -> int:
    """Say how many columns more than one a letter takes."""
    return 1 if east_asian_width(letter) in "WF" else -bool(combining(letter))


def _laid(text: str, width: int, is_figure: bool) -> str:
    """Put a text in a column, cut to its width; what is no letter or sign is a blank."""
    if len(text) <= width and text.isascii() and text.isprintable():  # nearly all, and at once
        return text.rjust(width) if is_figure else text.ljust(width)
    if not text.isprintable():
        text = "".join(letter if letter.isprintable() else " " for letter in text)
    if _wide(text) > width:
        text = text[: width - 1]
        while _wide(text) > width - 1:
            text = text[:-1]
        text += "\N{HORIZONTAL ELLIPSIS}"
    room = " " * (width - _wide(text))
    return room + text if is_figure else text + room


def _fit(widths: list[int], figures: list[bool]) -> list[int]:
    """Cut texts, the widest first, to a terminal's width; a pipe or file gets every character."""
    if not sys.stdout.isatty():
        return widths
    room = get_terminal_size().columns - 2 * len(widths)
    fitted = list(widths)
    while sum(fitted) > room:
        texts = [index for index, is_figure in enumerate(figures) if not is_figure]
        widest = max(texts, key=lambda index: fitted[index], default=None)
        if widest is None or fitted[widest] <= _READABLE:
            break
        fitted[widest] -= 1
    return fitted


def _totals(answer: Answer, total: str | None) -> list[list[Cell]]:
    """Add a column up, once per currency."""
    if total is None or not answer.rows:
        return []
    index, currency = answer.columns.index(total), answer.columns.index("currency")
    sums: dict[str, Decimal] = {}
    for row in answer.rows:
        sums[row[currency]] = sums.get(row[currency], Decimal(0)) + row[index]
    rows: list[list[Cell]] = []
    for code, amount in sums.items():
        cells: list[Cell] = [""] * len(answer.columns)
        cells[0], cells[currency], cells[index] = "total", code, amount
        rows.append(cells)
    return rows
