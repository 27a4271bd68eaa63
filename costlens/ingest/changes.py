"""What a delivery changed: money of a month that was over, columns that are gone."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from costlens.config.notes import listed
from costlens.config.values import Source
from costlens.errors import Finding
from costlens.ingest.loads import Load
from costlens.money import plain
from costlens.times import is_over


def restated(source: Source, new: Sequence[Load], former: Sequence[Load]) -> Iterator[Finding]:
    """Say by how much a bill was restated that was loaded before when its month was over.

    While a month runs, its bill grows with every delivery: that is no restatement.
    """
    was = {load.currency: load for load in former}
    now = {load.currency: load for load in new}
    if not former or any(
        old.makes != "charges" or not is_over(old.period, old.loaded_at) for old in former
    ):
        return
    for currency in sorted({*was, *now}, key=str):
        changes = {
            basis: _amount(now.get(currency), basis) - _amount(was.get(currency), basis)
            for basis in ("billed", "effective")
        }
        if not any(changes.values()):
            continue
        told = ", ".join(f"{basis} {signed(change)}" for basis, change in changes.items() if change)
        yield Finding(
            message=f"{former[0].period} was restated: {told} {currency}",
            where=source.place,
            hint="costlens loads lists every delivery",
            code="restated",
            severity="info",
            quiet=True,
            currency=currency or "",
            billed=plain(changes["billed"]),
            effective=plain(changes["effective"]),
        )


def columns_gone(
    source: Source, columns: Iterable[str], *, period: str, loads: Iterable[Load]
) -> Iterator[Finding]:
    """Find the columns a pack knows that the month before had, and this one has not."""
    former = [load for load in loads if load.is_current and load.period < period]
    last = max(former, key=lambda load: load.period, default=None)
    gone = sorted(set(last.columns) - set(columns)) if last else []
    if last and gone:
        yield Finding(
            message=f"{len(gone)} column{'s are' if len(gone) > 1 else ' is'} gone since "
            f"{last.period}: {listed(gone, most=8)}",
            where=source.place,
            hint=f"if the export lost them by mistake, put them back and deliver {period} again",
            code="columns_gone",
            severity="warning",
        )


def _amount(load: Load | None, basis: str) -> Decimal:
    amount: Decimal | None = getattr(load, basis, None)
    return amount or Decimal(0)


def signed(change: Decimal) -> str:
    """Write a change with its sign."""
    text = plain(change)
    return text if text.startswith("-") else f"+{text}"
