"""Costs over time: what is to come, what may be spent, and what is unlike the days before."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

from costlens.errors import CostLensError
from costlens.questions.ask import Answer, Asked, set_rates

FACTOR, LEAST, DRIFT, DAYS = Decimal(4), Decimal(1), Decimal("0.2"), 7


def forecast(asked: Asked, *, by: str, basis: str, currency: str | None = None) -> Answer:
    """Say what the open month, the rest of its quarter, and the quarter will have cost.

    `by` is bill, team, product, model or feature. A coming day costs what a day of the last 28
    cost on average; with fewer than 7 days of cost nothing is said.
    """
    with _forecasts(asked, by=by, basis=basis, currency=currency):
        return asked.ask("forecast", by=by)


def budgets(
    asked: Asked, *, basis: str, month: str | None = None, currency: str | None = None
) -> Answer:
    """Hold each budget against what was spent of it, and against its forecast.

    `month` lies in the periods that are asked about, by default the newest that is billed. A budget
    in another currency is converted by that month's rate.
    """
    with _budgets(asked, basis=basis, month=month, currency=currency):
        return asked.ask("budget", **_given(asked, month, currency))


def alerts(
    asked: Asked,
    *,
    level: str,
    basis: str,
    currency: str | None = None,
    days: int = DAYS,
    factor: Decimal = FACTOR,
    least: Decimal = LEAST,
    drift: Decimal = DRIFT,
) -> Answer:
    """List budgets that are or will be over, unusual days, and units whose cost drifts.

    `days` is how many of the last whole days are looked at, `factor` how many usual distances from
    the middle a day has to be, `least` the money from which on anything counts, and `drift` the
    part by which a unit may become dearer or cheaper.
    """
    with _budgets(asked, basis=basis, month=None, currency=currency):
        given = _given(asked, None, currency)
        asked.keep("budget", **given)
        asked.keep("unusual", **given, level=level, days=days, factor=factor, least=least)
        asked.keep("unit_drift", **given, drift=drift, least=least)
        return asked.ask("alerts", level=level)


def _given(asked: Asked, month: str | None, currency: str | None) -> dict[str, str]:
    return {
        "month": month or newest_month(asked),
        "currency": currency or str(asked.build.settings["currency"]),
    }


def newest_month(asked: Asked) -> str:
    """Name the newest month there are bills for."""
    rows = asked.ask("months").rows
    if not rows:
        raise CostLensError("no month is billed yet", hint="costlens refresh loads bills")
    return str(rows[-1][0])


@contextmanager
def _budgets(
    asked: Asked, *, basis: str, month: str | None, currency: str | None
) -> Iterator[None]:
    """Keep `forecasts`, with rates for what budgets are in."""
    at = month or newest_month(asked)
    codes = asked.con.execute("select distinct currency from budgets").fetchall()
    also = [(at, one) for (one,) in codes]
    with _forecasts(asked, by="budget", basis=basis, currency=currency, also=also):
        yield


@contextmanager
def _forecasts(
    asked: Asked,
    *,
    by: str,
    basis: str,
    currency: str | None,
    also: list[tuple[str, str]] | None = None,
) -> Iterator[None]:
    """Keep `daily_costs`, `spans` and `forecasts` in one currency for what is asked within."""
    wanted = currency or str(asked.build.settings["currency"])
    set_rates(asked.con, asked.build, wanted, also=also or ())
    try:
        asked.keep("daily_costs", basis=basis)
        asked.keep("spans")
        asked.keep("forecasts", by=by, currency=wanted)
        yield
    finally:
        set_rates(asked.con, asked.build, None)
