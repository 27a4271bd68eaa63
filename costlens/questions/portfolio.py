"""What to keep and what to stop: the set that brings most beyond the stages it needs, and why."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from costlens.questions.ask import Answer, Asked
from costlens.questions.window import ALWAYS, Window
from costlens.questions.worth import beside_benefits
from costlens.roi.choice import Choice, Need, choose

_UNITS = 24  # decimal places of money in units times a rate in units
_NAMED = 3  # of a group, in a sentence
SHAPE = {
    "name": "VARCHAR",
    "advice": "VARCHAR",
    "benefit": "HUGEINT",
    "avoidable": "HUGEINT",
    "stand_alone": "HUGEINT",
    "margin": "HUGEINT",
    "why": "VARCHAR",
    "place": "INTEGER",
}
_PLACES = ("stop", "either", "keep", "unknown")
Row = dict[str, str | int | None]


def portfolio(
    asked: Asked,
    *,
    level: str,
    basis: str,
    window: Window = ALWAYS,
    currency: str | None = None,
    question: str = "portfolio",
    **more: object,
) -> Answer:
    """Advise on every target of a level; those without a benefit in money are taken as kept.

    The advice goes by the stages that a set needs, never by what was allocated to its members.
    Another `question` about the advice, such as `decisions`, takes `more`.
    """
    with beside_benefits(
        asked, level=level, basis=basis, window=window, currency=currency
    ) as wanted:
        given = {"level": level, "basis": basis, **window.given}
        asked.keep("member_benefits")
        asked.make(
            "chosen",
            lambda: _rows(_find(asked, given, wanted)),
            shape=SHAPE,
            currency=wanted,
            **given,
        )
        return asked.ask(question, **given, currency=wanted, **more)


def _find(asked: Asked, given: Mapping[str, object], currency: str) -> "_Found":
    figures = asked.ask("need_by_target", **given).rows
    return _Found(
        benefits={name: int(value) for name, value in asked.ask("member_benefits").rows},
        alone={name: int(alone) for name, alone, _ in figures if name is not None},
        needed={name: int(needed) for name, _, needed in figures if name is not None},
        together=sum(int(needed) for name, _, needed in figures if name is None),
        needs=tuple(
            (int(cost), frozenset(members))
            for members, cost in asked.ask("need_costs", **given).rows
        ),
        currency=currency,
    )


@dataclass(frozen=True, kw_only=True)
class _Found:
    """What targets bring, what need-sets cost, in units times units of the rate.

    `needs` are those of targets that all have a benefit: only they depend on the choice. `alone`
    and `needed` are what a target needs for itself, and with others; `together` what all need.
    """

    benefits: Mapping[str, int]
    alone: Mapping[str, int]
    needed: Mapping[str, int]
    together: int
    needs: Sequence[Need]
    currency: str

    @cached_property
    def decided(self) -> list[Need]:
        """Keep the needs that depend on the choice; credits that several share do not."""
        return [(cost, members) for cost, members in self.needs if cost >= 0 or len(members) == 1]

    @cached_property
    def choice(self) -> Choice:
        return choose(self.benefits, self.decided)

    def cost(self, *, without: Iterable[str]) -> int:
        """Add up the stages that are needed when some targets with a benefit are not."""
        return self.together - self.exclusive(without)

    def exclusive(self, of: Iterable[str]) -> int:
        """Add up the stages that nobody else needs."""
        wanted = frozenset(of)
        return sum(cost for cost, members in self.needs if members <= wanted)

    def words(self, amount: int) -> str:
        return f"{Decimal(amount).scaleb(-_UNITS):,.2f} {self.currency}"


def _rows(found: _Found) -> Iterator[Row]:
    names = {*found.benefits, *found.needed}
    groups = _groups(found)
    for name in names:
        alone, needed = found.alone.get(name, 0), found.needed.get(name, 0)
        advice, why = _advice(found, name, alone, needed, groups)
        yield {
            "name": name,
            "advice": advice,
            "benefit": _text(found.benefits.get(name)),
            "avoidable": _text(alone),
            "stand_alone": _text(needed),
            "margin": _text(found.choice.margins.get(name)),
            "why": why,
            "place": _PLACES.index(advice),
        }
    dropped = found.benefits.keys() - found.choice.kept
    for place, (name, gone) in enumerate({"(keep all)": set(), "(as advised)": dropped}.items()):
        yield {
            "name": name,
            "advice": None,
            "benefit": _text(_sum(found, found.benefits.keys() - gone)),
            "avoidable": _text(found.cost(without=gone)),
            "stand_alone": None,
            "margin": None,
            "why": None,
            "place": len(_PLACES) + place,
        }


def _text(amount: int | None) -> str | None:
    return None if amount is None else str(amount)  # beyond what JSON's numbers hold


def _advice(
    found: _Found, name: str, alone: int, needed: int, groups: Mapping[str, frozenset[str]]
) -> tuple[str, str]:
    """Advise on one target, with the reason in words."""
    if name not in found.benefits:
        return "unknown", (
            "no benefit in money is declared, so it is taken as kept; stopping it alone saves "
            f"{found.words(alone)}"
        )
    brings, margin = found.benefits[name], found.choice.margins[name]
    if name in found.choice.either:
        return "either", "what it brings is what it costs, together with those it shares with"
    if name in found.choice.kept:
        if brings >= needed:
            return "keep", "under any rule: it brings what all it needs would cost it alone"
        return "keep", (
            f"in this group: others pay for what it shares, and {found.words(margin)} would be lost"
        )
    if brings < alone:
        return "stop", "under any rule: it brings less than stages cost that only it needs"
    group = groups[name]
    return "stop", (
        f"with {_some(group - {name})}: they bring {found.words(_sum(found, group))}, and stages "
        f"that only they need cost {found.words(found.exclusive(group))}"
    )


def _sum(found: _Found, group: Iterable[str]) -> int:
    return sum(found.benefits[name] for name in group)


def _some(names: Iterable[str]) -> str:
    first = sorted(names)
    more = f" and {len(first) - _NAMED} more" if len(first) > _NAMED else ""
    return ", ".join(first[:_NAMED]) + more


def _groups(found: _Found) -> dict[str, frozenset[str]]:
    """Group the targets that are not kept by the stages that they alone share."""
    dropped = found.benefits.keys() - found.choice.kept
    groups = {name: frozenset([name]) for name in dropped}
    for _, members in found.decided:
        if members <= dropped:
            joined = frozenset().union(*(groups[name] for name in members))
            groups |= dict.fromkeys(joined, joined)
    return groups
