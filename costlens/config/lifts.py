"""What models brought with some of them off: the joint effect split by the Shapley value."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import combinations
from math import factorial

from costlens.config.value import Value, mistake, required
from costlens.errors import Finding
from costlens.money import UNIT, exactly

_MOST = 6  # models: 63 experiments


@dataclass(frozen=True, kw_only=True)
class Lift(Value):
    """One experiment: some of the models on, the others off."""

    models: tuple[str, ...] = required("the models that were on", ref="model")
    amount: Decimal = required("what came of it beyond none of them, in any one unit")


def shapley(worth: Mapping[frozenset[str], Decimal]) -> dict[str, Fraction]:
    """Split what all bring together by what each adds to the others, in every order alike.

    `worth` has every set but the empty one, which is worth nothing (Shapley 1953).
    """
    names = frozenset().union(*worth)
    count = len(names)
    parts = dict.fromkeys(sorted(names), Fraction(0))
    for held, amount in worth.items():
        size = len(held)
        for name in names:
            if name in held:
                orders = factorial(size - 1) * factorial(count - size)
                parts[name] += Fraction(amount) * Fraction(orders, factorial(count))
            else:
                orders = factorial(size) * factorial(count - size - 1)
                parts[name] -= Fraction(amount) * Fraction(orders, factorial(count))
    return parts


def shares_of(lifts: Sequence[Lift]) -> dict[str, Decimal]:
    """Give each model's part of a benefit, as model:NAME; the last one has what rounding leaves."""
    parts = shapley({frozenset(one.models): one.amount for one in lifts})
    total = sum(parts.values(), Fraction(0))
    shares = {
        f"model:{name}": exactly(Fraction(part * UNIT // total, UNIT))
        for name, part in parts.items()
    }
    last = list(shares)[-1]
    shares[last] += 1 - sum(shares.values(), Decimal(0))
    return shares


def check_lifts(value: Value, lifts: Sequence[Lift]) -> Iterator[Finding]:
    """Take experiments that have every set of their models once, and no part below nothing."""
    found = [frozenset(one.models) for one in lifts]
    names = sorted(frozenset().union(*found))
    if len(names) > _MOST:
        yield mistake(
            value,
            f'"lifts" has {len(names)} models, which takes {2 ** len(names) - 1} experiments',
            f"write at most {_MOST} models, or declare their parts: share",
        )
        return
    twice = [one for at, one in enumerate(found) if one in found[:at]]
    wanted = [frozenset(s) for n in range(1, len(names) + 1) for s in combinations(names, n)]
    missing = [one for one in wanted if one not in found]
    for what, sets in (("misses", missing), ("has twice", twice)):
        if sets:
            said = "; ".join(" and ".join(sorted(one)) for one in sets)
            yield mistake(value, f'"lifts" {what}: {said}', "write each set of models once")
    if missing or twice:
        return
    parts = shapley({frozenset(one.models): one.amount for one in lifts})
    if sum(parts.values(), Fraction(0)) <= 0:
        yield mistake(value, "together the models brought nothing", 'take "lifts" out')
    elif poor := [name for name, part in parts.items() if part < 0]:
        yield mistake(
            value,
            f"the part of {' and '.join(poor)} is below nothing: it does harm beside the others",
            'take it out of "lifts"',
        )
