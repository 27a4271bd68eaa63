"""What products bring in, as the catalogue declares it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Context, Decimal
from typing import Literal

from costlens.config.lifts import Lift, check_lifts, shares_of
from costlens.config.value import Value, mistake, required, setting
from costlens.errors import Finding

_WIDE = Context(prec=76)
_UNIT = Decimal("1E-12")
_SHAPES = {"ramp_months": "they begin", "decay": "it begins"}


@dataclass(frozen=True, kw_only=True)
class Amount(Value):
    """A benefit: one number, {low, likely, high}, or {p10, p90}."""

    low: Decimal | None = setting("pessimistic: no less than this")
    likely: Decimal | None = setting("most likely")
    high: Decimal | None = setting("optimistic: no more than this")
    p10: Decimal | None = setting("less than this in one case of ten, above 0", None, above=0)
    p90: Decimal | None = setting("more than this in one case of ten", None, above=0)

    @property
    def figures(self) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
        """Give low, likely and high, or P10, the median and P90 of a lognormal amount."""
        if self.p10 is None or self.p90 is None:
            return self.low, self.likely, self.high
        median = _WIDE.sqrt(_WIDE.multiply(self.p10, self.p90))
        return self.p10, median.quantize(_UNIT, context=_WIDE), self.p90

    @property
    def shape(self) -> str:
        """Name how the amount is spread: point, triangular or lognormal."""
        if self.p10 is not None:
            return "lognormal"
        return "point" if self.low is None and self.high is None else "triangular"


@dataclass(frozen=True, kw_only=True)
class Counted(Value):
    """What came in, counted by a source of activity."""

    measure: str = required("a measure of the activity of what the benefit stands under")
    each: Decimal = required("what one of it is worth, in the currency of the amount")


@dataclass(frozen=True, kw_only=True)
class Benefit(Value):
    """A declared benefit."""

    name: str = required("what improves")
    kind: Literal[
        "revenue",
        "cost_avoidance",
        "cost_reduction",
        "risk",
        "time_saved",
        "quality",
        "qualitative",
    ] = required("what sort of benefit it is")
    amount: Amount | None = setting(
        "money, as one number, {low, likely, high} or {p10, p90}", None, short="likely"
    )
    currency: str | None = setting(
        "of the amount; the reporting currency when left out", None, form="currency"
    )
    per: Literal["day", "month", "quarter", "year", "once"] = setting(
        "what the amount is per", "month"
    )
    valid_from: date | None = setting("first day", None, key="from")
    valid_until: date | None = setting("last day, included", None, key="until")
    metric: str | None = setting("the metric that moves")
    population: str | None = setting("whose metric it is")
    unit: str | None = setting("the metric's unit")
    conversion: Decimal | None = setting("money per unit of the metric")
    ramp_months: int = setting("months n to the full benefit: month k brings k/n", 0, least=0)
    plateau_months: int = setting(
        "months at the full benefit after the ramp, before it wears off", 0, least=0
    )
    decay: Decimal | None = setting(
        "it wears off: month n after ramp and plateau brings the factor decay to the power of n",
        None,
        above=0,
        most=1,
    )
    counterfactual: str | None = setting("what would have happened without it")
    evidence: str | None = setting("where the proof is")
    evidence_level: Literal[0, 1, 2, 3, 4, 5, 6] = setting(
        "0 qualitative, 1 declared, 2 with baseline, 3 before/after, 4 quasi-experiment, "
        "5 randomised, 6 booked by finance",
        1,
    )
    claim_share: Decimal = setting(
        "the part of the metric's change claimed here, 0 to 1", Decimal(1), least=0, most=1
    )
    share: Mapping[str, Decimal] = setting(
        "a model (`NAME` or `model:NAME`) or `feature:NAME` to its part of the benefit; at most 1 "
        "for all models, and 1 for all features",
        {},
        keys_ref=("model", "feature"),
        least=0,
        most=1,
    )
    lifts: tuple[Lift, ...] = setting(
        "in place of shares of models: what came in with some of them on, for every set of them; "
        "the parts are their Shapley value",
        (),
    )
    cashable: bool = setting("finance can book it", False)
    owner: str | None = setting(
        "who answers for it; the owner of what it stands under when left out", None, ref="team"
    )
    approver: str | None = setting("who agreed to it")
    review_on: date | None = setting("when it is looked at again")
    realised: Counted | None = setting(
        "what came in, where a source of activity counts it; a line of realised.csv goes before it"
    )

    @property
    def parts(self) -> dict[str, Decimal]:
        """Give what of it models and features bring, as declared or by `lifts`."""
        return {**self.share, **(shares_of(self.lifts) if self.lifts else {})}


@dataclass(frozen=True, kw_only=True)
class Realised(Value):
    """What one benefit brought in in one month, as a line of `realised.csv`."""

    claim: str = required(
        "the benefit: PRODUCT/BENEFIT, model:NAME/BENEFIT or feature:NAME/BENEFIT", ref="claim"
    )
    month: str = required("the calendar month", form="month")
    amount: Decimal = required("what it brought in")
    currency: str | None = setting(
        "of the amount; the reporting currency when left out", None, form="currency"
    )
    metric: str | None = setting("the metric that moved")
    quantity: Decimal | None = setting("how far the metric moved")


def claim_id(kind: str, name: str, benefit: str) -> str:
    """Spell a claim as `realised.csv` does: PRODUCT/BENEFIT, or model:NAME/BENEFIT."""
    return f"{name}/{benefit}" if kind == "product" else f"{kind}:{name}/{benefit}"


@dataclass(frozen=True, kw_only=True)
class Worth(Value):
    """How benefits are held against cost."""

    evidence_level: Literal[1, 2, 3, 4, 5, 6] = setting(
        "from which level of evidence on a benefit is in the column `evidenced`", 2
    )
    discount_rate: Decimal | None = setting(
        "what money later is worth less, a year, such as 0.08; without it nothing is discounted",
        None,
        least=0,
    )
    years: int = setting("how many years `costlens value` looks over", 3, above=0, most=50)
    seed: int = setting("of the random numbers behind sums of uncertain benefits", 1, least=0)
    draws: int = setting("how many random cases they are", 20_000, above=0, most=1_000_000)


def check_amount(value: Value) -> Iterator[Finding]:
    """Check that an amount says how much, in one way, in order."""
    assert isinstance(value, Amount)
    tenths = [value.p10, value.p90]
    if value.likely is None and None in tenths:
        yield mistake(
            value, 'an amount has no "likely"', 'write "likely", or "p10" and "p90" in its place'
        )
    elif tenths != [None, None] and (value.low, value.likely, value.high) != (None, None, None):
        yield mistake(
            value,
            '"p10" and "p90" exclude "low", "likely" and "high"',
            "keep one of the two ways to give a range",
        )
    if value.p10 is not None and value.p90 is not None and value.p10 > value.p90:
        yield mistake(
            value, f'"p10" {value.p10} is more than "p90" {value.p90}', "write the lower one first"
        )
    for small, large in (("low", "likely"), ("likely", "high"), ("low", "high")):
        less, more = getattr(value, small), getattr(value, large)
        if less is not None and more is not None and less > more:
            yield mistake(
                value,
                f'"{small}" {less} is more than "{large}" {more}',
                'write them so that "low" is not above "likely", nor "likely" above "high"',
            )
            return


def _shares(value: Value) -> Iterator[Finding]:
    assert isinstance(value, Benefit)
    for kind in ("model", "feature"):
        parts = [part for node, part in value.share.items() if node.startswith(f"{kind}:")]
        total = sum(parts, Decimal(0))
        if total > 1:
            yield mistake(
                value,
                f'the {kind} shares of benefit "{value.name}" add up to {total}',
                "write shares that add up to 1 or less",
            )


def check_benefit(value: Value) -> Iterator[Finding]:
    """Take no amount that no day can be given for, and none where there is no money."""
    assert isinstance(value, Benefit)
    yield from _shares(value)
    if value.lifts:
        yield from check_lifts(value, value.lifts)
    if value.lifts and any(not node.startswith("feature:") for node in value.share):
        yield mistake(
            value,
            f'benefit "{value.name}" has "lifts" and shares of models',
            "keep one of the two",
        )
    if value.kind == "qualitative" and value.amount:
        yield mistake(
            value,
            f'benefit "{value.name}" is qualitative and has an amount',
            'write another "kind", or take "amount" out: no words become money',
        )
    if value.per == "once" and value.amount and value.valid_from is None:
        yield mistake(
            value,
            f'benefit "{value.name}" comes once, and nothing says when',
            'write "from": its day, or with "until" the days it is spread over',
        )
    for name, begins in _SHAPES.items():
        if not getattr(value, name):
            continue
        if value.per == "once":
            yield mistake(
                value,
                f'benefit "{value.name}" comes once, so "{name}" means nothing',
                f'take "{name}" out, or write "per" what the amount is',
            )
        elif value.valid_from is None:
            yield mistake(
                value,
                f'benefit "{value.name}" has "{name}", and nothing says when {begins}',
                'write "from": the first day of the benefit',
            )
    if value.plateau_months and value.decay is None:
        yield mistake(
            value,
            f'benefit "{value.name}" has "plateau_months", and nothing says how it wears off',
            'write "decay", or take "plateau_months" out: without it the full benefit stays',
        )
