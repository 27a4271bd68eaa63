"""What the deliveries of one period come to: totals, files, and whether they are what is loaded."""

from collections.abc import Sequence

from costlens.ingest.delivery import Delivery, Plan, Unit, Work
from costlens.ingest.loads import Delivered, Load
from costlens.ingest.rows import Totals, added, hash_sql, rows_sql


def expected_of(deliveries: Sequence[Delivery], unit: Unit) -> dict[str | None, Totals]:
    """Add up what a period's deliveries hold by their own totals, one a currency."""
    by_currency: dict[str | None, list[Totals]] = {}
    for one in deliveries:
        for totals in one.of(unit):
            by_currency.setdefault(totals.currency, []).append(totals)
    return {currency: added(totals) for currency, totals in by_currency.items()}


def only_of(one: Delivery, unit: Unit) -> str | None:
    """Give the period to filter by, where a file holds several."""
    periods = {total.period for total in one.totals if total.makes == unit[0]}
    return unit[1] if len(periods) > 1 else None


def delivered_of(deliveries: Sequence[Delivery], accounts: Sequence[set[str]]) -> list[Delivered]:
    """List the files of a period by number; `accounts` are those each delivery has charges of."""
    return [
        Delivered(
            number=number,
            path=file.name,
            sha256=file.sha256,
            version=one.opened.version,
            manifest=file.manifest,
            accounts=tuple(sorted(named)),
        )
        for number, (one, file, named) in enumerate(
            (one, file, named)
            for one, named in zip(deliveries, accounts, strict=True)
            for file in one.files
        )
    ]


def next_name(made: Plan, unit: Unit, loads: Sequence[Load]) -> str:
    """Name a load after its source and period, and count."""
    mine = {
        old.load
        for old in loads
        if (old.makes, old.period) == unit and old.source == made.source.name
    }
    return f"{made.source.name}/{unit[1]}/{len(mine) + 1}"


def is_same(
    work: Work,
    made: Plan,
    unit: Unit,
    *,
    deliveries: Sequence[Delivery],
    expected: dict[str | None, Totals],
    mine: Sequence[Load],
) -> bool:
    """Say whether a period's rows are those that are there; the totals are compared first."""
    then = {old.currency: (old.rows, old.source_billed, old.source_effective) for old in mine}
    now = {c: (t.rows, t.billed, t.effective) for c, t in expected.items()}
    if then != now or any(old.pack_hash != made.digest for old in mine):
        return False
    whole = 0
    for one in deliveries:
        one.opened.view(work.con)
        rows = rows_sql(work.con, made.pack, unit[0], tag_keys=frozenset())
        only = only_of(one, unit)
        where = f" where period_start = timestamp '{only}-01'" if only else ""
        ((found,),) = (
            work.con.cursor()
            .execute(f"select {hash_sql(unit[0])} from (\n{rows}\n){where}")
            .fetchall()
        )
        whole += found or 0
    return str(whole) == mine[0].content_hash
