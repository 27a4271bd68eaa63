"""The engine as a library: tables in, tables out, without a workspace or a lake."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

from costlens.allocate import steps
from costlens.allocate.book import make_book, tag_keys
from costlens.config import read_catalogue
from costlens.config.values import Allocation, Catalogue, Settings
from costlens.engine import connect
from costlens.errors import CostLensError
from costlens.lake.tables import TABLES
from costlens.lake.views import literal, name
from costlens.money import define

if TYPE_CHECKING:
    import duckdb


class ArrowStream(Protocol):
    """What hands out its rows as Arrow does: a DuckDB relation, an Arrow table, a data frame."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Give the stream."""
        ...


Rows = ArrowStream | Sequence[Mapping[str, Any]]  # Any: whatever JSON holds, dates and Decimals

# What a table that is not given in full says of each row: columns to SQL, in which columns that are
# given may be named.
_DEFAULTS: dict[str, dict[str, str]] = {
    "charges": {
        "source": "'bill'",
        "billing_period": "strftime(g.ChargePeriodStart::timestamp, '%Y-%m')",
        "x_load": "''",
        "x_line": "row_number() over ()",
        "x_class": "'work'",
        "EffectiveCost": "g.BilledCost",
        "BillingCurrency": "'USD'",
        "ChargePeriodEnd": "g.ChargePeriodStart::timestamp + interval 1 day",
        "ServiceName": "'(no service)'",
        "ChargeCategory": "'Usage'",
    },
    "attempts": {
        "source": "'runs'",
        "month": "strftime(g.start::timestamp, '%Y-%m')",
        "x_load": "''",
        "x_line": "row_number() over ()",
        "part": "'run'",
        "try": "1",
        "state": "'succeeded'",
    },
    "outputs": {
        "source": "'runs'",
        "x_load": "''",
        "x_line": "row_number() over ()",
        "part": "'run'",
        "measure": "'made'",
        "quantity": "1",
    },
    "activity": {
        "source": "'activity'",
        "month": "strftime(g.hour::timestamp, '%Y-%m')",
        "x_load": "''",
        "x_line": "row_number() over ()",
        "measure": "'reads'",
    },
    "links": {"source": "'runs'", "x_load": "''", "x_line": "row_number() over ()"},
}


_NEEDED = {
    "charges": ("BilledCost", "ChargePeriodStart"),
    "attempts": ("pipeline", "run", "start", "stop"),
    "outputs": ("pipeline", "run", "target"),
    "activity": ("target", "hour", "quantity"),
    "links": ("from_node", "to_node", "kind"),
}


@dataclass(frozen=True, kw_only=True)
class Allocated:
    """The results: DuckDB relations with the columns of the lake's tables of these names."""

    con: "duckdb.DuckDBPyConnection"
    placements: "duckdb.DuckDBPyRelation"
    stage_costs: "duckdb.DuckDBPyRelation"
    shares: "duckdb.DuckDBPyRelation"
    ledger: "duckdb.DuckDBPyRelation"

    def cost(self, level: str, basis: str = "effective") -> dict[str, Decimal]:
        """Give what each target of a level bears, and what nobody does; it adds up to the bill."""
        rows = self.con.execute(
            "select target, sum(case $basis when 'billed' then billed else effective end) as cost "
            "from memory.main.ledger where level = $level group by target "
            "order by cost desc, target",
            {"level": level, "basis": basis},
        ).fetchall()
        return dict(rows)


