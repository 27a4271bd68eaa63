"""Compare the engine with the reference: less than a unit apart for every split on the way."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from oracle import Oracle, Piece
from worlds import LEVELS, Con, World, rows

UNIT = Fraction(1, 10**12)
Key = tuple[Any, ...]
Cells = dict[Key, list[Fraction]]  # billed, effective, how often rounded at most
Lines = dict[Key, Key]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the reference makes of some worlds: the owner of each line, and all cells of money."""

    lines: Lines
    bill: dict[str, tuple[Decimal, Decimal]]  # by source
    stages: Cells
    ledgers: dict[str, Cells]


def reference(*worlds: World) -> Wanted:
    """Work worlds out one by one; no two of them may have a source in common."""
    oracles = [Oracle(world) for world in worlds]
    charges = [line for world in worlds for line in world.charges]
    return Wanted(
        lines={key: line for oracle in oracles for key, line in _lines(oracle)},
        bill={
            source: (
                sum(c["BilledCost"] for c in charges if c["source"] == source),
                sum(c["EffectiveCost"] for c in charges if c["source"] == source),
            )
            for source in {c["source"] for c in charges}
        },
        stages=_cells(
            ((piece.stage, oracle.outcome(piece)), piece)
            for oracle in oracles
            for piece in oracle.settled
        ),
        ledgers={
            level: _cells(
                ((target,), piece) for oracle in oracles for target, piece in oracle.ledger(level)
            )
            for level in LEVELS
        },
    )


def differences(con: Con, world: World) -> list[str]:
    """Describe every cell in which the engine and the reference differ."""
    return disagreements(con, reference(world))


def disagreements(con: Con, wanted: Wanted) -> list[str]:
    """Describe every cell in which the engine and what was wanted differ."""
    found = _unlike_lines(con, wanted.lines)
    for where in ("stage_costs", *(f"ledger where level = '{level}'" for level in LEVELS)):
        sums = rows(con, f"select source, sum(billed), sum(effective) from {where} group by source")
        got = {source: amounts for source, *amounts in sums}
        found += [
            f"{where}: {got.get(source)} of {source}, the bill is {bill}"
            for source, bill in wanted.bill.items()
            if got.get(source) != list(bill)
        ]
    found += _unlike("stage", _engine_stages(con), wanted.stages)
    for level, cells in wanted.ledgers.items():
        found += _unlike(level, _engine_ledger(con, level), cells)
    return found


def _lines(oracle: Oracle) -> Iterator[tuple[Key, Key]]:
    for charge in oracle.charges:
        match = oracle.match(charge)
        owner = (match.owner, match.place, match.kind, match.tier, match.rule, match.reason)
        yield (charge["source"], charge["x_line"]), owner + oracle.span(charge, match)


def _unlike_lines(con: Con, wanted: Lines) -> list[str]:
    engine = {
        row[:2]: row[2:]
        for row in rows(
            con,
            "select source, x_line, owner, place, kind, tier, rule, reason, "
            "epoch_us(span_start), epoch_us(span_stop) from matched_lines",
        )
    }
    return [
        f"line {line}: engine {engine.get(line)}, reference {owner}"
        for line, owner in wanted.items()
        if engine.get(line) != owner
    ]


def _cells(pieces: Iterable[tuple[Key, Piece]]) -> Cells:
    cells: Cells = defaultdict(lambda: [Fraction(0)] * 3)
    for name, piece in pieces:
        key = (*name, piece.day, piece.source, piece.service, piece.charge_class, piece.grade)
        billed, effective, splits = cells[*key, piece.currency]
        cells[*key, piece.currency] = [
            billed + piece.billed,
            effective + piece.effective,
            splits + piece.splits,
        ]
    return cells


def _engine_stages(con: Con) -> Cells:
    return _read(
        con,
        "select stage, outcome, day, source, service, class, grade, currency, sum(billed), "
        "sum(effective) from stage_costs group by all",
    )


def _engine_ledger(con: Con, level: str) -> Cells:
    return _read(
        con,
        "select target, day, source, service, class, grade, currency, sum(billed), sum(effective) "
        f"from ledger where level = '{level}' group by all",
    )


def _read(con: Con, query: str) -> Cells:
    return {
        row[:-2]: [_fraction(row[-2]), _fraction(row[-1]), Fraction(0)] for row in rows(con, query)
    }


def _fraction(amount: Decimal) -> Fraction:
    return Fraction(str(amount))


def _unlike(what: str, engine: Cells, wanted: Cells) -> list[str]:
    found = []
    nothing = [Fraction(0)] * 3
    for key in engine.keys() | wanted.keys():
        got, right = engine.get(key, nothing), wanted.get(key, nothing)
        allowed = right[2] * UNIT
        for basis, a, b in zip(("billed", "effective"), got, right, strict=False):
            if abs(a - b) > allowed:
                found.append(
                    f"{what} {tuple(map(str, key))} {basis}: "
                    f"engine {float(a)}, reference {float(b)}"
                )
    return sorted(found)
