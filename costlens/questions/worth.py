"""Hold what things cost against what they were declared to bring in."""

from collections.abc import Iterator
from contextlib import contextmanager

from costlens.questions.ask import Answer, Asked, set_rates
from costlens.questions.window import ALWAYS, Window


def roi(
    asked: Asked, *, level: str, basis: str, window: Window = ALWAYS, currency: str | None = None
) -> Answer:
    """Compare cost and declared benefit of every target of a level, on the days that were billed.

    In one currency, by default that of costlens.yaml. A missing rate is an error with the line to
    add to fx.csv.
    """
    with beside_benefits(
        asked, level=level, basis=basis, window=window, currency=currency
    ) as wanted:
        return asked.ask("roi_by_target", currency=wanted)


def declared(
    asked: Asked, *, level: str, target: str, basis: str, window: Window, currency: str
) -> Answer:
    """List the claims that the benefit of one target is made of, month by month."""
    with beside_benefits(
        asked, level=level, basis=basis, window=window, currency=currency
    ) as wanted:
        return asked.ask("benefit_rows", target=target, currency=wanted)


@contextmanager
def beside_benefits(
    asked: Asked, *, level: str, basis: str, window: Window, currency: str | None
) -> Iterator[str]:
    """Keep `bill_days`, `benefits`, `rates` and `cost_by_target` for the questions asked within.

    Give the one currency that they are in.
    """
    wanted = currency or str(asked.build.settings["currency"])
    from_level = asked.build.settings["roi"]["evidence_level"]
    given = {"level": level, "basis": basis, "currency": wanted, **window.given}
    given |= {"side": "benefit", "evidence_level": from_level}
    asked.keep("bill_days", **given)
    asked.keep("benefits", **given)
    claimed = asked.con.execute(
        "select distinct month, currency from benefits where value is not null"
    ).fetchall()
    set_rates(asked.con, asked.build, wanted, window=window, also=claimed)
    try:
        asked.keep("cost_by_target", **given)
        yield wanted
    finally:
        set_rates(asked.con, asked.build, None)