def allocate(
    charges: Rows,
    *,
    catalogue: str | Catalogue = "",
    attempts: Rows = (),
    outputs: Rows = (),
    activity: Rows = (),
    links: Rows = (),
    allocation: Allocation | None = None,
) -> Allocated:
    """Split bills over what ran, and over what needed it.

    Tables have the columns of the lake's tables of their names, those that are needed: of `charges`
    BilledCost and ChargePeriodStart, of `attempts` pipeline, run, start and stop, of `outputs`
    pipeline, run and target. Others are what they mostly are; an unknown one is a CostLensError.
    `catalogue` is the text of a catalogue file. Every line is conserved: a bug, an AssertionError,
    if not.

    Two services that serve each other are solved exactly (methods, C1):

    >>> done = allocate(
    ...     [
    ...         {"ResourceId": "y", "BilledCost": 7260, "ChargePeriodStart": "2026-05-01"},
    ...         {"ResourceId": "z", "BilledCost": 4000, "ChargePeriodStart": "2026-05-01"},
    ...     ],
    ...     catalogue='''
    ... stages:
    ...   - {name: y, split: use, billed_by: [{resource_id: y}],
    ...      feeds: [{stage: z, weight: 2}, {product: a, weight: 5}, {product: b, weight: 3}]}
    ...   - {name: z, split: use, billed_by: [{resource_id: z}],
    ...      feeds: [{stage: y, weight: 3}, {product: a, weight: 4}, {product: b, weight: 3}]}
    ... products: [{name: a}, {name: b}]
    ... ''',
    ... )
    >>> for name, cost in done.cost("product").items():
    ...     print(name, format(cost, "f"))
    a 6820.000000000000
    b 4440.000000000000

    What was built once is split among those who need it, and nobody else (C8):

    >>> day = "2026-05-01"
    >>> costs = {"scan": 120, "clean": 60, "join_tx": 90, "agg_web": 40, "f1": 10, "f2": 5, "f3": 8}
    >>> done = allocate(
    ...     [
    ...         {"ResourceId": name, "BilledCost": cost, "ChargePeriodStart": day}
    ...         for name, cost in {**costs, "f4": 20}.items()
    ...     ],
    ...     catalogue='''
    ... stages:
    ...   - {name: scan, billed_by: [{resource_id: scan}], feeds: [{stage: clean}]}
    ...   - {name: clean, billed_by: [{resource_id: clean}],
    ...      feeds: [{stage: join_tx}, {stage: agg_web}]}
    ...   - {name: join_tx, billed_by: [{resource_id: join_tx}],
    ...      feeds: [{feature: f1}, {feature: f2}, {feature: f4}]}
    ...   - {name: agg_web, billed_by: [{resource_id: agg_web}],
    ...      feeds: [{feature: f3}, {feature: f4}]}
    ... features:
    ...   - {name: f1, billed_by: [{resource_id: f1}]}
    ...   - {name: f2, billed_by: [{resource_id: f2}]}
    ...   - {name: f3, billed_by: [{resource_id: f3}]}
    ...   - {name: f4, billed_by: [{resource_id: f4}]}
    ... ''',
    ... )
    >>> [(name, int(cost)) for name, cost in done.cost("feature").items()]
    [('f4', 115), ('f1', 85), ('f2', 80), ('f3', 73)]

    Runs share a machine by what they use of it, and the rest is idle (C6):

    >>> hours = {"a": (0, 4, 2), "b": (2, 6, 1), "c": (3, 5, 1)}
    >>> done = allocate(
    ...     [
    ...         {"ResourceId": "m", "BilledCost": 96, "ChargePeriodStart": "2026-05-01 00:00:00",
    ...          "ChargePeriodEnd": "2026-05-01 08:00:00"}
    ...     ],
    ...     attempts=[
    ...         {"pipeline": name, "run": "1", "start": f"2026-05-01 0{start}:00:00",
    ...          "stop": f"2026-05-01 0{stop}:00:00", "resource_id": "m", "size": slots,
    ...          "size_unit": "slots"}
    ...         for name, (start, stop, slots) in hours.items()
    ...     ],
    ...     outputs=[{"pipeline": name, "run": "1", "target": f"feature:{name}"} for name in hours],
    ...     catalogue="resources: [{name: m, billed_by: [{resource_id: m}], capacity: {slots: 4}}]",
    ... )
    >>> [(name, int(cost)) for name, cost in done.cost("feature").items()]
    [('(idle)', 54), ('a', 24), ('b', 12), ('c', 6)]
    """
    read = read_catalogue(catalogue) if isinstance(catalogue, str) else catalogue
    settings = Settings(version=1, sources=(), allocation=allocation or Allocation())
    con = connect()
    define(con)
    given = {"charges": charges, "attempts": attempts, "outputs": outputs}
    for table, rows in {**given, "activity": activity, "links": links}.items():
        _bring(con, table, rows, keys=tag_keys(settings, read) if table == "charges" else ())
    for table in _results():
        con.execute(f"create table {table} ({_typed(table)})")
    steps.prepare(con, make_book(settings, read))
    months = con.execute("select distinct billing_period from charges order by all").fetchall()
    for (month,) in months:
        steps.split_period(con, month)
        steps.assert_balanced(con, month)
        for table in _results():
            kept = ", ".join(name(column) for column in TABLES[table].columns)
            con.execute(f"insert into memory.main.{table} by name select {kept} from temp.{table}")
            con.execute(f"drop table temp.{table}")
    return Allocated(
        con=con,
        **{table: con.table(f"memory.main.{table}") for table in _results()},
    )


