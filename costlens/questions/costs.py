"""What things cost, what goes when they go, and what they would bear under other rules."""

from collections.abc import Sequence

from costlens.questions.ask import Answer, Asked, in_currency
from costlens.questions.cascades import keep_cascades
from costlens.questions.named import TARGETS, read_targets
from costlens.questions.window import ALWAYS, Window

LEVELS = TARGETS
STAGES = ("pipeline", "stage", "team", "service", "class", "grade")
HORIZONS = ("now", "resize", "commitment")
MOST_PAIRS = 1000


def cost(
    asked: Asked, *, by: str, basis: str, window: Window = ALWAYS, currency: str | None = None
) -> Answer:
    """List what things cost; `by` is a level, or one of STAGES."""
    question = "cost_by_target" if by in LEVELS else "cost_by_stage"
    with in_currency(asked, currency, window):
        return asked.ask(question, level=by, by=by, basis=basis, **window.given)


def avoidable(
    asked: Asked,
    targets: Sequence[str],
    *,
    horizon: str,
    basis: str,
    window: Window = ALWAYS,
    currency: str | None = None,
) -> Answer:
    """List what is saved if targets, as people name them, go: each alone, and all."""
    named = read_targets(asked, targets)
    with in_currency(asked, currency, window):
        return asked.ask(
            "avoidable",
            targets=[":".join(target) for target in named],
            horizon=horizon,
            basis=basis,
            **window.given,
        )


def measure_next(
    asked: Asked, *, level: str, basis: str, window: Window = ALWAYS, currency: str | None = None
) -> Answer:
    """List whose better measurement would move most money."""
    with in_currency(asked, currency, window):
        asked.keep("way_costs", **window.given)
        return asked.ask("measure_next", level=level, basis=basis)


def sensitivity(
    asked: Asked,
    *,
    level: str,
    basis: str,
    window: Window = ALWAYS,
    currency: str | None = None,
    table: str = "sensitivity",
) -> Answer:
    """List what targets would bear under other rules; `table` may be that of methods or pairs."""
    with in_currency(asked, currency, window):
        keep_cascades(asked, level=level, basis=basis, window=window)
        asked.keep("by_method", level=level, basis=basis, **window.given)
        return asked.ask(table, most=MOST_PAIRS)
