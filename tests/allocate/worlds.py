"""A small world, and the engine run on it: bills, run logs and a catalogue, without a lake."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import duckdb

from costlens.allocate import steps
from costlens.allocate.book import Book, make_book
from costlens.config.values import Allocation, Catalogue, Rule, Settings, Source
from costlens.lake.tables import TABLES

PERIOD = "2026-05"
LEVELS = ("feature", "model", "product")
RAW = ("charges", "attempts", "outputs", "activity", "links")
BUILT = ("matches", "use_weights", "placements", "stage_costs", "shares", "ledger")
Row = dict[str, Any]
Cell = object  # what a column takes
Con = duckdb.DuckDBPyConnection


@dataclass(frozen=True, kw_only=True)
class World:
    """What the engine is given."""

    charges: tuple[Row, ...] = ()
    attempts: tuple[Row, ...] = ()
    outputs: tuple[Row, ...] = ()
    activity: tuple[Row, ...] = ()
    links: tuple[Row, ...] = ()
    catalogue: Catalogue = field(default_factory=Catalogue)
    allocation: Allocation = field(default_factory=Allocation)
    sources: tuple[Source, ...] = ()

    @property
    def settings(self) -> Settings:
        return Settings(version=1, sources=self.sources, allocation=self.allocation)

    @property
    def book(self) -> Book:
        return make_book(self.settings, self.catalogue)


def charge(line: int, cost: Cell, **more: Cell) -> Row:
    """Write a billing line; `cost` is both bases, else `billed` and `effective` say so."""
    row: Row = {
        "source": "bill",
        "billing_period": PERIOD,
        "x_load": "l",
        "x_line": line,
        "x_class": "work",
        "BilledCost": more.pop("billed", cost),
        "EffectiveCost": more.pop("effective", cost),
        "BillingCurrency": "USD",
        "ChargePeriodStart": "2026-05-01 00:00:00",
        "ChargePeriodEnd": "2026-05-02 00:00:00",
        "ServiceName": "S",
        "ChargeCategory": "Usage",
    }
    return row | more


def attempt(line: int, pipeline: str, run: str, start: str, stop: str | None, **more: Cell) -> Row:
    """Write one try of one part of a run."""
    row: Row = {
        "source": "runs",
        "month": PERIOD,
        "x_load": "l",
        "x_line": line,
        "pipeline": pipeline,
        "run": run,
        "part": "run",
        "try": 1,
        "state": "succeeded",
        "start": start,
        "stop": stop,
    }
    return row | more


def output(pipeline: str, run: str, target: str, **more: Cell) -> Row:
    """Write what a part of a run made."""
    row: Row = {
        "source": "runs",
        "month": PERIOD,
        "x_load": "l",
        "x_line": 1,
        "pipeline": pipeline,
        "run": run,
        "part": "run",
        "target": target,
        "measure": "made",
        "quantity": 1,
    }
    return row | more


def took(consumer: str | None, target: str, quantity: Cell, **more: Cell) -> Row:
    """Write what one consumer took of one thing."""
    row: Row = {
        "source": "usage",
        "month": PERIOD,
        "x_load": "l",
        "x_line": 1,
        "consumer": consumer,
        "target": target,
        "hour": "2026-05-01 00:00:00",
        "measure": "reads",
        "quantity": quantity,
    }
    return row | more


def link(feature: str, model: str, version: str, seen: str, **more: Cell) -> Row:
    """Write that a version of a model was seen trained on a feature."""
    row: Row = {
        "source": "runs",
        "month": PERIOD,
        "x_load": "l",
        "x_line": 1,
        "from_node": f"feature:{feature}",
        "to_node": f"model:{model}",
        "kind": "uses",
        "version": version,
        "seen": seen,
        "seen_as": "feast.feature_refs",
    }
    return row | more


def by_id(*ids: str, **more: Cell) -> tuple[Rule, ...]:
    """Write a `billed_by` of one rule on resource ids."""
    return (Rule(resource_id=ids, place=f"c.yaml:{'+'.join(ids)}", **more),)


def open_engine(threads: int = 2) -> Con:
    con = duckdb.connect()
    con.execute("set TimeZone = 'UTC'")
    con.execute(f"set threads = {threads}")
    return con


def _fill(con: Con, table: str, rows: tuple[Row, ...]) -> None:
    columns = TABLES[table].columns
    con.execute(f"create or replace table {table} ({_columns(columns)})")
    if rows:
        con.execute(
            f"insert into {table} select unnest(from_json($rows, $shape), recursive := true)",
            {"rows": json.dumps(rows, default=str), "shape": json.dumps([columns])},
        )


def _columns(columns: dict[str, str]) -> str:
    return ", ".join(f'"{name}" {kind}' for name, kind in columns.items())


def load(con: Con, world: World) -> None:
    for table in RAW:
        _fill(con, table, getattr(world, table))


def run(con: Con, world: World, period: str = PERIOD) -> Con:
    """Split a world's bill; the results are temporary tables on the connection."""
    load(con, world)
    steps.prepare(con, world.book)
    steps.split_period(con, period)
    return con


def publish(con: Con) -> None:
    """Keep the results as a build's tables, the way a lake opens them."""
    for table in BUILT:
        columns = TABLES[table].columns
        con.execute(f"create or replace table memory.main.{table} ({_columns(columns)})")
        con.execute(f"insert into memory.main.{table} by name select * from temp.{table}")
        con.execute(f"drop table temp.{table}")


def rows(con: Con, query: str) -> list[tuple[Any, ...]]:
    return con.execute(query).fetchall()


def ledger(con: Con) -> list[tuple[Any, ...]]:
    """Read the ledger without the names that only this run knows, in one order."""
    return rows(
        con,
        "select day, source, level, target, service, class, grade, currency, step, "
        "sum(billed), sum(effective) from ledger group by all order by all",
    )


def by_target(con: Con, level: str, basis: str = "effective") -> dict[str, Decimal]:
    return dict(
        con.execute(
            f"select target, sum({basis}) from ledger where level = ? group by all", [level]
        ).fetchall()
    )


def moment(text: str | datetime) -> datetime:
    return text if isinstance(text, datetime) else datetime.fromisoformat(text)


def shuffled(world: World, order: Callable[[tuple[Row, ...]], Iterable[Row]]) -> World:
    """Put a world's rows in another order; names and line numbers stay."""
    return replace(world, **{name: tuple(order(getattr(world, name))) for name in RAW})
