"""Write the touched periods of one source, and compare that with the source's own totals."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from costlens.errors import Finding
from costlens.ingest.accounts import accounts_of, accounts_written
from costlens.ingest.changes import columns_gone, restated
from costlens.ingest.delivery import Delivery, Plan, Unit, Work, unit_of
from costlens.ingest.diagnose import unreadable
from costlens.ingest.held import hold
from costlens.ingest.lines import LINES_A_FILE
from costlens.ingest.loads import Load, files_json
from costlens.ingest.problems import notes, oddities, problems
from costlens.ingest.rows import Totals, hash_sql, period_column, rows_sql, written_sql
from costlens.ingest.unit import delivered_of, expected_of, is_same, next_name, only_of
from costlens.lake.tables import TABLES
from costlens.lake.views import literal
from costlens.money import exact_sum, plain

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


# A charge of a month begins on its first day; where all are such, the bill is of whole months.
_LAST_DAY = (
    "case when min(ChargePeriodEnd - ChargePeriodStart) > interval 1 day "
    "then max(ChargePeriodEnd) - interval 1 microsecond else max(ChargePeriodStart) end::date"
)


@dataclass(frozen=True, kw_only=True)
class Written:
    """A period that was written: the files it is made of, and what they add up to."""

    unit: Unit
    load: str
    deliveries: tuple[Delivery, ...]
    expected: dict[str | None, Totals]


@dataclass(frozen=True, kw_only=True)
class _Stored:
    """What stands in the written rows of one currency."""

    rows: int
    billed: Decimal | None
    effective: Decimal | None
    first_day: date | None
    last_day: date | None


def write_plan(work: Work, made: Plan, before: Sequence[Load]) -> tuple[list[Written], list[Load]]:
    """Write what a plan touches; give what was written, and the source's loads as they are now.

    A period whose rows are the same as before keeps its rows, and its load names the new files. A
    closed one keeps them in any case.
    """
    written: list[Written] = []
    after = list(before)
    for unit in sorted(made.touched):
        deliveries = tuple(one for one in made.deliveries if one.of(unit))
        if work.keeps(unit):
            after = hold(work, made, unit, deliveries=deliveries, loads=after)
            continue
        former = [old for old in after if unit_of(old) == unit and (old.is_current or old.waits)]
        mine = [old for old in former if old.is_current]
        if not deliveries:
            _drop(work, made, unit)
            made.findings += _dropped(made, mine)
            after = _superseded(after, former, by="(dropped)")
            continue
        expected = expected_of(deliveries, unit)
        if is_same(work, made, unit, deliveries=deliveries, expected=expected, mine=mine):
            columns = [column for one in deliveries for column in one.opened.columns]
            accounts = [accounts_of(work, made, one, unit) for one in deliveries]
            files = files_json(delivered_of(deliveries, accounts), mine[0].notes, columns)
            after = _superseded(after, [old for old in former if old.waits], by=mine[0].load)
            after = [replace(old, files=files) if old in mine else old for old in after]
            continue
        load = next_name(made, unit, after)
        work.say(f"load {unit[0]} of {made.source.name}, {unit[1]}")
        _write(work, made, unit, deliveries=deliveries, load=load)
        written.append(Written(unit=unit, load=load, deliveries=deliveries, expected=expected))
        after = _superseded(after, former, by=load)
    return written, after


def _superseded(loads: Sequence[Load], former: Sequence[Load], *, by: str) -> list[Load]:
    return [replace(old, superseded_by=by) if old in former else old for old in loads]


def check_written(
    work: Work, made: Plan, one: Written, *, loads: Sequence[Load]
) -> tuple[list[Load], list[Finding]]:
    """Read a written period back: its loads, one a currency, and everything wrong with it.

    `loads` are those before it, the ones it supersedes among them.
    """
    table, period = one.unit
    files = delivered_of(one.deliveries, accounts_written(work.con, made, one.unit, one.deliveries))

    def line_at(line: int) -> str:
        return _line_at(one.deliveries, line)

    errors = list(problems(work.con, table, made.source, period=period, line_at=line_at))
    stored, content = _read_back(work.con, made, one.unit)
    errors += _differences(made, one, stored) if not errors else []
    errors += _torn_commitments(work.con, made, one) if not errors else []
    columns = [column for delivery in one.deliveries for column in delivery.opened.columns]
    mine = [old for old in loads if old.source == made.source.name and old.makes == table]
    noted = list(_noted(work.con, made, one, columns=columns, loads=mine))
    whole = Load(
        load=one.load,
        source=made.source.name,
        pack=made.pack.name,
        makes=table,
        period=period,
        files="",
        pack_hash=made.digest,
        content_hash=content,
        accounts=json.dumps(sorted({account for file in files for account in file.accounts})),
        tag_keys=json.dumps(sorted(work.tag_keys) if table == "charges" else []),
        loaded_at=work.as_of,
    )
    new = [
        _of_currency(whole, one.expected[currency], found)
        for currency, found in stored.items()
        if currency in one.expected
    ]
    former = [old for old in mine if old.superseded_by == one.load and old.was_read]
    noted += restated(made.source, new, former)
    told = files_json(files, noted, columns)
    return [replace(load, files=told) for load in new], errors


def _noted(
    con: "DuckDBPyConnection",
    made: Plan,
    one: Written,
    *,
    columns: Sequence[str],
    loads: Sequence[Load],
) -> Iterator[Finding]:
    """Say what stands to be known about a written period; `loads` are those of its table."""
    table, period = one.unit
    if made.pack.produces[0] == table:
        yield from (note for delivery in one.deliveries for note in delivery.notes)
    if table == "charges":
        # A pack like another reads files of any columns: those that no file has are not missed.
        expected = columns if made.pack.description.like else None
        yield from notes(con, made.source, period=period, expected=expected)
        yield from oddities(con, made.source, period=period)
    yield from columns_gone(made.source, columns, period=period, loads=loads, load=one.load)


def _torn_commitments(con: "DuckDBPyConnection", made: Plan, one: Written) -> Iterator[Finding]:
    """Refuse a commitment whose unused part was derived without the use in another delivery."""
    if one.unit[0] != "charges" or len(one.deliveries) == 1:
        return
    whole = [at for at, delivery in enumerate(one.deliveries) for _ in delivery.files]
    rows = con.cursor().execute(
        "select distinct coalesce(CommitmentDiscountId, ''), CommitmentDiscountStatus, "
        f"x_line // {LINES_A_FILE} from charges "
        "where source = $source and billing_period = $period "
        "and (CommitmentDiscountStatus = 'Used' or (CommitmentDiscountStatus = 'Unused' "
        "and contains(x_repairs, 'UnusedCommitment'))) order by all",
        {"source": made.source.name, "period": one.unit[1]},
    )
    derived: dict[str, int] = {}
    used: dict[str, set[int]] = {}
    for commitment, status, number in rows.fetchall():
        if status == "Used":
            used.setdefault(commitment, set()).add(whole[number])
        else:
            derived[commitment] = whole[number]
    for commitment, at in derived.items():
        for other in sorted(used.get(commitment, set()) - {at}):
            yield Finding(
                message=f"what {commitment or 'a commitment'} left unused cannot be told: "
                f"{one.deliveries[other].name} holds use of it as well",
                where=one.deliveries[at].name,
                hint="put the report's manifest beside its files: then they are read as one",
                code="torn_commitment",
            )


def _line_at(deliveries: Sequence[Delivery], line: int) -> str:
    """Say where an x_line of a load stands: its files are numbered over all deliveries."""
    for one in deliveries:
        if line < len(one.files) * LINES_A_FILE:
            return one.opened.line_of(line)
        line -= len(one.files) * LINES_A_FILE
    raise AssertionError("a line of no file")


def _of_currency(whole: Load, source: Totals, found: _Stored) -> Load:
    return replace(
        whole,
        currency=source.currency,
        rows=found.rows,
        source_billed=source.billed,
        source_effective=source.effective,
        billed=found.billed,
        effective=found.effective,
        residual_billed=source.residual_billed,
        residual_effective=source.residual_effective,
        first_day=found.first_day,
        last_day=found.last_day,
    )


def _write(
    work: Work, made: Plan, unit: Unit, *, deliveries: Sequence[Delivery], load: str
) -> None:
    """Write one period from every file that holds some of it."""
    import duckdb

    table = unit[0]
    partition = _partition(made, unit)
    written = {c: kind for c, kind in TABLES[table].columns.items() if c not in partition}
    # Rows carry their number, so the file need not be in order: without, memory stays bounded.
    number = 0
    for one in deliveries:
        one.opened.view(work.con)
        only = only_of(one, unit)
        try:
            work.con.execute("set preserve_insertion_order = false").fetchall()
            rows = _rows(work, made, one, table=table, once=only is not None)
            query = written_sql(rows, load=load, number=number, period=only)
            work.draft.write(work.con, table, query, partition, columns=written)
        except duckdb.Error as error:
            raise unreadable(work.con, one.opened, error) from error
        finally:
            work.con.execute("set preserve_insertion_order = true").fetchall()
        one.opened.check_unchanged()
        number += len(one.files)


def _rows(work: Work, made: Plan, one: Delivery, *, table: str, once: bool) -> str:
    """Write the select of a delivery's rows; `once`: worked out at the first of several periods."""
    rows = rows_sql(work.con, made.pack, table, tag_keys=work.tag_keys)
    if not once:
        return rows
    path = work.staging / f"{made.source.name}-{one.file_key}-{table}.parquet"
    if not path.exists():
        work.con.execute(f"copy ({rows}) to {literal(str(path))} (format parquet)").fetchall()
    return f"select * from read_parquet({literal(str(path))})"


