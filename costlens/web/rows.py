"""Rows of answers by the names of their columns."""

from collections.abc import Iterable

from costlens.questions.ask import Answer, Cell

Row = dict[str, Cell]


def records(answer: Answer) -> list[Row]:
    """Read rows by name."""
    return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]


def first_row(answer: Answer, **wanted: Cell) -> Row | None:
    """Find the first row whose columns are as wanted."""
    return next((row for row in records(answer) if wanted.items() <= row.items()), None)


def only(answer: Answer, column: str, allowed: Iterable[Cell]) -> Answer:
    """Keep the rows whose column holds one of some values."""
    at, kept = answer.columns.index(column), set(allowed)
    rows = tuple(row for row in answer.rows if row[at] in kept)
    return Answer(columns=answer.columns, types=answer.types, rows=rows)
