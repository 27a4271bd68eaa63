"""What may hold for some days only: who owns a thing, what it weighs, what it feeds or uses."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from costlens.config.value import Value, required, setting


@dataclass(frozen=True, kw_only=True)
class Owner(Value):
    """The team that owns a thing, and on which days."""

    team: str = required("a team", ref="team")
    valid_from: date | None = setting("first day", None, key="from")
    valid_until: date | None = setting("last day, included", None, key="until")


@dataclass(frozen=True, kw_only=True)
class Weight(Value):
    """What a target weighs where a stage serves several, and on which days."""

    weight: Decimal = required("the weight, 0 or more", least=0)
    valid_from: date | None = setting("first day", None, key="from")
    valid_until: date | None = setting("last day, included", None, key="until")


@dataclass(frozen=True, kw_only=True)
class Edge(Value):
    """An edge to or from one named thing: exactly one of the kinds, and how much."""

    stage: str | None = setting("a stage", None, ref="stage", choice="stage")
    pipeline: str | None = setting("a pipeline", None, ref="pipeline", choice="pipeline")
    feature: str | None = setting("a feature", None, ref="feature", choice="feature")
    model: str | None = setting("a model", None, ref="model", choice="model")
    product: str | None = setting("a product", None, ref="product", choice="product")
    weight: Decimal | None = setting("declared consumption, 0 or more", None, least=0)
    reads: Decimal | None = setting("known reads over the edge, 0 or more", None, least=0)
    size: Decimal | None = setting(
        "of a stage that is as large as its largest reader needs: how much of it this one needs",
        None,
        least=0,
    )
    columns: tuple[str, ...] = setting(
        "of a stage that reads columns: those that this one needs", ()
    )
    valid_from: date | None = setting("first day", None, key="from")
    valid_until: date | None = setting("last day, included", None, key="until")


def latest(owners: Sequence[Owner]) -> str | None:
    """Name the owner of the last days, if anybody is."""
    return max(owners, key=lambda one: one.valid_from or date.min).team if owners else None
