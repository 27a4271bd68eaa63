"""The figures of answers, alike on the pages and in a notebook."""

from collections.abc import Mapping, Sequence

from costlens.questions.ask import Cell
from costlens.web.bars import by_name
from costlens.web.charts import Series, Span, spans
from costlens.web.theme import BLUE, GREY, OLIVE, PINK, RED, VIOLET, Figure

GRADES = (
    ("direct", "Matched by the bill", BLUE),
    ("measured", "Measured", VIOLET),
    ("modelled", "Modelled", OLIVE),
    ("declared", "Declared", PINK),
    ("even", "Split evenly", RED),
    ("unallocated", "Not known", GREY),
)
NOW_AND_THEN = (("cost", "Cost now", BLUE), ("cost_then", "Cost then", VIOLET))
Rows = Sequence[Mapping[str, Cell]]


def by_grade(rows: Rows, currency: str) -> Figure:
    """Draw the cost of each by how it is known; rows are of `coverage`."""
    return _stacked(rows, GRADES, currency)


def now_and_then(rows: Rows, currency: str) -> Figure:
    """Draw what each costs beside what it would; rows are of `whatif`."""
    return _stacked(rows, NOW_AND_THEN, currency, beside=True)


def under_rules(rows: Rows, currency: str) -> Figure:
    """Draw what each bears between its lowest and highest rule; rows are of `sensitivity`."""
    return spans(
        [
            Span(name=row["name"], low=row["lowest"], at=row["allocated"], high=row["highest"])
            for row in rows
        ],
        currency,
    )


def _stacked(
    rows: Rows, parts: Sequence[tuple[str, str, str]], currency: str, *, beside: bool = False
) -> Figure:
    series = [
        Series(label=words, color=color, amounts=tuple(row[column] for row in rows))
        for column, words, color in parts
    ]
    return by_name([row["name"] for row in rows], series, currency, beside=beside)