def _results() -> list[str]:
    return [one.name for one in fields(Allocated) if one.name != "con"]


def _typed(table: str) -> str:
    return ", ".join(f"{name(column)} {kind}" for column, kind in TABLES[table].columns.items())


def _bring(
    con: "duckdb.DuckDBPyConnection", table: str, rows: Rows, *, keys: Iterable[str]
) -> None:
    """Lay a table out as the engine reads it: every column, typed, under its name."""
    import duckdb

    declared = TABLES[table].columns
    given = _view(con, rows)
    found = [row[0] for row in con.execute(f"describe {given}").fetchall()] if given else []
    unknown = [column for column in found if column not in declared]
    missing = [column for column in _NEEDED[table] if column not in found] if given else []
    if unknown or missing:
        raise CostLensError(
            f"{table} has no column {', '.join(unknown)}"
            if unknown
            else f"{table} lacks {', '.join(missing)}",
            hint=f"its columns are: {', '.join(declared)}",
        )
    texts = _DEFAULTS[table]
    if "Tags" in found and "x_tags" not in found:
        texts = {**texts, "x_tags": _tags(keys)}
    columns = ", ".join(
        "coalesce("
        + (f"cast(g.{name(column)} as {kind}), " if column in found else "")
        + f"cast({texts.get(column, 'null')} as {kind})) as {name(column)}"
        for column, kind in declared.items()
    )
    con.execute(f"create table {table} ({_typed(table)})")
    if given:
        try:
            con.execute(f"insert into {table} select {columns} from {given} as g")
        except duckdb.ConversionException as error:
            raise CostLensError(f"{table}: {str(error).splitlines()[0]}") from error


def _tags(keys: Iterable[str]) -> str:
    """Write x_tags: a JSON list of the tags that rules name, as "key=value" in lower case."""
    listed = ", ".join(literal(key) for key in keys)
    return (
        "to_json([lower(e.key || '=' || e.value) for e in "
        "map_entries(cast(g.Tags::json as map(varchar, varchar))) "
        f"if list_contains([{listed}]::varchar[], lower(e.key))])"
    )


def _view(con: "duckdb.DuckDBPyConnection", rows: Rows) -> str:
    """Name what can be selected from: Arrow as it is, mappings by way of JSON; "" for nothing."""
    if not isinstance(rows, Sequence):
        from arro3.core import Table  # comes with deltalake

        con.register("given", Table.from_arrow(rows))
        return "given"
    columns = list(dict.fromkeys(column for row in rows for column in row))
    if not columns:
        return ""
    con.execute(
        "create or replace temp table given_rows as "
        "select unnest(from_json($rows, $shape), recursive := true)",
        {
            "rows": json.dumps(rows, default=str),
            "shape": json.dumps([dict.fromkeys(columns, "VARCHAR")]),
        },
    )
    return "given_rows"
