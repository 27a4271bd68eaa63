"""The pipelines, features and models that run logs and activity name."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from costlens.start.draft import Drafted, Made, Thing
from costlens.start.names import as_name, is_valid, unique
from costlens.start.produces import model_of, read_parts

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Rows = list[tuple[Any, ...]]  # any: what DuckDB gives

_PIPELINES = (
    "select pipeline, list(distinct source order by source), sum(lines)::bigint, "
    "list(distinct part order by part) from seen_attempts group by pipeline order by pipeline"
)
_OUTPUTS = (
    "select distinct pipeline, part, target from seen_outputs "
    "where target not like 'table:%' order by all"
)
_NAMED = """
select source, node from (
    select source, target as node from seen_outputs
    union select source, target from seen_activity
    union select source, consumer from seen_activity
    union select source, to_node from seen_links
    union select source, from_node from seen_links where starts_with(seen_as, 'feast')
)
where starts_with(node, 'feature:') or starts_with(node, 'model:')
order by node, source
"""


def find_things(con: "DuckDBPyConnection", drafted: Drafted) -> None:
    """Add every pipeline, feature and model that the logs name, and what pipelines make."""
    for source, node in _rows(con, _NAMED):
        kind, _, name = node.partition(":")
        if is_valid(name) and all(name != thing.name for thing in drafted.of(kind)):
            note = f"in {source}"
            drafted.things.append(Thing(kind=kind, name=name, raw=name, note=note))
    outputs = _rows(con, _OUTPUTS)
    for pipeline, sources, tries, parts in _rows(con, _PIPELINES):
        _add_pipeline(drafted, pipeline, sources, tries=tries, parts=parts, outputs=outputs)
    _name_makers(drafted, outputs)


def _add_pipeline(
    drafted: Drafted,
    raw: str,
    sources: Sequence[str],
    *,
    tries: int,
    parts: Sequence[str],
    outputs: Rows,
) -> None:
    taken = {thing.name for thing in drafted.of("pipeline")}
    name = unique(as_name(raw, default="pipeline"), taken)
    thing = Thing(kind="pipeline", name=name, raw=raw)
    thing.note = f"{tries:,} tries in {', '.join(sources)}"
    features = {one.name for one in drafted.of("feature")}
    told = {part for pipeline, part, _ in outputs if pipeline == raw}
    makes_features = any(p == raw and t.startswith("feature:") for p, _, t in outputs)
    thing.produces, found, rest = read_parts(
        parts, told=told if makes_features else (), features=features
    )
    for feature in dict.fromkeys(found):
        if feature not in features:
            drafted.things.append(
                Thing(kind="feature", name=feature, raw=feature, note=f"a part of {name}")
            )
    for one in drafted.of("feature"):
        if one.name in found:
            one.pipeline = name if one.pipeline in ("", name) else "(several)"
    model = model_of(raw, [one.name for one in drafted.of("model")])
    if not thing.produces and not told and model:
        made = Made(part=".*", kind="model", target=model, note="by its name: is it so?")
        thing.produces = [made]
    elif not thing.produces and not told:
        thing.unclear = rest
    drafted.things.append(thing)


def _name_makers(drafted: Drafted, outputs: Rows) -> None:
    """Name the pipeline of each feature that only one makes."""
    names = {thing.raw: thing.name for thing in drafted.of("pipeline")}
    for feature in drafted.of("feature"):
        told = {names[p] for p, _, target in outputs if target == feature.node and p in names}
        makers = told | ({feature.pipeline} if feature.pipeline else set())
        feature.pipeline = makers.pop() if len(makers) == 1 else ""
        if feature.pipeline == "(several)":
            feature.pipeline = ""


def _rows(con: "DuckDBPyConnection", sql: str, **given: object) -> Rows:
    return con.cursor().execute(sql, given or None).fetchall()
