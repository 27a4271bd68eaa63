"""Many worlds side by side in one: a split of hundreds costs little more than the split of one.

Every name in a world gets its number, and every rule the account of that number; so the worlds have
nothing in common, each source names its world, and the reference works them out one by one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any

from worlds import RAW, Row, World, charge

from costlens.config.values import Allocation, Catalogue, Selector

# Columns and fields that hold a name, by itself or after its kind.
_NAMES = {"source", "name", "pipeline", "run", "from_node", "to_node", "consumer", "target"}
_NAMES |= {"feature", "model", "product", "stage"}
_IDS = {"ResourceId", "AllocatedResourceId", "resource_id"}
_KINDS = {"pipeline", "stage", "feature", "model", "product"}
# All days of all worlds: what lasts until the end of a bill lasts as long in each.
_DAYS = {"ChargePeriodStart": "2026-05-01", "ChargePeriodEnd": "2026-05-09"}


def number(seed: int) -> str:
    """Write the number that stands before each name of a world; none begins like another."""
    return f"w{seed:08}"


def apart(world: World, mark: str, allocation: Allocation | None = None) -> World:
    """Put a mark before every name of a world."""
    pin = charge(0, 0, source="bill", ServiceName="pin", **_DAYS)
    tables = {table: tuple(_row(row, mark) for row in getattr(world, table)) for table in RAW}
    tables["charges"] += (_row(pin, mark),)
    return World(
        **tables,
        catalogue=_thing(world.catalogue, mark),
        sources=tuple(_thing(source, mark) for source in world.sources),
        allocation=allocation or world.allocation,
    )


def together(worlds: Sequence[World]) -> World:
    """Put worlds that are apart, under one allocation, into one."""
    (allocation,) = {world.allocation for world in worlds}
    kinds = [field.name for field in fields(Catalogue)]
    return World(
        **{table: _all(getattr(world, table) for world in worlds) for table in RAW},
        catalogue=Catalogue(
            **{
                kind: _all(getattr(world.catalogue, kind) for world in worlds)
                for kind in kinds
                if isinstance(getattr(worlds[0].catalogue, kind), tuple)
            }
        ),
        sources=_all(world.sources for world in worlds),
        allocation=allocation,
    )


def _all(parts: Iterable[tuple[Any, ...]]) -> tuple[Any, ...]:
    return tuple(one for part in parts for one in part)


def _row(row: Row, mark: str) -> Row:
    found = dict(row)
    if "BilledCost" in row:
        found["BillingAccountId"] = mark
    for column, value in row.items():
        if value is None:
            continue
        if column in _NAMES:
            found[column] = _named(value, mark)
        elif column in _IDS:
            found[column] = mark + value
        elif column == "parent":
            first, *rest = value.split("/")
            found[column] = "/".join([mark + first, *(mark + run for run in rest[:1]), *rest[1:]])
    return found


def _named(text: str, mark: str) -> str:
    kind, _, name = text.partition(":")
    return f"{kind}:{mark}{name}" if kind in _KINDS and name else mark + text


def _thing(thing: Any, mark: str) -> Any:  # noqa: ANN401 -- a value of the catalogue, of any class
    changed: dict[str, Any] = {}
    for field in fields(thing):
        value = getattr(thing, field.name)
        if isinstance(value, tuple) and value and is_dataclass(value[0]):
            changed[field.name] = tuple(_thing(one, mark) for one in value)
        elif field.name in _IDS:
            changed[field.name] = tuple(mark + pattern for pattern in value)
        elif field.name in _NAMES and isinstance(value, str):
            changed[field.name] = mark + value
    if isinstance(thing, Selector):
        changed["account"] = (mark,)
    return replace(thing, **changed)
