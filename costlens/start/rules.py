"""Which charges are whose: rules on tags and ids that pick them beyond doubt, and the rest."""

import re
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from costlens.start.draft import Drafted, Endpoint, Rest, Rule, Thing
from costlens.start.names import NOBODY, as_name, core, folded, is_valid, unique
from costlens.start.owners import find_owners

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_FOLDER = Path(__file__).parent
_MOST = 30  # resources that are written down
_KEYS = {  # the kind of thing that a tag of this name tells, surest first
    "pipeline": ("pipeline", "pipeline_name", "dag", "dag_id", "workflow", "job", "job_name"),
    "feature": ("feature", "feature_view", "featureview", "feature_group", "feature_table"),
    "model": ("model", "model_name", "ml_model"),
    "": ("project", "app", "application", "service", "component", "workload", "name"),
}
_NAMED_BY_TAGS = ("feature", "model")  # their tags name things that no log does
_CENT = Decimal("0.01")
_ENDPOINT = re.compile(r"(?:^|[:/])(?:serving-|online|model-)?endpoints?/([^:/]+)$", re.IGNORECASE)
_HITS = "create or replace table hits (kind bigint, node varchar)"
Rows = list[tuple[Any, ...]]  # any: what DuckDB gives


def find_rules(con: "DuckDBPyConnection", drafted: Drafted) -> None:
    """Give things the rules that pick their charges; note what is left, and owners by tags."""
    _run(con, f"create or replace table kinds as {_sql('kinds')}")
    _run(con, f"create or replace table tag_values as {_sql('tag_values')}")
    _run(con, f"create or replace table found_ids as {_sql('found_ids')}")
    _run(con, _HITS)
    _add_resources(con, drafted)
    _add_endpoints(con, drafted)
    _add_tag_rules(con, drafted)
    _run(con, "insert into hits select distinct kind, 'run' from found_ids")
    find_owners(con, drafted)
    rows = _rows(con, _sql("unmatched"), currency=drafted.currency)
    drafted.rest = [_rest(row) for row in rows]
    total = "select sum(cost) from kinds where currency is not distinct from $currency"
    ((drafted.total,),) = _rows(con, total, currency=drafted.currency)


def _add_resources(con: "DuckDBPyConnection", drafted: Drafted) -> None:
    """Declare the billed ids that several runs name; an id of one run is matched by itself."""
    rows = _rows(con, _sql("found_resources"), currency=drafted.currency, most=_MOST)
    for id_, tries, pipelines, pipeline, resource_id, spellings, cost in rows:
        last = re.split(r"[:/]", resource_id)[-1]
        name = unique(as_name(last), {one.name for one in drafted.of("resource")})
        of = pipeline if pipelines == 1 else f"{pipelines} pipelines"
        pattern = _short(con, resource_id) if spellings == 1 else f"*{_plain(last)}"
        thing = Thing(kind="resource", name=name, raw=id_, note=f"{tries:,} tries of {of} name it")
        thing.rules = [Rule(value=pattern, cost=cost)]
        drafted.things.append(thing)
        _hit(con, thing.node, "select kind from found_ids where id = $id", id=id_)


def _add_endpoints(con: "DuckDBPyConnection", drafted: Drafted) -> None:
    """Give every endpoint in the bill to the model it is named for, else to one of its own."""
    rows = _rows(
        con,
        "select resource_id, sum(cost) filter (currency is not distinct from $currency) "
        "from kinds where contains(lower(resource_id), 'endpoint') "
        "and kind not in (select kind from hits) group by 1 order by 1",
        currency=drafted.currency,
    )
    counted: dict[str, str] = dict(
        _rows(
            con,
            "select target, min(source) from seen_activity where measure = 'requests' group by 1",
        )
    )
    for resource_id, cost in rows:
        found = _ENDPOINT.search(resource_id)
        if found is None:
            continue
        raw = found[1]
        model = _model_of(raw, drafted.of("model"))
        if model is None:
            model = Thing(kind="model", name=as_name(raw), raw=raw, note="an endpoint in the bill")
            drafted.things.append(model)
        name = unique(as_name(raw), {one.name for one in model.endpoints})
        rule = Rule(value=_short(con, resource_id), cost=cost)
        source = counted.get(f"endpoint:{raw}") or counted.get(model.node) or counted.get(model.raw)
        model.endpoints.append(Endpoint(name=name, rule=rule, requests=source or ""))
        sql = "select kind from kinds where lower(resource_id) = lower($id)"
        _hit(con, model.node, sql, id=resource_id)


