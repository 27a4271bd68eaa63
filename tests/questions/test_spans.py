"""Windows in words are the days and months that a person means by them."""

from datetime import date

import pytest

from costlens.config.keys import FORMS
from costlens.questions.spans import span_of
from costlens.questions.window import ALWAYS, Window, months

SUNDAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("words", "label", "window"),
    [
        ("last month", "2026-10", months("2026-10")),
        ("month to date", "2026-11", months("2026-11")),
        ("last 3 months", "2026-08_2026-10", months("2026-08..2026-10")),
        ("last quarter", "2026-07_2026-09", months("2026-07..2026-09")),
        ("quarter to date", "2026-10_2026-11", months("2026-10..2026-11")),
        ("year to date", "2026-01_2026-11", months("2026-01..2026-11")),
        ("last year", "2025-01_2025-12", months("2025-01..2025-12")),
        (
            "last week",
            "2026-11-09_2026-11-15",
            Window(start=date(2026, 11, 9), stop=date(2026, 11, 16)),
        ),
        (
            "last 13 weeks",
            "2026-08-17_2026-11-15",
            Window(start=date(2026, 8, 17), stop=date(2026, 11, 16)),
        ),
        ("last 7 days", "2026-11-15_2026-11-21", Window(start=date(2026, 11, 15), stop=SUNDAY)),
        ("2026-10", "2026-10", months("2026-10")),
        ("2026-08..2026-10", "2026-08_2026-10", months("2026-08..2026-10")),
        ("all", "all", ALWAYS),
    ],
)
def test_a_window_in_words(words: str, label: str, window: Window) -> None:
    import re

    assert re.fullmatch(FORMS["window"].pattern, words)
    span = span_of(words, SUNDAY)
    assert (span.label, span.window) == (label, window)


def test_a_window_over_a_new_year() -> None:
    assert span_of("last month", date(2026, 1, 31)).months == ("2025-12",)
    assert span_of("last quarter", date(2026, 2, 1)).label == "2025-10_2025-12"
    assert span_of("last 13 months", date(2026, 3, 1)).months[0] == "2025-02"


def test_days_have_no_months_of_their_own() -> None:
    assert span_of("last 7 days", SUNDAY).months == ()
    assert span_of("all", SUNDAY).months == ()
    assert span_of("last quarter", SUNDAY).months == ("2026-07", "2026-08", "2026-09")
