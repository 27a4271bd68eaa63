"""Solve who ends up with the cost of stages that hand it on by consumption.

A stage that is split by use passes its cost to its consumers in proportion to what they took; a
consumer may be such a stage itself, and may feed back. With P the matrix of these proportions,
row u of (I - P)⁻¹P restricted to the consumers that keep cost (the sinks) says what part of u's
own cost each sink ends up with: the charge matrix of an absorbing chain, the reciprocal method of
cost accounting. It is solved in fractions, component by component, so nothing is cut or rounded,
but for components of more than fifty stages: the digits of their fractions grow with their
number, so they are solved in steps of 2⁻¹⁹², which is the same on every machine, and marked.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from costlens.allocate.components import components

STRANDED = "(stranded)"
_MOST = 50  # stages of one component that are solved in fractions
_FINE = 192  # binary places that a larger one is solved in
_WHOLE = 10**15  # parts that a row is laid out in when its exact denominator is larger

Weights = Mapping[str, Mapping[str, int]]  # stage → consumer → what it took
Row = dict[str, Fraction]  # sink → its part of one stage's cost


@dataclass(frozen=True, kw_only=True)
class Flow:
    """The part of one stage's cost that ends at one sink: numerator of denominator."""

    origin: str
    sink: str
    numerator: int
    denominator: int
    exact: bool


def solve(stages: Iterable[str], weights: Weights) -> list[Flow]:
    """Solve the flows of all stages; what has no way out flows to `(stranded)`."""
    origins = sorted(set(stages))
    rows = _rows(origins, weights)
    return [flow for origin in origins for flow in _flows(origin, rows[origin])]


def _rows(origins: list[str], weights: Weights) -> dict[str, Row]:
    graph = {
        origin: [to for to, weight in weights.get(origin, {}).items() if weight]
        for origin in origins
    }
    rows: dict[str, Row] = {}
    for members in components(graph):
        rows |= _solve_component(sorted(members), weights, rows)
    return rows


def _solve_component(
    members: list[str], weights: Weights, rows: Mapping[str, Row]
) -> dict[str, Row]:
    """Solve the stages that feed each other, given the rows of all that lies downstream."""
    inside = {member: {} for member in members}  # type: dict[str, dict[str, Fraction]]
    outside: dict[str, Row] = {member: {} for member in members}
    for member in members:
        taken = {to: weight for to, weight in weights.get(member, {}).items() if weight}
        total = sum(taken.values())
        if not taken:
            outside[member][STRANDED] = Fraction(1)
        for to, weight in taken.items():
            part = Fraction(weight, total)
            if to in inside:
                inside[member][to] = part
            else:
                for sink, onward in rows.get(to, {to: Fraction(1)}).items():
                    outside[member][sink] = outside[member].get(sink, Fraction(0)) + part * onward
    if not any(outside.values()):  # they only feed each other
        return {member: {STRANDED: Fraction(1)} for member in members}
    return (_eliminate if len(members) <= _MOST else _approach)(members, inside, outside)


def _eliminate(
    members: list[str], inside: dict[str, dict[str, Fraction]], outside: dict[str, Row]
) -> dict[str, Row]:
    """Gauss-Jordan on x = inside·x + outside, one member at a time."""
    for pivot in members:
        own = inside[pivot].pop(pivot, Fraction(0))
        scale = 1 / (1 - own)
        inside[pivot] = {to: part * scale for to, part in inside[pivot].items()}
        outside[pivot] = {sink: part * scale for sink, part in outside[pivot].items()}
        for member in members:
            factor = inside[member].pop(pivot, None) if member != pivot else None
            if factor:
                _add(inside[member], inside[pivot], factor)
                _add(outside[member], outside[pivot], factor)
    return outside


def _approach(
    members: list[str], inside: dict[str, dict[str, Fraction]], outside: dict[str, Row]
) -> dict[str, Row]:
    """Gauss-Jordan as `_eliminate`, in whole steps of 2⁻¹⁹²; rows are made to add up to 1."""
    one = 1 << _FINE
    within, without = (
        {m: {to: int(part * one) for to, part in rows[m].items()} for m in members}
        for rows in (inside, outside)
    )
    for pivot in members:
        own = within[pivot].pop(pivot, 0)
        scale = (one << _FINE) // max(one - own, 1)
        for rows in (within, without):
            rows[pivot] = {to: part * scale >> _FINE for to, part in rows[pivot].items()}
        for member in members:
            factor = within[member].pop(pivot, 0) if member != pivot else 0
            for rows in (within, without) if factor else ():
                row = rows[member]
                for to, part in rows[pivot].items():
                    row[to] = row.get(to, 0) + (factor * part >> _FINE)
    totals = {m: sum(row.values()) for m, row in without.items()}
    return {
        m: {to: Fraction(part, totals[m]) for to, part in row.items()} for m, row in without.items()
    }


def _add(row: dict[str, Fraction], other: Mapping[str, Fraction], factor: Fraction) -> None:
    for key, part in other.items():
        row[key] = row.get(key, Fraction(0)) + factor * part


def _flows(origin: str, row: Row) -> list[Flow]:
    """Lay a row out in whole numbers: exactly where they fit, else in 10¹⁵ parts."""
    denominator = lcm(*(part.denominator for part in row.values()))
    exact = denominator <= _WHOLE
    if not exact:
        denominator = _WHOLE
    floors = {sink: int(part * denominator) for sink, part in row.items()}
    missing = denominator - sum(floors.values())
    by_rest = sorted(row, key=lambda sink: (floors[sink] - row[sink] * denominator, sink))
    for sink in by_rest[:missing]:
        floors[sink] += 1
    return [
        Flow(origin=origin, sink=sink, numerator=part, denominator=denominator, exact=exact)
        for sink, part in sorted(floors.items())
        if part
    ]