def _model_of(endpoint: str, models: Sequence[Thing]) -> Thing | None:
    """Find the model an endpoint is named for: the longest name that it starts with."""
    word = folded(endpoint)
    fitting = [
        m
        for m in models
        if core(endpoint) == core(m.raw) or f"{word}_".startswith(f"{folded(m.raw)}_")
    ]
    fitting.sort(key=lambda m: len(m.raw), reverse=True)
    if len(fitting) > 1 and len(fitting[0].raw) == len(fitting[1].raw):
        return None
    return fitting[0] if fitting else None


def _add_tag_rules(con: "DuckDBPyConnection", drafted: Drafted) -> None:
    """Write a rule for each tag that names a thing, unless it claims what another one has."""
    things = [t for kind in ("pipeline", "feature", "model") for t in drafted.of(kind)]
    keys = [key for names in _KEYS.values() for key in names]
    rows = _rows(
        con,
        _sql("tag_rules"),
        keys=keys,
        words=sorted({word for t in things for word in (folded(t.raw), core(t.raw))}),
        says=[key for kind in _NAMED_BY_TAGS for key in _KEYS[kind]],
        currency=drafted.currency,
    )
    owners: dict[int, str] = {}
    for key, bare, value, word, kinds, cost in sorted(rows, key=lambda row: keys.index(row[1])):
        wanted = next(kind for kind, names in _KEYS.items() if bare in names)
        thing = _meant(word, [t for t in things if wanted in ("", t.kind)])
        named = wanted in _NAMED_BY_TAGS and is_valid(value) and word not in NOBODY
        if thing is None and named and abs(cost or 0) >= _CENT:
            thing = Thing(kind=wanted, name=value, raw=value, note=f"the tag {key} in the bill")
        if thing is None or re.search(r"[*?\[]", value):
            continue
        if any(owners.get(kind, thing.node) != thing.node for kind in kinds):
            continue
        if thing not in things:
            things.append(thing)
            drafted.things.append(thing)
        owners.update(dict.fromkeys(kinds, thing.node))
        thing.rules.append(Rule(key=key, value=value, cost=cost))
    for node in sorted(set(owners.values())):
        picked = [kind for kind, owner in owners.items() if owner == node]
        _hit(con, node, "select unnest($picked) as kind", picked=picked)


def _meant(word: str, things: Sequence[Thing]) -> Thing | None:
    """Find the one thing that a tag's value names: by its whole name, else without its ending."""
    for fold in (folded, core):
        fitting = [thing for thing in things if fold(thing.raw) == word]
        if fitting:
            return fitting[0] if len(fitting) == 1 else None
    return None


def _short(con: "DuckDBPyConnection", resource_id: str) -> str:
    """Write a pattern for one id: its last words if no other id ends in them."""
    tail = resource_id.rpartition(":")[2]
    if tail != resource_id and "/" in tail:
        sql = (
            "select count(distinct lower(resource_id)) from kinds "
            "where suffix(lower(resource_id), lower($tail))"
        )
        ((others,),) = _rows(con, sql, tail=f":{tail}")
        if others == 1:
            return f"*:{_plain(tail)}"
    return _plain(resource_id)


def _plain(text: str) -> str:
    """Write a text as a glob that fits it."""
    return re.sub(r"[*?\[\]]", "?", text)


def _rest(row: tuple[Any, ...]) -> Rest:  # any: what DuckDB gives
    service, cost, resources, count, tags = row
    return Rest(
        service=service,
        cost=cost or Decimal(0),
        resources=tuple((one["id"], one["cost"]) for one in resources or ()),
        more_resources=max(0, (count or 0) - len(resources or ())),
        tags=tuple((one["key"], one["value"], one["cost"]) for one in tags or ()),
    )


def _hit(con: "DuckDBPyConnection", node: str, kinds: str, **given: object) -> None:
    _run(con, f"insert into hits select kind, $node from ({kinds})", node=node, **given)


def _sql(name: str) -> str:
    return (_FOLDER / f"{name}.sql").read_text(encoding="utf-8")


def _rows(con: "DuckDBPyConnection", sql: str, **given: object) -> Rows:
    return con.cursor().execute(sql, given or None).fetchall()


def _run(con: "DuckDBPyConnection", sql: str, **given: object) -> None:
    con.cursor().execute(sql, given or None).fetchall()
