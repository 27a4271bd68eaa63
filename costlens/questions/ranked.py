"""Rank everything of a level by what it costs, beside what it brings in."""

from costlens.questions.ask import Answer, Asked
from costlens.questions.window import Window
from costlens.questions.worth import beside_benefits


def ranked(
    asked: Asked,
    *,
    level: str,
    basis: str,
    window: Window,
    before: str,
    currency: str,
    question: str = "ranked",
    **scope: object,
) -> Answer:
    """List what a reader asked for, dearest first, or answer a `question` about that list.

    `before` is the first month of the window before. `scope` says what is named: `owner`, `product`
    and `most`, how many; each may be None.
    """
    given = {"level": level, "basis": basis, "before": before, **window.given}
    asked.keep("change_by_target", **given)  # of months before the window too
    scope["level"] = level
    with beside_benefits(
        asked, level=level, basis=basis, window=window, currency=currency
    ) as wanted:
        asked.keep("roi_by_target", currency=wanted)
        asked.keep("scope", **scope)
        asked.keep("ranked", **scope, currency=wanted)
        return asked.ask(question, **scope, currency=wanted)
