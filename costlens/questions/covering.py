"""How well each number is known, by grade of evidence, and how far it may be off."""

from costlens.questions.ask import Answer, Asked
from costlens.questions.window import ALWAYS, Window


def coverage(asked: Asked, *, level: str, basis: str, window: Window = ALWAYS) -> Answer:
    """Split the cost of each target, or of each bill, by grade, with a range where it can be told.

    `level` is feature, model, product or bill. A range takes the bands of `measure_next`: what a
    better rung moves where two are known.
    """
    asked.keep("way_costs", **window.given)
    asked.keep("measure_next", "guesses", level=level, basis=basis)
    asked.keep("coverage", level=level, basis=basis, **window.given)
    return asked.ask("cost_ranges")
