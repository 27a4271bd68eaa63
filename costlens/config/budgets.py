"""What may be spent: by a team, on a target, or in all."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from costlens.config.value import Value, mistake, required, setting
from costlens.errors import Finding

KINDS = ("team", "product", "model", "feature")


@dataclass(frozen=True, kw_only=True)
class Budget(Value):
    """Money for each month, quarter or year of the calendar; by itself for the whole bill."""

    team: str | None = setting("the team that may spend it", None, ref="team")
    product: str | None = setting("the product that it is for", None, ref="product")
    model: str | None = setting("the model that it is for", None, ref="model")
    feature: str | None = setting("the feature that it is for", None, ref="feature")
    amount: Decimal = required("money", least=0)
    currency: str | None = setting(
        "of the amount; the reporting currency when left out", None, form="currency"
    )
    per: Literal["month", "quarter", "year"] = setting("what the amount is for", "month")
    valid_from: date | None = setting("first day", None, key="from")
    valid_until: date | None = setting("last day, included", None, key="until")

    @property
    def node(self) -> str | None:
        """Name what it is for, as KIND:NAME; None for the whole bill."""
        return next((f"{kind}:{name}" for kind in KINDS if (name := getattr(self, kind))), None)


def check_budget(value: Value) -> Iterator[Finding]:
    """Check that a budget is for one thing."""
    assert isinstance(value, Budget)
    named = [kind for kind in KINDS if getattr(value, kind)]
    if len(named) > 1:
        yield mistake(
            value,
            f"a budget is for one thing, and this is for a {' and a '.join(named)}",
            "write a budget each",
        )
