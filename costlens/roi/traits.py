"""What is said of those who bear cost and decides none: rows of `traits`, `budgets` and more."""

from collections.abc import Iterator, Sequence
from typing import Any

from costlens.config.correlations import Correlation
from costlens.config.values import Catalogue, Feature, Settings
from costlens.roi.claims import after, text

Row = dict[str, Any]  # a JSON object: text, whole numbers, null


def trait_rows(catalogue: Catalogue) -> Iterator[Row]:
    """Write down how long before an end users are told, and how features are computed."""
    kinds = {
        "feature": catalogue.features,
        "model": catalogue.models,
        "product": catalogue.products,
    }
    for kind, things in kinds.items():
        for thing in things:
            sources = thing.sources if isinstance(thing, Feature) else ()
            expression = thing.expression if isinstance(thing, Feature) else None
            if thing.notice_days is not None or sources or expression:
                yield {
                    "node": f"{kind}:{thing.name}",
                    "notice_days": thing.notice_days,
                    "sources": ", ".join(sorted({one.casefold() for one in sources})) or None,
                    "expression": expression and " ".join(expression.casefold().split()),
                    "read_from": thing.place,
                }


def budget_rows(settings: Settings, catalogue: Catalogue) -> Iterator[Row]:
    """Write budgets down as rows of the table `budgets`."""
    for budget in catalogue.budgets:
        yield {
            "node": budget.node,
            "amount": text(budget.amount),
            "currency": budget.currency or settings.currency,
            "per": budget.per,
            "valid_from": text(budget.valid_from),
            "valid_to": after(budget.valid_until),
            "read_from": budget.place,
        }


def correlation_rows(correlations: Sequence[Correlation]) -> Iterator[Row]:
    """Write measured likenesses down as rows of the table `correlations`."""
    for one in correlations:
        yield {
            "feature": one.feature,
            "other": one.other,
            "correlation": text(one.correlation),
            "read_from": one.place,
        }
