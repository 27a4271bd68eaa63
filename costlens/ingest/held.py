"""What comes for a closed month: kept apart and told, and read once the month is open again.

A closed month is what was reported, and it ties to the bill as that was then. The provider may
send another bill of it; that one is no mistake, and neither is the closing. So the closed lines
stay, the delivery is noted with its own totals, and every refresh says by how much it would change
the month.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from costlens.errors import Finding
from costlens.ingest.accounts import accounts_of
from costlens.ingest.changes import signed
from costlens.ingest.delivery import Delivery, Plan, Unit, Work, unit_of
from costlens.ingest.loads import HELD, UNREAD, Load, files_json
from costlens.ingest.rows import Totals
from costlens.ingest.unit import delivered_of, expected_of, is_same, next_name
from costlens.money import exact_sum, plain


def hold(
    work: Work, made: Plan, unit: Unit, *, deliveries: Sequence[Delivery], loads: Sequence[Load]
) -> list[Load]:
    """Note what came for a closed month; give the source's loads as they are now."""
    mine = [old for old in loads if old.is_current and unit_of(old) == unit]
    former = [old for old in loads if old.waits and unit_of(old) == unit]
    if not deliveries:
        made.findings += [_in_no_file(made, unit)] if mine else []
        return list(loads)
    expected = expected_of(deliveries, unit)
    files = files_json(
        delivered_of(deliveries, [accounts_of(work, made, one, unit) for one in deliveries]),
        mine[0].notes if mine else [],
        [column for one in deliveries for column in one.opened.columns],
    )
    if mine and is_same(work, made, unit, deliveries=deliveries, expected=expected, mine=mine):
        settled = [replace(old, files=files) if old in mine else old for old in loads]
        return [
            replace(old, superseded_by=mine[0].load) if old in former else old for old in settled
        ]
    name = next_name(made, unit, loads)
    new = [_held(work, made, totals, name=name, files=files) for totals in expected.values()]
    if mine and _says(new) == _says(mine):
        new = [replace(one, superseded_by=UNREAD) for one in new]
    return [replace(old, superseded_by=name) if old in former else old for old in loads] + new


def _held(work: Work, made: Plan, totals: Totals, *, name: str, files: str) -> Load:
    """Make the load of a delivery by its own totals; it has no content, as none is read."""
    accounts = {account for one in json.loads(files)["files"] for account in one["accounts"]}
    return Load(
        load=name,
        source=made.source.name,
        pack=made.pack.name,
        makes=totals.makes,
        period=totals.period,
        currency=totals.currency,
        files=files,
        pack_hash=made.digest,
        content_hash="",
        accounts=json.dumps(sorted(accounts)),
        tag_keys="[]",
        rows=totals.rows,
        source_billed=totals.billed,
        source_effective=totals.effective,
        billed=_less(totals.billed, totals.residual_billed),
        effective=_less(totals.effective, totals.residual_effective),
        residual_billed=totals.residual_billed,
        residual_effective=totals.residual_effective,
        loaded_at=work.as_of,
        superseded_by=HELD,
    )


def _less(whole: Decimal | None, residual: Decimal | None) -> Decimal | None:
    if whole is None or residual is None:
        return whole
    return exact_sum((whole, residual.copy_negate()))


def _in_no_file(made: Plan, unit: Unit) -> Finding:
    return Finding(
        message=f"{unit[1]} is closed, and in no file any more: it stays",
        where=made.source.place,
        hint=f"to drop it: costlens refresh --reopen {unit[1]}",
        code="closed_month",
        severity="warning",
    )


def arrived(loads: Sequence[Load], places: Mapping[str, str]) -> Iterator[Finding]:
    """Say by how much each delivery that is held back would change its month."""
    held = sorted({(load.source, load.period) for load in loads if load.is_held})
    for source, month in held:
        of_month = [old for old in loads if old.source == source and old.period == month]
        was = {old.currency: old for old in of_month if old.is_current and old.makes == "charges"}
        now = {old.currency: old for old in of_month if old.is_held}
        at = next(iter(now.values())).loaded_at
        changes = {
            currency: {
                basis: _change(now, was, currency, basis) for basis in ("billed", "effective")
            }
            for currency in sorted({*was, *now}, key=str)
        }
        moved = {currency: each for currency, each in changes.items() if any(each.values())}
        for currency, each in (moved or {None: {}}).items():
            told = ", ".join(f"{basis} {signed(amount)}" for basis, amount in each.items())
            yield Finding(
                message=f'{month} is closed, and what "{source}" delivered of it by '
                f"{at:%Y-%m-%d} is another bill: "
                + (f"{told} {currency}" if each else "the same totals of other lines"),
                where=places.get(source, "costlens.yaml"),
                hint=f"the closed figures stay; to take it: costlens refresh --reopen {month}",
                code="closed_month",
                severity="warning",
                currency=(currency or "") if each else "",
                billed=plain(each["billed"]) if each else "",
                effective=plain(each["effective"]) if each else "",
            )


def _says(loads: Sequence[Load]) -> tuple[object, ...]:
    """Give the files and the totals of loads: another pack may read the same files to the same."""
    totals = {one.currency: (one.rows, one.source_billed, one.source_effective) for one in loads}
    return {file.sha256 for one in loads for file in one.delivered}, totals


def _change(
    now: Mapping[str | None, Load], was: Mapping[str | None, Load], currency: str | None, basis: str
) -> Decimal:
    amounts = [getattr(loads.get(currency), basis, None) or Decimal(0) for loads in (now, was)]
    return exact_sum((amounts[0], amounts[1].copy_negate()))
