"""The book of a build: the catalogue and the policies as plain rows, the way the steps read them.

The book is stored with the build, so that a published number is explained by the rules that made
it and not by what the files say today.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from costlens.allocate.shapes import COLUMNS
from costlens.config.dated import Edge, Owner, Weight
from costlens.config.values import (
    Capacity,
    Catalogue,
    Pipeline,
    Produce,
    Rule,
    Selector,
    Settings,
    Target,
)

if TYPE_CHECKING:
    import duckdb

Row = dict[str, Any]  # a JSON object: text, whole numbers, null
Book = dict[str, list[Row]]  # table → rows

_TAG = "tag:"
_UNITS = {"vcpu": 9, "memory_gb": 1, "gpu": 90}  # what one weighs in a machine of several
_DIMS = ("account", "service", "region", "resource_id", "usage_type", "category")


def make_book(settings: Settings, catalogue: Catalogue) -> Book:
    """Write a catalogue and its policies down as rows."""
    rules, terms = _rules(settings, catalogue)
    return {
        "rules": rules,
        "rule_terms": terms,
        "things": list(_things(catalogue)),
        "owners": list(_owners(catalogue)),
        "weights": list(_weights(catalogue)),
        "edges": list(_edges(catalogue)),
        "cascade_order": list(_cascade_order(settings, catalogue)),
        "column_sizes": [
            {"node": f"stage:{stage.name}", "of_column": column, "size": _text(size)}
            for stage in catalogue.stages
            for column, size in stage.columns.items()
        ],
        "resources": list(_resources(catalogue)),
        "runs_on": list(_runs_on(catalogue)),
        "run_matches": list(_run_matches(catalogue)),
        "produces": list(_produces(catalogue)),
        "policies": [
            {"name": f.name, "value": str(getattr(settings.allocation, f.name))}
            for f in fields(settings.allocation)
            if f.name not in ("place", "cascade_order")
        ],
    }


def tag_keys(settings: Settings, catalogue: Catalogue) -> frozenset[str]:
    """List the tag keys that any rule names, case folded."""
    selectors: list[Selector] = [rule for _, rule in _billed_by(catalogue)]
    selectors += [exclusion for source in settings.sources for exclusion in source.exclude]
    return frozenset(key.lower() for selector in selectors for key in selector.tags)


def tag_keys_of(book: Book) -> Iterator[str]:
    """List the tag keys that the rules of a book name."""
    for term in book["rule_terms"]:
        if term["dim"].startswith(_TAG):
            yield term["dim"].removeprefix(_TAG)


def open_book(con: "duckdb.DuckDBPyConnection", book: Book) -> None:
    """Lay the rows of a book out as temporary tables."""
    for name, columns in COLUMNS.items():
        shape = json.dumps([columns])
        con.execute(
            f"create or replace temp table {name} as select unnest(from_json($rows, $shape), "
            "recursive := true)",
            # A book of long ago lacks the tables that came later.
            {"rows": json.dumps(book.get(name, [])), "shape": shape},
        )


def _text(value: Decimal | date | None) -> str | None:
    return None if value is None else format(value, "f" if isinstance(value, Decimal) else "")


def _after(day: date | None) -> str | None:
    return None if day is None else _text(day + timedelta(days=1))


def _terms(rule_id: int, selector: Selector) -> list[Row]:
    named = {dim: getattr(selector, dim) for dim in _DIMS}
    named |= {f"{_TAG}{key.lower()}": values for key, values in selector.tags.items()}
    return [
        {"rule_id": rule_id, "dim": dim, "pattern": pattern.lower()}
        for dim, patterns in named.items()
        for pattern in patterns
    ]


def _tier(selector: Selector) -> int:
    if selector.resource_id:
        return 2
    return 3 if selector.tags else 4


def _rules(settings: Settings, catalogue: Catalogue) -> tuple[list[Row], list[Row]]:
    rules: list[Row] = []
    terms: list[Row] = []

    def add(owner: str, selector: Selector, **more: Any) -> None:  # noqa: ANN401 -- columns of a row
        rule_id = len(rules) + 1
        own = _terms(rule_id, selector)
        row: Row = {
            "source": None,
            "priority": 0,
            "valid_from": None,
            "valid_to": None,
            "reason": None,
        }
        row |= {"rule_id": rule_id, "owner": owner, "tier": _tier(selector)}
        row |= {"dims": len({term["dim"] for term in own}), "read_from": selector.place}
        rules.append(row | more)
        terms.extend(own)

    for source in settings.sources:
        for exclusion in source.exclude:
            add("(excluded)", exclusion, source=source.name, tier=0, reason=exclusion.reason)
    for owner, rule in _billed_by(catalogue):
        add(owner, rule, priority=rule.priority, **_days(rule))
    return rules, terms


def _billed_by(catalogue: Catalogue) -> Iterator[tuple[str, Rule]]:
    for kind, things in _named(catalogue):
        for thing in things:
            for rule in getattr(thing, "billed_by", ()):
                yield f"{kind}:{thing.name}", rule
    for model in catalogue.models:
        for endpoint in model.endpoints:
            for rule in endpoint.billed_by:
                yield f"endpoint:{model.name}/{endpoint.name}", rule


def _named(catalogue: Catalogue) -> list[tuple[str, Sequence[Any]]]:  # things of several classes
    return [
        ("team", catalogue.teams),
        ("resource", catalogue.resources),
        ("pipeline", catalogue.pipelines),
        ("stage", catalogue.stages),
        ("feature", catalogue.features),
        ("model", catalogue.models),
        ("product", catalogue.products),
    ]


def _targets(catalogue: Catalogue) -> list[tuple[str, Sequence[Target]]]:
    return [
        ("feature", catalogue.features),
        ("model", catalogue.models),
        ("product", catalogue.products),
    ]


def _things(catalogue: Catalogue) -> Iterator[Row]:
    more = ("pipeline", "type", "cost_centre", "split")
    for kind, things in _named(catalogue):
        for thing in things:
            yield {
                "node": f"{kind}:{thing.name}",
                "kind": kind,
                "name": thing.name,
                "read_from": thing.place,
                **{key: getattr(thing, key, None) for key in more},
            }
    for model in catalogue.models:
        for endpoint in model.endpoints:
            yield {
                "node": f"endpoint:{model.name}/{endpoint.name}",
                "kind": "endpoint",
                "name": f"{model.name}/{endpoint.name}",
                "read_from": endpoint.place,
            }


def _days(dated: Rule | Edge | Owner | Weight) -> Row:
    """Write a validity half open: from the first day, to the day after the last."""
    return {"valid_from": _text(dated.valid_from), "valid_to": _after(dated.valid_until)}


def _owners(catalogue: Catalogue) -> Iterator[Row]:
    for kind, things in _named(catalogue):
        for thing in things:
            for one in getattr(thing, "owner", ()):
                yield {"node": f"{kind}:{thing.name}", "owner": one.team, **_days(one)}
    for model in catalogue.models:
        for endpoint in model.endpoints:
            for one in model.owner:
                node = f"endpoint:{model.name}/{endpoint.name}"
                yield {"node": node, "owner": one.team, **_days(one)}


def _weights(catalogue: Catalogue) -> Iterator[Row]:
    for kind, things in _targets(catalogue):
        for thing in things:
            for one in thing.weight:
                node = f"{kind}:{thing.name}"
                yield {"node": node, "weight": _text(one.weight), **_days(one)}


def _other_end(edge: Edge) -> str:
    kinds = ("stage", "pipeline", "feature", "model", "product")
    return next(f"{kind}:{getattr(edge, kind)}" for kind in kinds if getattr(edge, kind))


def _edge_row(from_node: str, to_node: str, kind: str, edge: Edge) -> Row:
    return {
        "from_node": from_node,
        "to_node": to_node,
        "kind": kind,
        "weight": _text(edge.weight),
        "reads": _text(edge.reads),
        "size": _text(edge.size),
        "columns": json.dumps(edge.columns) if edge.columns else None,
        "read_from": edge.place,
        **_days(edge),
    }


def _edges(catalogue: Catalogue) -> Iterator[Row]:
    for stage in catalogue.stages:
        for edge in stage.feeds:
            yield _edge_row(f"stage:{stage.name}", _other_end(edge), "feeds", edge)
    for kind, things in _targets(catalogue):
        for thing in things:
            for edge in thing.uses:
                yield _edge_row(_other_end(edge), f"{kind}:{thing.name}", "uses", edge)
    for model in catalogue.models:
        for endpoint in model.endpoints:
            yield {
                "from_node": f"endpoint:{model.name}/{endpoint.name}",
                "to_node": f"model:{model.name}",
                "kind": "feeds",
                "read_from": endpoint.place,
            }


def _cascade_order(settings: Settings, catalogue: Catalogue) -> Iterator[Row]:
    """List the stages that step down, in their order; those that it does not name come last."""
    if settings.allocation.cascade != "step_down":
        return
    others = sorted(stage.name for stage in catalogue.stages if stage.split == "use")
    for step, name in enumerate(dict.fromkeys((*settings.allocation.cascade_order, *others)), 1):
        yield {"node": f"stage:{name}", "step": step}


def _size(capacity: Capacity | None) -> tuple[str | None, Decimal | None]:
    """Turn a capacity into its unit and amount; mixed machines weigh 9 vCPU + GB + 90 GPU."""
    if capacity is None:
        return None, None
    if capacity.slots is not None:
        return "slots", capacity.slots
    if capacity.machines is not None:
        return "machines", capacity.machines
    return "weighted", sum(_units(capacity).values(), Decimal(0))


def _units(capacity: Capacity | None) -> dict[str, Decimal]:
    """Weigh what a capacity has of each unit; of one in slots or machines that is not known."""
    held = {unit: getattr(capacity, unit, None) for unit in _UNITS}
    return {unit: _UNITS[unit] * amount for unit, amount in held.items() if amount}


def _resources(catalogue: Catalogue) -> Iterator[Row]:
    alone = [pipeline for pipeline in catalogue.pipelines if _is_resource(pipeline)]
    for kind, things in (("resource", catalogue.resources), ("pipeline", alone)):
        for thing in things:
            unit, capacity = _size(thing.capacity)
            machine_unit, machine = _size(thing.machine)
            yield {
                "node": f"{kind}:{thing.name}",
                "unit": unit or machine_unit,
                "capacity": _text(capacity),
                "machine": _text(machine),
                "capacity_of": {unit: _text(w) for unit, w in _units(thing.capacity).items()},
                "machine_of": {unit: _text(w) for unit, w in _units(thing.machine).items()},
                "practical": _text(thing.practical),
                "overlap": thing.overlap,
            }


def _is_resource(pipeline: Pipeline) -> bool:
    """Say whether a pipeline's own charges are one: its runs share them, or a rule names ids."""
    is_shared = pipeline.capacity is not None or pipeline.overlap is not None
    return is_shared or any(rule.resource_id for rule in pipeline.billed_by)


