"""The JSON Schema of what a user writes, for editors: made from the definitions alone."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Literal, get_args

from costlens.config.keys import FORMS, Key, choices_of, key_inside, keys_of
from costlens.config.value import Value
from costlens.config.values import Catalogue, Settings

Schema = dict[str, Any]  # any: JSON

_TEXT: Schema = {"type": ["string", "number", "boolean"]}  # taken as it is spelled
_TOPS: dict[str, type[Value]] = {"settings": Settings, "catalogue": Catalogue}
_TITLES = {"settings": "costlens.yaml", "catalogue": "catalog/*.yaml"}


def schema(of: Literal["settings", "catalogue"] | None = None) -> Schema:
    """Make the schema of costlens.yaml (`settings`), of catalogue files, or of either.

    The definitions under `$defs` are the same in all three. The schema sees one file: names across
    files, patterns and sums are for `costlens check`.
    """
    definitions: dict[str, Schema] = {}
    for kind in _TOPS.values():
        _define(kind, definitions)
    tops = {name: {"$ref": f"#/$defs/{kind.__name__}"} for name, kind in _TOPS.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"CostLens {_TITLES[of]}" if of else "CostLens",
        **(tops[of] if of else {"anyOf": list(tops.values())}),
        "$defs": dict(sorted(definitions.items())),
    }


def _define(kind: type[Value], definitions: dict[str, Schema]) -> None:
    """Add a definition, and those that stand under it."""
    if kind.__name__ in definitions:
        return
    keys = keys_of(kind)
    made: Schema = {
        "type": "object",
        "description": (kind.__doc__ or "").strip().replace("`", ""),
        "properties": {name: _property(key) for name, key in keys.items()},
        "additionalProperties": False,
    }
    definitions[kind.__name__] = made
    required = [name for name, key in keys.items() if key.required]
    if required:
        made["required"] = required
    some = [{"required": [name]} for name, key in keys.items() if key.any_of]
    if some:
        made["anyOf"] = some
    if choices := choices_of(kind).values():
        made["oneOf"] = [_chosen(keys) for keys in choices]
    for key in keys.values():
        if key.kind:
            _define(key.kind, definitions)


def _chosen(keys: list[Key]) -> Schema:
    """Say that one of the keys of a choice is written; `false` is the same as left out."""
    ways: list[Schema] = []
    for key in keys:
        way: Schema = {"required": [key.name]}
        if key.wants is bool:
            way["properties"] = {key.name: {"const": True}}
        ways.append(way)
    return ways[0] if len(ways) == 1 else {"anyOf": ways}


def _property(key: Key) -> Schema:
    made: Schema = {"description": key.doc, **_shape(key)}
    if isinstance(key.default, bool | str | int) and key.default != "":
        made["default"] = key.default
    return made


def _shape(key: Key) -> Schema:
    """Say what may stand under a key."""
    if key.kind:
        ref = {"$ref": f"#/$defs/{key.kind.__name__}", **_only(key, key.kind)}
        whole = {"type": "array", "items": ref} if key.origin is tuple else ref
        return {"anyOf": [_shape(keys_of(key.kind)[key.short]), whole]} if key.short else whole
    if key.origin is tuple:
        return _texts({**_TEXT, "minLength": 1})
    if key.origin is Mapping:
        return {"type": "object", **_inside(key)}
    return _leaf(key)


def _only(key: Key, kind: type[Value]) -> Schema:
    closed = [
        inner.name
        for inner in keys_of(kind).values()
        if key.only and inner.choice and inner.name not in key.only
    ]
    return {"properties": dict.fromkeys(closed, False)} if closed else {}


def _inside(key: Key) -> Schema:
    inner = key_inside(key, "")
    if inner.wants is Any:
        return {}
    if inner.origin is tuple:
        return {"additionalProperties": _texts(_TEXT)}
    return {"additionalProperties": _leaf(inner)}


def _texts(text: Schema) -> Schema:
    return {"anyOf": [text, {"type": "array", "items": text, "minItems": 1}]}


def _leaf(key: Key) -> Schema:
    wants = key.wants
    if key.origin is Literal:
        return {"enum": list(get_args(wants))}
    if wants is bool:
        return {"type": "boolean"}
    if wants is date:
        return {"type": "string", "format": "date"}
    if wants is int or wants is Decimal:
        bounds = {"minimum": key.least, "exclusiveMinimum": key.above, "maximum": key.most}
        kept = {name: bound for name, bound in bounds.items() if bound is not None}
        return {"type": "integer" if wants is int else "number", **kept}
    made = {**_TEXT, "minLength": 1}
    if key.form:
        made["pattern"] = f"^{FORMS[key.form].pattern}$"
    return made
