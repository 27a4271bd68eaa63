"""How figures, months and changes are written on pages; rounding happens here and nowhere else."""

from calendar import month_abbr, month_name
from datetime import date, datetime
from decimal import Decimal

UNKNOWN = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"
_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹"}
_STEPS = ((Decimal(10) ** 9, "B"), (Decimal(10) ** 6, "M"), (Decimal(10) ** 3, "k"))


def symbol(currency: str) -> str:
    """Give the sign that stands before an amount."""
    return _SYMBOLS.get(currency, f"{currency}\N{NO-BREAK SPACE}")


def exact(amount: Decimal | None, currency: str) -> str:
    """Write an amount to the cent: $1,364.48."""
    return UNKNOWN if amount is None else _signed(amount, currency, f"{abs(amount):,.2f}")


def whole(amount: Decimal | None, currency: str) -> str:
    """Write an amount for a sentence: without cents from 100 on."""
    if amount is None or abs(amount) < 100:
        return exact(amount, currency)
    return _signed(amount, currency, f"{abs(amount):,.0f}")


def short(amount: Decimal | None, currency: str) -> str:
    """Write an amount in three or four digits: $12.4k."""
    if amount is None:
        return UNKNOWN
    for step, letter in _STEPS:
        if abs(amount) >= step * 10 or (letter != "k" and abs(amount) >= step):
            return _signed(amount, currency, f"{abs(amount) / step:.1f}{letter}")
    return whole(amount, currency)


def fine(amount: Decimal, currency: str) -> str:
    """Write an amount, or a ratio where there is no currency; a small one to four digits."""
    places = min(9, 3 - amount.adjusted()) if amount and abs(amount) < 1 else 2
    figure = f"{abs(amount):,.{places}f}"
    if currency:
        return _signed(amount, currency, figure)
    return f"{MINUS if amount < 0 else ''}{figure}"


def percent(share: Decimal | None, places: int = 0) -> str:
    """Write a share of one: 68 %, or 0.4 % where it is small; something never reads as 0."""
    if share is None:
        return UNKNOWN
    if share and abs(share) < Decimal("0.01"):
        places = max(places, 1)
    figure = f"{abs(share) * 100:.{places}f}"
    if share and not Decimal(figure):
        figure = f"<{Decimal(1).scaleb(-places)}"
    return f"{MINUS if share < 0 else ''}{figure}\N{NO-BREAK SPACE}%"


def change(amount: Decimal | None, share: Decimal | None, currency: str) -> str:
    """Write a change with its sign, as a share and as money: +12 % (+$1,300)."""
    if amount is None:
        return UNKNOWN
    sign = "+" if amount >= 0 else ""
    money = f"{sign}{whole(amount, currency)}"
    if share is None:
        return money
    return f"{'+' if share >= 0 else ''}{percent(share)} ({money})"


def count(number: Decimal | int | None) -> str:
    """Write a count: 377,623."""
    return UNKNOWN if number is None else f"{number:,.0f}"


def long_month(month: str) -> str:
    """Write 2026-10 as October 2026."""
    return f"{month_name[int(month[5:])]} {month[:4]}"


def short_month(month: str) -> str:
    """Write 2026-10 as Oct 2026."""
    return f"{month_abbr[int(month[5:])]} {month[:4]}"


def day(at: date) -> str:
    """Write a day as 21 Nov."""
    return f"{at.day} {month_abbr[at.month]}"


def moment(at: datetime) -> str:
    """Write a time as 2026-11-21 07:05 UTC."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _signed(amount: Decimal, currency: str, figure: str) -> str:
    minus = MINUS if amount < 0 and figure.strip("0.,kMB") else ""
    return f"{minus}{symbol(currency)}{figure}"