def _runs_on(catalogue: Catalogue) -> Iterator[Row]:
    for resource in catalogue.resources:
        for on in resource.runs:
            yield {"node": f"resource:{resource.name}", "pipeline": on.pipeline, "part": on.part}
    for pipeline in catalogue.pipelines:
        if _is_resource(pipeline):
            yield {"node": f"pipeline:{pipeline.name}", "pipeline": pipeline.name}


def _run_matches(catalogue: Catalogue) -> Iterator[Row]:
    for position, pipeline in enumerate(catalogue.pipelines):
        source = pipeline.runs.source if pipeline.runs else None
        match: Mapping[str, Sequence[str]] = pipeline.runs.match if pipeline.runs else {}
        if not match:
            match = {} if source else {"pipeline": (pipeline.name,)}
        rows: list[tuple[str | None, str | None]]
        rows = [(key, pattern) for key, patterns in match.items() for pattern in patterns]
        for key, pattern in rows or [(None, None)]:
            yield {
                "node": f"pipeline:{pipeline.name}",
                "position": position,
                "source": source,
                "key": key,
                "pattern": pattern,
                "keys": len(match),
            }


def _produces(catalogue: Catalogue) -> Iterator[Row]:
    for pipeline in catalogue.pipelines:
        for position, produce in enumerate(pipeline.produces):
            yield {
                "node": f"pipeline:{pipeline.name}",
                "position": position,
                "part": produce.part,
                "target": _rewrite(produce),
                "shared": produce.shared,
            }


def _rewrite(produce: Produce) -> str | None:
    r"""Turn `{view}` into the number of its group, as `regexp_replace` wants it: `\1`."""
    template = f"feature:{produce.feature}" if produce.feature else f"model:{produce.model}"
    if produce.shared:
        return None
    groups = _group_numbers(produce.part)
    plain = template.replace("\\", "\\\\")
    return re.sub(r"\{(\w+)\}", lambda found: f"\\{groups[found[1]]}", plain)


def _group_numbers(pattern: str) -> dict[str, int]:
    """Find the numbers of a pattern's named groups, in RE2, of which `re` does not read all."""
    outside_sets = re.sub(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", "", pattern)
    opened = re.findall(r"\((?:\?(?:P?<(\w+)>|([^<P])))?", outside_sets)
    captures = [name for name, flag in opened if not flag]
    return {name: number for number, name in enumerate(captures, start=1) if name}
