"""Insist that amounts are equal, to the last unit, before anything is made of them."""

from collections.abc import Mapping
from decimal import Decimal

from costlens.errors import UntiedError
from costlens.money import exact_sum, plain
from costlens.questions.ask import Answer

Sums = Mapping[str, Decimal]  # by currency


def insist_equal(what: str, found: Sums, wanted: Sums, *, build: int) -> None:
    """Compare amounts by currency; one of nothing is none."""
    if _some(found) != _some(wanted):
        raise UntiedError(what, _in_words(found), _in_words(wanted), build=build)


def insist_it_ties(statement: Answer, *, build: int) -> Answer:
    """Give a statement back, all of whose lines add up."""
    for row in statement.rows:
        said = dict(zip(statement.columns, row, strict=True))
        if said["difference"] != 0:
            what = f"the statement of {said['source']}, {said['period']}, {said['basis']},"
            rest = exact_sum([said["ingested"], said["difference"].copy_negate()])
            insist_equal(
                what,
                {said["currency"]: rest},
                {said["currency"]: said["ingested"]},
                build=build,
            )
    return statement


def _some(sums: Sums) -> Sums:
    return {code: amount for code, amount in sums.items() if amount}


def _in_words(sums: Sums) -> str:
    return ", ".join(f"{plain(amount)} {code}" for code, amount in sorted(sums.items())) or "0"
