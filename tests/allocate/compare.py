"""Compare the engine with the reference: less than a unit apart for every split on the way."""

from collections import defaultdict
from decimal import Decimal
from fractions import Fraction
from typing import Any

from oracle import Oracle, Piece
from worlds import LEVELS, Con, World, rows

UNIT = Fraction(1, 10**12)
Cells = dict[tuple[Any, ...], list[Fraction]]


def differences(con: Con, world: World) -> list[str]:
    """Describe every cell in which the engine and the reference differ."""
    oracle = Oracle(world)
    found = _matches(con, oracle)
    found += _sums(con, world)
    found += _cells("stage", _engine_stages(con), _stages(oracle))
    for level in LEVELS:
        found += _cells(level, _engine_ledger(con, level), _ledger(oracle, level))
    return found


def _matches(con: Con, oracle: Oracle) -> list[str]:
    engine = {
        row[:2]: row[2:]
        for row in rows(
            con,
            "select source, x_line, owner, place, kind, tier, rule, reason, "
            "epoch_us(span_start), epoch_us(span_stop) from matched_lines",
        )
    }
    found = []
    for charge in oracle.charges:
        match = oracle.match(charge)
        wanted = (match.owner, match.place, match.kind, match.tier, match.rule, match.reason)
        wanted += oracle.span(charge, match)
        line = (charge["source"], charge["x_line"])
        if engine[line] != wanted:
            found.append(f"line {line}: engine {engine[line]}, reference {wanted}")
    return found


def _sums(con: Con, world: World) -> list[str]:
    """Compare the whole bill with every result, to the last unit."""
    bill = [sum(row[basis] for row in world.charges) for basis in ("BilledCost", "EffectiveCost")]
    found = []
    for where in ("stage_costs", *(f"ledger where level = '{level}'" for level in LEVELS)):
        ((billed, effective),) = rows(con, f"select sum(billed), sum(effective) from {where}")
        if world.charges and [billed, effective] != bill:
            found.append(f"{where}: {billed} and {effective}, the bill is {bill}")
    return found


def _stages(oracle: Oracle) -> Cells:
    cells: Cells = defaultdict(lambda: [Fraction(0)] * 3)
    for piece in oracle.settled:
        _add(cells, (piece.stage, oracle.outcome(piece)), piece)
    return cells


def _ledger(oracle: Oracle, level: str) -> Cells:
    cells: Cells = defaultdict(lambda: [Fraction(0)] * 3)
    for target, piece in oracle.ledger(level):
        _add(cells, (target,), piece)
    return cells


def _add(cells: Cells, name: tuple[Any, ...], piece: Piece) -> None:
    key = (*name, piece.day, piece.source, piece.service, piece.charge_class, piece.grade)
    billed, effective, splits = cells[*key, piece.currency]
    cells[*key, piece.currency] = [
        billed + piece.billed,
        effective + piece.effective,
        splits + piece.splits,
    ]


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


def _cells(what: str, engine: Cells, reference: Cells) -> list[str]:
    found = []
    nothing = [Fraction(0)] * 3
    for key in sorted(engine.keys() | reference.keys(), key=str):
        got, wanted = engine.get(key, nothing), reference.get(key, nothing)
        allowed = wanted[2] * UNIT
        for basis, a, b in zip(("billed", "effective"), got, wanted, strict=False):
            if abs(a - b) > allowed:
                found.append(
                    f"{what} {tuple(map(str, key))} {basis}: "
                    f"engine {float(a)}, reference {float(b)}"
                )
    return found
