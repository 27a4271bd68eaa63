"""Which rates are in force: those of fx.csv, and those that closed months were closed with."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from costlens.config.values import FxRate
from costlens.errors import Finding
from costlens.ingest.loads import Load
from costlens.lake.closings import Closing, Pair
from costlens.money import converted, exact_sum, plain

_REOPEN = "costlens refresh --reopen"


def fix_new_rates(
    closings: Sequence[Closing], fx: Iterable[FxRate], *, as_of: datetime
) -> list[Closing]:
    """Fix the rates of closed months that nothing was converted with before.

    No figure was ever answered with a rate that was missing, so one that comes later changes none;
    from then on it stands as those do that the month was closed with.
    """
    added = as_of.isoformat(sep=" ", timespec="seconds")
    by_month = _by_month(fx)
    fixed: list[Closing] = []
    for one in closings:
        now = by_month.get(one.month, {}) if one.holds else {}
        new = {pair: rate.rate for pair, rate in now.items() if pair not in one.pairs}
        fixed.append(one.with_rates(new, added=added) if new else one)
    return fixed


def in_force(fx: Iterable[FxRate], closed: Mapping[str, Closing]) -> tuple[FxRate, ...]:
    """Give the rates that questions convert with, by month and currencies."""
    kept = [rate for rate in fx if rate.month not in closed]
    fixed = [
        FxRate(month=month, currency=own, to=to, rate=rate)
        for month, closing in closed.items()
        for (own, to), rate in closing.pairs.items()
    ]
    return tuple(sorted((*kept, *fixed), key=lambda rate: (rate.month, rate.currency, rate.to)))


def changed_rates(
    fx: Iterable[FxRate], closed: Mapping[str, Closing], loads: Sequence[Load]
) -> Iterator[Finding]:
    """Name the rates of fx.csv that closed months were closed without, with both figures."""
    by_month = _by_month(fx)
    for month, closing in sorted(closed.items()):
        now = by_month.get(month, {})
        for pair, fixed in sorted(closing.pairs.items()):
            if pair not in now:
                yield _gone(month, pair, fixed)
            elif now[pair].rate != fixed:
                yield _changed(now[pair], fixed, loads)


def _by_month(fx: Iterable[FxRate]) -> dict[str, dict[Pair, FxRate]]:
    found: dict[str, dict[Pair, FxRate]] = {}
    for rate in fx:
        found.setdefault(rate.month, {})[rate.currency, rate.to] = rate
    return found


def _gone(month: str, pair: Pair, fixed: Decimal) -> Finding:
    line = f"{month},{pair[0]},{pair[1]},{plain(fixed)}"
    return Finding(
        message=f"{month} is closed with {pair[0]} to {pair[1]} at {plain(fixed)}, which stands "
        "here no more: it stays",
        where="fx.csv",
        hint=f"put the line back: {line}",
        code="closed_rate",
        severity="info",
    )


def _changed(now: FxRate, fixed: Decimal, loads: Sequence[Load]) -> Finding:
    """Say by how much a month's bill would be another one at the rate that fx.csv has now."""
    own, to = now.currency, now.to
    bill = [
        load
        for load in loads
        if load.is_current and (load.period, load.currency) == (now.month, own)
    ]
    told, changes = [], {}
    for basis in ("billed", "effective"):
        amounts = [getattr(load, basis) for load in bill if getattr(load, basis) is not None]
        then = converted((amount, fixed) for amount in amounts)
        would = converted((amount, now.rate) for amount in amounts)
        changes[basis] = plain(exact_sum((would, then.copy_negate())))
        told.append(f"{basis} {plain(then)} {to}, and not {plain(would)}")
    return Finding(
        message=f"{now.month} is closed with {own} to {to} at {plain(fixed)}, and this line says "
        f"{plain(now.rate)}: {plain(fixed)} stays",
        where=now.place,
        hint=(f"its bill in {own} stays {'; '.join(told)}. " if bill else "")
        + f"To take the new rate: {_REOPEN} {now.month}",
        code="closed_rate",
        severity="warning",
        currency=to if bill else "",
        billed=changes["billed"] if bill else "",
        effective=changes["effective"] if bill else "",
    )
