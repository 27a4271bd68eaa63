"""Measures of a cash flow, exactly: net present value, ratios, payback, internal rate of return.

A flow is a list of amounts: the first is now, each next one a year later, at the end of its year.
All are fractions; nothing is rounded here.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

Flow = Sequence[Fraction]
_CLOSE = Fraction(1, 10**13)
_HIGHEST = Fraction(10**6)


def present(flow: Flow, rate: Fraction) -> Fraction:
    """Give what a flow is worth now, at a rate a year."""
    return sum((amount / (1 + rate) ** year for year, amount in enumerate(flow)), Fraction(0))


def discounted(flow: Flow, rate: Fraction) -> list[Fraction]:
    """Give each amount of a flow as it is worth now."""
    return [amount / (1 + rate) ** year for year, amount in enumerate(flow)]


def ratio(part: Fraction, whole: Fraction) -> Fraction | None:
    """Divide, where there is a whole above 0 to divide by."""
    return part / whole if whole > 0 else None


def payback(flow: Flow) -> Fraction | None:
    """Give the years after which a flow has paid itself back; within a year it comes evenly.

    None where it never does, or where there is nothing to pay back.
    """
    so_far = Fraction(0)
    for year, amount in enumerate(flow):
        if so_far < 0 <= so_far + amount:
            return year - 1 - so_far / amount
        so_far += amount
    return None


def turns(flow: Flow) -> int:
    """Count how often a flow changes its sign."""
    signs = [amount > 0 for amount in flow if amount]
    return sum(first is not second for first, second in pairwise(signs))


def invests(flow: Flow) -> bool:
    """Say whether a flow costs before it brings: else it has neither a payback nor a return."""
    return next((amount < 0 for amount in flow if amount), False)


def internal_rate(flow: Flow) -> Fraction | None:
    """Find the rate at which a flow that changes its sign once is worth nothing.

    To 13 places; None where it is below -99 % or above a million.
    """
    low, high = Fraction(-99, 100), _HIGHEST
    is_gain = present(flow, low) > 0
    if is_gain == (present(flow, high) > 0):
        return None
    while high - low > _CLOSE:
        middle = Fraction(round((low + high) / 2 * 10**15), 10**15)
        if (present(flow, middle) > 0) == is_gain:
            low = middle
        else:
            high = middle
    return (low + high) / 2
