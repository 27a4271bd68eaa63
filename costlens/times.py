"""Months as texts, `2026-10`."""

from datetime import date, datetime, timedelta


def next_month(month: str) -> str:
    """Give the month after one, `2026-12` to `2027-01`."""
    year, number = int(month[:4]), int(month[5:])
    return f"{year + number // 12:04}-{number % 12 + 1:02}"


def is_over(month: str, as_of: datetime) -> bool:
    """Say whether a month was over at a time in UTC."""
    return as_of.strftime("%Y-%m") > month


def last_day(month: str) -> date:
    """Give the last day of a month."""
    following = next_month(month)
    return date(int(following[:4]), int(following[5:]), 1) - timedelta(days=1)


def months_after(day: date, months: int) -> date:
    """Give the same day some months later, or the last one of a month that is too short for it."""
    years, month = divmod(day.month - 1 + months, 12)
    last = last_day(f"{day.year + years:04}-{month + 1:02}")
    return last.replace(day=min(day.day, last.day))
