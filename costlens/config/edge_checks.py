"""Checks of what things feed and use, and of what holds for some days only."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import TypeVar

from costlens.config.dated import Edge, Owner, Weight
from costlens.config.keys import keys_of
from costlens.config.notes import listed
from costlens.config.value import Value, mistake
from costlens.config.values import Allocation, Catalogue, Stage
from costlens.errors import Finding

D = TypeVar("D", Edge, Owner | Weight)


def once_a_day(value: Value) -> Iterator[Finding]:
    """Name a thing once a list, unless on different days."""
    for key in keys_of(type(value)).values():
        if key.kind is not Edge:
            continue
        seen: dict[tuple[str | None, ...], list[Edge]] = {}
        for edge in getattr(value, key.field):
            thing = (edge.stage, edge.pipeline, edge.feature, edge.model, edge.product)
            earlier = seen.setdefault(thing, [])
            if other := _at_once(edge, earlier):
                name = next(filter(None, thing), "")
                yield mistake(
                    edge,
                    f'"{name}" stands twice under "{key.name}", here and at {other.place}',
                    'keep one, or give them different days with "from" and "until"',
                )
            earlier.append(edge)


def one_at_a_time(value: Value) -> Iterator[Finding]:
    """Let a thing have one owner and one weight a day."""
    for key in keys_of(type(value)).values():
        if key.kind not in (Owner, Weight):
            continue
        earlier: list[Owner | Weight] = []
        for one in getattr(value, key.field):
            if other := _at_once(one, earlier):
                yield mistake(
                    one,
                    f'"{key.name}" says two things of one day, here and at {other.place}',
                    'give them different days with "from" and "until"; "until" is the last day',
                )
            earlier.append(one)


def _at_once(dated: D, others: Sequence[D]) -> D | None:
    """Find one that holds on a day on which this holds too."""
    first, last = _days(dated)
    return next((o for o in others if first <= _days(o)[1] and _days(o)[0] <= last), None)


def _days(dated: Edge | Owner | Weight) -> tuple[date, date]:
    return dated.valid_from or date.min, dated.valid_until or date.max


def weights_of_all(value: Value) -> Iterator[Finding]:
    """Take weights of all consumers of a stage that hands on by use, or of none."""
    assert isinstance(value, Stage)
    if value.split != "use" or all(edge.weight is None for edge in value.feeds):
        return
    for edge in value.feeds:
        if edge.weight is None:
            yield mistake(
                edge,
                f'stage "{value.name}" hands on by use, and this consumer has no weight',
                'write its "weight", or take all weights out where consumption is measured',
            )


def slices_of_all(value: Value) -> Iterator[Finding]:
    """Take sizes or columns of all that a stage feeds, or of none."""
    assert isinstance(value, Stage)
    sized = [edge for edge in value.feeds if edge.size is not None or edge.columns]
    if sized and value.split == "use":
        yield mistake(
            sized[0],
            f'stage "{value.name}" hands on by use, so "size" and "columns" mean nothing',
            'write "weight", or take "split" out',
        )
    for edge in value.feeds if sized else ():
        if (edge.size is None, not edge.columns) != (sized[0].size is None, not sized[0].columns):
            yield mistake(
                edge,
                f'stage "{value.name}" is needed in slices, and this says it in another way than '
                f"{sized[0].place}",
                'write "size" for all that it feeds, or "columns" for all',
            )
        elif edge.size is not None and edge.columns:
            yield mistake(edge, '"size" and "columns" exclude each other', "keep one of the two")
        for column in edge.columns if value.columns else ():
            if column not in value.columns:
                yield mistake(
                    edge,
                    f'stage "{value.name}" has no column "{column}"',
                    f"its columns: {listed(list(value.columns))}",
                )
    if value.columns and not any(edge.columns for edge in value.feeds):
        yield mistake(
            value,
            f'nothing needs a column of stage "{value.name}"',
            'write "columns" for what it feeds, or take them out here',
        )


def unsliced(value: Value) -> Iterator[Finding]:
    """Take sizes and columns only where a stage says what it feeds."""
    for edge in getattr(value, "uses", ()):
        if edge.size is not None or edge.columns:
            yield mistake(
                edge,
                '"size" and "columns" mean nothing here',
                'write them under "feeds" of a stage',
            )


def order_of_stages(allocation: Allocation, catalogue: Catalogue) -> Iterator[Finding]:
    """Take an order of all stages that are split by use where they step down, and none else."""
    order, named = allocation.cascade_order, [s.name for s in catalogue.stages]
    by_use = [stage.name for stage in catalogue.stages if stage.split == "use"]
    if allocation.cascade != "step_down":
        if order:
            yield mistake(
                allocation,
                '"cascade_order" means nothing where stages are solved exactly',
                "write cascade: step_down, or take the order out",
            )
        return
    if missing := [name for name in by_use if name not in order]:
        yield mistake(
            allocation,
            f'"cascade_order" leaves out {listed(missing)}',
            f"write all stages that are split by use: {listed(by_use)}",
        )
    for name in dict.fromkeys(order):
        if name in named and name not in by_use:
            yield mistake(
                allocation,
                f'"cascade_order" names "{name}", which is not split by use',
                "take it out, or write split: use where it stands",
            )
        if order.count(name) > 1:
            yield mistake(
                allocation, f'"cascade_order" names "{name}" twice', "keep one of the two"
            )
