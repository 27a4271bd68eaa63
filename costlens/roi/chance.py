"""How sure a benefit is: closed forms for one claim, seeded random cases for sums of several.

Amounts are fractions going in. What is drawn or comes out of a logarithm is an estimate, and no
money that is booked anywhere.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from math import ceil, exp, log, sqrt
from random import Random
from statistics import NormalDist

_WIDE = Context(prec=50)
_NORMAL = NormalDist()
_TENTH = 1.2815515655446004  # the standard normal is above this in one case of ten
POINTS = (Fraction(1, 10), Fraction(1, 2), Fraction(9, 10))


@dataclass(frozen=True, kw_only=True)
class Spread:
    """An uncertain amount: a point, a triangle of low, likely and high, or P10, P50, P90."""

    shape: str  # point, triangular or lognormal
    low: Fraction
    likely: Fraction
    high: Fraction

    @property
    def is_sure(self) -> bool:
        """Say whether there is but one value."""
        return self.low == self.high

    @property
    def sigma(self) -> float:
        """Give the standard deviation of the logarithm."""
        return log(self.high / self.low) / (2 * _TENTH)

    @property
    def mean(self) -> Fraction:
        """Give what it comes to on average."""
        if self.shape == "lognormal" and not self.is_sure:
            return self.likely * Fraction(exp(self.sigma**2 / 2))
        return (self.low + self.likely + self.high) / 3

    @property
    def variance(self) -> Fraction:
        """Give the square of the standard deviation."""
        if self.shape == "lognormal" and not self.is_sure:
            return self.mean**2 * Fraction(exp(self.sigma**2) - 1)
        a, m, b = self.low, self.likely, self.high
        return (a * a + m * m + b * b - a * m - a * b - m * b) / 18

    def at(self, part: Fraction) -> Fraction:
        """Give the amount that a part of all cases stay below; roots go to 50 digits."""
        if self.is_sure:
            return self.likely
        if self.shape == "lognormal":
            known = dict(zip(POINTS, (self.low, self.likely, self.high), strict=True))
            if part in known:
                return known[part]
            return self.likely * Fraction(exp(self.sigma * _NORMAL.inv_cdf(_double(part))))
        a, m, b = self.low, self.likely, self.high
        if part * (b - a) <= m - a:
            return a + _root(part * (b - a) * (m - a))
        return b - _root((1 - part) * (b - a) * (b - m))

    def below(self, amount: Fraction) -> Fraction:
        """Give the part of all cases that stay below an amount."""
        a, m, b = self.low, self.likely, self.high
        if self.is_sure:
            return Fraction(a < amount)
        if self.shape == "lognormal":
            if amount <= 0:
                return Fraction(0)
            return Fraction(_NORMAL.cdf(log(amount / m) / self.sigma))
        if amount <= a or amount >= b:
            return Fraction(amount >= b)
        if amount <= m:
            return (amount - a) ** 2 / ((b - a) * (m - a))
        return 1 - (b - amount) ** 2 / ((b - a) * (b - m))


@dataclass(frozen=True, kw_only=True)
class Sum:
    """A sum of spreads: its P10, P50 and P90, and how often it stays below a cost."""

    points: tuple[Fraction, Fraction, Fraction]
    below: Fraction


def together(spreads: Sequence[Spread], cost: Fraction) -> Sum:
    """Add spreads that rise and fall as one; of one spread alone it is the closed form."""
    low, middle, high = (sum((one.at(part) for one in spreads), Fraction(0)) for part in POINTS)
    return Sum(points=(low, middle, high), below=_part_below(spreads, cost))


def apart(spreads: Sequence[Spread], cost: Fraction, *, seed: int, draws: int) -> Sum:
    """Add spreads that know nothing of each other, in random cases; a seed gives them again."""
    random = Random(seed)  # noqa: S311 -- no secret; the same for a seed in every version
    shapes = list(_doubles(spreads))
    cases = sorted(sum(_drawn(one, random) for one in shapes) for _ in range(draws))
    low, middle, high = (Fraction(cases[ceil(part * draws) - 1]) for part in POINTS)
    at = _double(cost)
    lost = sum(case < at for case in cases)
    return Sum(points=(low, middle, high), below=Fraction(lost, draws))


def worth_knowing(mean: Fraction, variance: Fraction) -> Fraction:
    """Give the expected value of perfect information about a normal net of this mean, at most.

    It is what being wrong costs on average: deviation * (pdf(z) - z * (1 - cdf(z))), with z the
    mean over the deviation.
    """
    sigma = sqrt(variance)
    if not sigma:
        return Fraction(0)
    z = _double(abs(mean)) / sigma
    return Fraction(sigma * (_NORMAL.pdf(z) - z * (1 - _NORMAL.cdf(z))))


def _part_below(spreads: Sequence[Spread], cost: Fraction) -> Fraction:
    if len(spreads) == 1:
        return spreads[0].below(cost)
    low, high = Fraction(0), Fraction(1)
    for _ in range(40):
        middle = (low + high) / 2
        if sum((one.at(middle) for one in spreads), Fraction(0)) < cost:
            low = middle
        else:
            high = middle
    return Fraction(round(low * 10**9), 10**9)


_Double = tuple[str, float, float, float, float]  # shape, low, likely, high, sigma


def _doubles(spreads: Sequence[Spread]) -> Iterator[_Double]:
    for one in spreads:
        shape = "point" if one.is_sure else one.shape
        sigma = one.sigma if shape == "lognormal" else 0.0
        yield shape, _double(one.low), _double(one.likely), _double(one.high), sigma


def _drawn(one: _Double, random: Random) -> float:
    shape, a, m, b, sigma = one
    if shape == "point":
        return m
    part = random.random()
    if shape == "lognormal":
        return m * exp(sigma * _NORMAL.inv_cdf(min(max(part, 1e-12), 1 - 1e-12)))
    if part * (b - a) <= m - a:
        return a + sqrt(part * (b - a) * (m - a))
    return b - sqrt((1 - part) * (b - a) * (b - m))


def _root(value: Fraction) -> Fraction:
    whole = _WIDE.divide(Decimal(value.numerator), Decimal(value.denominator))
    return Fraction(_WIDE.sqrt(whole))


def _double(value: Fraction) -> float:
    return value.numerator / value.denominator
