"""Read `fx.csv`: what a unit of one currency was in another, by month."""

import csv
import io
import re
from decimal import Decimal

from costlens.config.keys import FORMS
from costlens.config.marks import meaning
from costlens.config.notes import Notes
from costlens.config.values import FxRate

_HEADER = ["month", "from", "to", "rate"]
_CURRENCY = FORMS["currency"]


def read_fx(text: str, *, file: str, notes: Notes) -> tuple[FxRate, ...]:
    """Read the rates; what is wrong in a line is noted, and the line left out."""
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    rates: dict[tuple[str, str, str], FxRate] = {}
    try:
        header = next(lines, [])
        if header != _HEADER:
            notes.add(
                f'the first line is "{",".join(header)}"',
                where=f"{file}:1",
                hint=f"write {','.join(_HEADER)}",
                code="bad_fx",
            )
            return ()
        for cells in lines:
            place = f"{file}:{lines.line_num}"
            rate = _rate(cells, place, notes) if cells else None
            if rate is None:
                continue
            first = rates.setdefault((rate.month, rate.currency, rate.to), rate)
            if first is not rate:
                notes.add(
                    f"{rate.month} {rate.currency} to {rate.to} stands twice, "
                    f"here and at {first.place}",
                    where=place,
                    hint="keep one of the two",
                    code="bad_fx",
                )
    except csv.Error as error:
        notes.add(
            f"not CSV: {error}",
            where=f"{file}:{lines.line_num}",
            hint="write one rate a line, without quotes",
            code="bad_fx",
        )
    return tuple(rates.values())


def _rate(cells: list[str], place: str, notes: Notes) -> FxRate | None:
    """Read one line; None where something in it is wrong."""
    if len(cells) != len(_HEADER):
        notes.add(
            f"{len(cells)} cells, not {len(_HEADER)}",
            where=place,
            hint=f"write {','.join(_HEADER)}, such as 2026-01,EUR,USD,1.0834",
            code="bad_fx",
        )
        return None
    month, currency, to, rate = cells
    trouble: list[tuple[str, str]] = []
    if not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", month):
        trouble.append((f'"{month}" is no month', "write year-month, such as 2026-01"))
    for each in (currency, to):
        if not re.fullmatch(_CURRENCY.pattern, each):
            trouble.append((f'"{each}" is no currency', f"write {_CURRENCY.says}"))
    if currency == to:
        trouble.append((f"{currency} to {to} needs no rate", "take the line out"))
    number = meaning(rate) if rate else None
    if isinstance(number, bool) or not isinstance(number, int | Decimal) or number <= 0:
        trouble.append((f'"{rate}" is no rate', "write a number above 0, such as 1.0834"))
        number = 0
    for message, hint in trouble:
        notes.add(message, where=place, hint=hint, code="bad_fx")
    if trouble:
        return None
    return FxRate(month=month, currency=currency, to=to, rate=Decimal(number), place=place)
