"""What no bill holds: people, licences and building, as a team declares them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from costlens.config.value import Value, mistake, required, setting
from costlens.errors import Finding


@dataclass(frozen=True, kw_only=True)
class Pool(Value):
    """A declared cost beside the bill, of a whole team and never of one person."""

    name: str = required("a name for the row that it is", form="name")
    kind: Literal["people", "licence", "building", "other"] = required("what it pays for")
    owner: str | None = setting("the team whose pool it is", None, ref="team")
    description: str | None = setting("a sentence for people")
    amount: Decimal = required("money", least=0)
    currency: str | None = setting(
        "of the amount; the reporting currency when left out", None, form="currency"
    )
    per: Literal["day", "month", "quarter", "year", "once"] = setting(
        "what the amount is per", "month"
    )
    valid_from: date | None = setting("first day", None, key="from")
    valid_until: date | None = setting("last day, included", None, key="until")
    life_months: int | None = setting(
        "what comes once is spread over so many months from its day on", None, above=0
    )
    share: Mapping[str, Decimal] = setting(
        "a product (`NAME` or `product:NAME`), `model:NAME` or `feature:NAME` to its part; at most "
        "1 for all of a kind",
        {},
        keys_ref=("product", "model", "feature"),
        least=0,
        most=1,
    )


def check_pool(value: Value) -> Iterator[Finding]:
    """Check that a pool says when, for whom, and hands out no more than it holds."""
    assert isinstance(value, Pool)
    if value.per == "once" and value.valid_from is None:
        yield mistake(
            value, f'pool "{value.name}" comes once, and nothing says when', 'write "from": its day'
        )
    if value.life_months and (value.per != "once" or value.valid_until):
        yield mistake(
            value,
            f'pool "{value.name}" has "life_months", and comes every {value.per}'
            if value.per != "once"
            else f'pool "{value.name}" has "life_months" and "until"',
            'keep "life_months" for what comes once, and leave "until" out',
        )
    if not value.share:
        yield mistake(
            value, f'pool "{value.name}" is for nobody', 'write "share": {PRODUCT: 1}, or parts'
        )
    for kind in ("product", "model", "feature"):
        parts = [part for node, part in value.share.items() if node.startswith(f"{kind}:")]
        total = sum(parts, Decimal(0))
        if total > 1:
            yield mistake(
                value,
                f'the {kind} shares of pool "{value.name}" add up to {total}',
                "write shares that add up to 1 or less",
            )
