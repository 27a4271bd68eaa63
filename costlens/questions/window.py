"""Which part of the bills a question is about."""

import re
from dataclasses import dataclass
from datetime import date, datetime

from costlens.times import next_month


@dataclass(frozen=True, kw_only=True)
class Window:
    """The charge days [start, stop) of the billing periods [first, after).

    "A month" means a billing period: a late correction has an old day in a new period. A window of
    months bounds the periods and leaves the days open, so that its sums tie to the statement.
    """

    start: date = date(1, 1, 1)
    stop: date = date(9999, 12, 31)
    first: str = "0001-01"
    after: str = "9999-13"

    @property
    def given(self) -> dict[str, object]:
        """What questions take as $start, $stop, $first and $after."""
        return {"start": self.start, "stop": self.stop, "first": self.first, "after": self.after}


ALWAYS = Window()


def read_day(text: str) -> date:
    """Read `2026-10-05`, or `2026-10` for its first day; else raise a ValueError."""
    for shape in ("%Y-%m-%d", "%Y-%m"):
        try:
            return datetime.strptime(text, shape).date()
        except ValueError:
            continue
    raise ValueError(f'"{text}" is no day: write 2026-05-01 or 2026-05')


def months(text: str) -> Window:
    """Read `2026-10`, or `2026-08..2026-10` with both ends in it; else raise a ValueError."""
    ends = text.split("..")
    for month in ends:
        if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month):
            raise ValueError(f'"{month}" is no month: write 2026-10, or 2026-08..2026-10')
    if len(ends) > 2 or ends[0] > ends[-1]:
        raise ValueError(f'"{text}" is no span of months: write the earlier one first')
    return Window(first=ends[0], after=next_month(ends[-1]))
