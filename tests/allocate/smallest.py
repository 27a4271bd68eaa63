"""Find a small world in which something still fails, by leaving out one thing after another."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from worlds import RAW, World

_THINGS = ("resources", "pipelines", "stages", "features", "models", "products")
_PARTS = ("feeds", "uses", "billed_by", "endpoints", "runs", "produces")


def smallest(world: World, fails: Callable[[World], bool], tries: int = 200) -> World:
    """Shrink a failing world until nothing more can be left out, or for `tries` at most."""
    again = True
    while again:
        again = False
        for less in _smaller(world):
            tries -= 1
            if tries < 0:
                return world
            if fails(less):
                world, again = less, True
                break
    return world


def _without_one(values: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    for i in range(len(values)):
        yield values[:i] + values[i + 1 :]


def _smaller(world: World) -> Iterator[World]:
    for table in RAW:
        for rows in _without_one(getattr(world, table)):
            yield replace(world, **{table: rows})
    catalogue = world.catalogue
    for kind in _THINGS:
        things = getattr(catalogue, kind)
        for fewer in _without_one(things):
            yield replace(world, catalogue=replace(catalogue, **{kind: fewer}))
        for i, thing in enumerate(things):
            for part in _PARTS:
                for fewer in _without_one(getattr(thing, part, None) or ()):
                    changed = (*things[:i], replace(thing, **{part: fewer}), *things[i + 1 :])
                    yield replace(world, catalogue=replace(catalogue, **{kind: changed}))
