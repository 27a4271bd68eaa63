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
    source: Source, columns: Iterable[str], *, period: str, loads: Sequence[Load], load: str
) -> Iterator[Finding]:
    """Find the columns that the month before had, else the former load of this one, and not it.

    `loads` are those before this one; `load` is its name, which those that it replaces know.
    """
    before = [old for old in loads if old.is_current and old.period < period]
    last = max(before, key=lambda old: old.period, default=None)
    replaced = next((old for old in loads if old.superseded_by == load and old.was_read), None)
    for old, since in ((last, last and last.period), (replaced, f"{period} was last loaded")):
        gone = sorted(set(old.columns) - set(columns)) if old else []
        if not gone:
            continue
        yield Finding(
            message=f"{len(gone)} column{'s are' if len(gone) > 1 else ' is'} gone since "
            f"{since}: {listed(gone, most=8)}",
            where=source.place,
            hint=f"if the export lost them by mistake, put them back and deliver {period} again",
            code="columns_gone",
            severity="warning",
        )
        return


def _amount(load: Load | None, basis: str) -> Decimal:
    amount: Decimal | None = getattr(load, basis, None)
    return amount or Decimal(0)


def signed(change: Decimal) -> str:
    """Write a change with its sign."""
    text = plain(change)
    return text if text.startswith("-") else f"+{text}"
