"""What products bring in, as the catalogue declares it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from costlens.config.value import Value, required, setting


@dataclass(frozen=True, kw_only=True)
class Amount(Value):
    """A benefit as a range."""

    low: Decimal | None = setting("pessimistic")
    likely: Decimal = required("most likely")
    high: Decimal | None = setting("optimistic")


@dataclass(frozen=True, kw_only=True)
class Benefit(Value):
    """A declared benefit of a product."""

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
        "money, as one number or {low, likely, high}", None, short="likely"
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
    decay: Decimal | None = setting(
        "factor per month once it wears off (not applied yet)", None, above=0, most=1
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
    cashable: bool = setting("finance can book it", False)
    owner: str | None = setting(
        "who answers for it; the product's owner when left out", None, ref="team"
    )
    approver: str | None = setting("who agreed to it")
    review_on: date | None = setting("when it is looked at again")