def _partition(made: Plan, unit: Unit) -> dict[str, str]:
    return {"source": made.source.name, period_column(unit[0]): unit[1]}


def _drop(work: Work, made: Plan, unit: Unit) -> None:
    work.draft.drop(unit[0], _partition(made, unit))


def _dropped(made: Plan, loads: Sequence[Load]) -> Iterator[Finding]:
    for load in loads:
        money = f", {plain(load.billed)} {load.currency} billed" if load.billed is not None else ""
        yield Finding(
            message=f"{load.makes} of {load.period} are in no file any more{money}: dropped",
            where=made.source.place,
            hint="if they should stay, keep the file that held them",
            code="month_dropped",
            severity="warning",
        )


def _read_back(
    con: "DuckDBPyConnection", made: Plan, unit: Unit
) -> tuple[dict[str | None, _Stored], str]:
    """Add up what stands in a written period, by currency, and hash it."""
    table = unit[0]
    columns = {
        "charges": "BillingCurrency, sum(BilledCost), sum(EffectiveCost), "
        f"min(ChargePeriodStart)::date, {_LAST_DAY}",
        "attempts": "null::varchar, null, null, min(start)::date, max(start)::date",
        "outputs": "null::varchar, null, null, null, null",
        "activity": "null::varchar, null, null, min(hour)::date, max(hour)::date",
        "links": "null::varchar, null, null, min(seen)::date, max(seen)::date",
    }[table]
    rows = (
        con.cursor()
        .execute(
            f"select count(*), {hash_sql(table)}, {columns} from {table} "
            f"where source = $source and {period_column(table)} = $period "
            + ("group by BillingCurrency" if table == "charges" else ""),
            {"source": made.source.name, "period": unit[1]},
        )
        .fetchall()
    )
    stored = {
        row[2]: _Stored(
            rows=row[0], billed=row[3], effective=row[4], first_day=row[5], last_day=row[6]
        )
        for row in rows
    }
    return stored, str(sum(row[1] or 0 for row in rows))


def _differences(made: Plan, one: Written, stored: dict[str | None, _Stored]) -> Iterator[Finding]:
    """Compare rows, and written money and residual, with what control.sql says the source holds."""
    for currency in sorted({*one.expected, *stored}, key=str):
        wants, has = one.expected.get(currency), stored.get(currency)
        unit = f"{one.unit[0]} of {one.unit[1]}" + (f" in {currency}" if currency else "")
        pairs: list[tuple[str, object, object]] = [
            ("rows", wants.rows if wants else 0, has.rows if has else 0)
        ]
        if wants and has:
            for basis in ("billed", "effective"):
                residual = getattr(wants, f"residual_{basis}")
                mine = getattr(has, basis)
                total = mine if None in (mine, residual) else exact_sum([mine, residual])
                pairs.append((basis, getattr(wants, basis), total))
        for what, source, ours in pairs:
            if source != ours:
                yield Finding(
                    message=f"{unit}: the source has {what} {source}, loaded would be {ours}",
                    where=made.source.place,
                    hint=f"the former load stays; {one.unit[0]}.sql and control.sql of the pack "
                    f"{made.pack.name} must add up to the same",
                    code="control_total",
                )
