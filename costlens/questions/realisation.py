"""How much of what was declared came in, by type of benefit, over claims whose time is over."""

from dataclasses import dataclass, field
from fractions import Fraction

from costlens.money import exactly
from costlens.questions.ask import Answer, Asked
from costlens.questions.plans import Plan

_ENOUGH = 8  # claims of a type, below which a rate says nothing


@dataclass(kw_only=True)
class _Type:
    claims: int = 0
    unmeasured: int = 0
    declared: Fraction = field(default_factory=Fraction)
    realised: Fraction = field(default_factory=Fraction)


def realisation(asked: Asked, *, currency: str | None = None) -> Answer:
    """Compare all that closed claims declared with all that realised.csv says of them, by type.

    A claim is closed when its last day is billed. One that nothing is known of is counted apart.
    """
    wanted = currency or str(asked.build.settings["currency"])
    closed = asked.con.execute(
        "select claim, type, split_part(target, ':', 1), valid_from, "
        "case when per = 'once' then coalesce(valid_to, valid_from + 1) else valid_to end as over "
        "from claims where side = 'benefit' and likely is not null and valid_from is not null "
        "and over <= (select max(last_day) + 1 from loads "
        "where makes = 'charges' and superseded_by is null) order by claim"
    ).fetchall()
    came_in: dict[str, Fraction] = {}
    anyone = Plan(asked=asked, level="product", target=None, currency=wanted)
    for claim, month, amount, own in asked.con.execute(
        "select claim, month, amount, currency from realised order by all"
    ).fetchall():
        worth = Fraction(amount) * anyone.rate(own, month)
        came_in[claim] = came_in.get(claim, Fraction(0)) + worth
    types: dict[str, _Type] = {}
    declared: dict[str, Fraction] = {}
    for level in dict.fromkeys(one[2] for one in closed):
        of_level = [one for one in closed if one[2] == level]
        whole = ("all", min(one[3] for one in of_level), max(one[4] for one in of_level))
        plan = Plan(asked=asked, level=level, target=None, currency=wanted)
        names = {one[0] for one in of_level}
        sums = plan.sums("benefit", [whole], own=True)
        declared |= {claim: value for (claim, _), value in sums.items() if claim in names}
    for claim, kind, *_ in closed:
        one = types.setdefault(kind, _Type())
        if claim in came_in:
            one.claims += 1
            one.declared += declared.get(claim, Fraction(0))
            one.realised += came_in[claim]
        else:
            one.unmeasured += 1
    return Answer(
        columns=(
            *("type", "closed_claims", "unmeasured", "declared", "realised", "currency"),
            "realised_share",
        ),
        types=(
            *("VARCHAR", "INTEGER", "INTEGER", "DECIMAL(38,12)", "DECIMAL(38,12)", "VARCHAR"),
            "DECIMAL(38,12)",
        ),
        rows=tuple(
            (
                *(kind, one.claims, one.unmeasured, exactly(one.declared)),
                *(exactly(one.realised), wanted),
                exactly(one.realised / one.declared)
                if one.claims >= _ENOUGH and one.declared > 0
                else None,
            )
            for kind, one in sorted(types.items())
        ),
    )
