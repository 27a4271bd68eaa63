"""Where money could be saved, each with what it rests on and whom to ask."""

from decimal import Decimal

from costlens.questions.ask import Answer, Asked
from costlens.questions.window import ALWAYS, Window
from costlens.questions.worth import beside_benefits

UNREAD_DAYS = 30
ALIKE = Decimal("0.98")


def savings(
    asked: Asked,
    *,
    level: str,
    basis: str,
    window: Window = ALWAYS,
    currency: str | None = None,
    unread_days: int = UNREAD_DAYS,
    alike: Decimal = ALIKE,
) -> Answer:
    """List what could be saved among targets of a level and stages, the most first.

    `unread_days` is how long something may be unread; `alike` from which correlation on two
    features are one. Savings overlap, so they have no sum.
    """
    with beside_benefits(
        asked, level=level, basis=basis, window=window, currency=currency
    ) as wanted:
        given = {"level": level, "basis": basis, "currency": wanted, **window.given}
        asked.keep("way_costs", **window.given)
        asked.keep("measure_next", "guesses", level=level, basis=basis)
        return asked.ask("savings", **given, unread_days=unread_days, alike=alike)
