"""Read nodes into the frozen values of `values.py`, by their type hints and metadata alone.

Nothing stops at the first mistake: what cannot be read becomes a finding and `BAD`, and its
neighbours are read on. A value that holds `BAD` is not made.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from costlens.config.checks import check
from costlens.config.keys import Key, key_inside, keys_of
from costlens.config.leaves import BAD, leaf, wrong
from costlens.config.marks import Leaf, List, Map, Node
from costlens.config.notes import Mention, Notes, did_you_mean, listed
from costlens.config.value import Value

V = TypeVar("V", bound=Value)


def read(node: Map, kind: type[V], notes: Notes, *, only: Collection[str] = ()) -> V | None:
    """Read a mapping into a value of a definition; None where it cannot be made."""
    keys = keys_of(kind)
    got: dict[str, object] = {}
    for written, (place, child) in node.entries.items():
        name = written if written in keys else _unknown(written, place, node, keys, notes)
        if name is not None:
            key = keys[name]
            got[key.field] = _under(child, key, notes)
    for key in keys.values():
        if key.required and key.field not in got:
            got[key.field] = BAD
            notes.add(
                f'"{key.name}" is missing',
                where=node.place,
                hint=f'add "{key.name}": {key.doc}',
                code="missing_key",
            )
    if BAD in got.values():
        return None
    made = kind(place=node.place, **got)
    notes.findings.extend(check(made, only))
    return made


def _unknown(
    written: str, place: str, node: Map, keys: Mapping[str, Key], notes: Notes
) -> str | None:
    """Note an unknown key, and find the one that was meant, so that it is not missing as well."""
    free = [name for name in keys if name not in node.entries]
    meant = did_you_mean(written, free) or did_you_mean(written, keys)
    hint = f'did you mean "{meant}"?' if meant else f"known keys: {listed(list(keys))}"
    notes.add(f'unknown key "{written}"', where=place, hint=hint, code="unknown_key")
    return meant if meant in free else None


def _under(node: Node, key: Key, notes: Notes) -> object:
    """Read what stands under a key."""
    if isinstance(node, Leaf) and node.value is None:
        notes.add(
            f'nothing stands under "{key.name}"',
            where=node.place,
            hint="write a value, or take the key out",
            code="no_value",
        )
        return BAD
    if key.origin is tuple:
        return _values(node, key, key.kind, notes) if key.kind else _texts(node, key, notes)
    if key.origin is Mapping:
        return _mapping(node, key, notes)
    if key.kind:
        return _value(node, key, key.kind, notes)
    return leaf(node, key, key.wants, notes)


def _value(node: Node, key: Key, kind: type[Value], notes: Notes) -> object:
    if isinstance(node, Map):
        return read(node, kind, notes, only=key.only) or BAD
    if not (key.short and isinstance(node, Leaf)):
        return wrong(node, key, "map", notes)
    inner = replace(keys_of(kind)[key.short], name=key.name)
    got = leaf(node, inner, inner.wants, notes)
    short: dict[str, Any] = {inner.field: got}  # any: the field is named by metadata
    return BAD if got is BAD else kind(place=node.place, **short)


def _values(node: Node, key: Key, kind: type[Value], notes: Notes) -> object:
    if key.short and isinstance(node, Leaf):
        one = _value(node, key, kind, notes)
        return BAD if one is BAD else (one,)
    if not isinstance(node, List):
        notes.unread.add(key.names)
        return wrong(node, key, "list", notes)
    if key.names:
        _register(node, key.names, notes)
    made = [
        read(item, kind, notes, only=key.only) or BAD
        if isinstance(item, Map)
        else wrong(item, key, "entry", notes, hint=_entry_hint(item, kind))
        for item in node.items
    ]
    return BAD if BAD in made else tuple(made)


def _entry_hint(node: Node, kind: type[Value]) -> str:
    if isinstance(node, Leaf) and node.value is None:
        return 'write the entry after its "-", or take the "-" out'
    keys = list(keys_of(kind).values())
    first = next((key for key in keys if key.required), keys[0])
    text = node.text if isinstance(node, Leaf) else "..."
    return f"give each entry its keys, such as {first.name}: {text}"


_LOCAL = ("endpoint", "benefit", "metric of its product")  # unique within what they stand under


def _register(node: List, kind: str, notes: Notes) -> None:
    """Note the names a list makes, whether or not the rest of the entry can be read."""
    known = {} if kind in _LOCAL else notes.names.setdefault(kind, {})
    for item in node.items:
        entry = item.entries.get("name") if isinstance(item, Map) else None
        if entry is None or not isinstance(entry[1], Leaf):
            continue
        name, place = entry[1].text, entry[1].place
        if name in known:
            notes.add(
                f'{kind} "{name}" is named twice, here and at {known[name]}',
                where=place,
                hint="rename one of the two, or take it out",
                code="duplicate_name",
            )
        known.setdefault(name, place)


def _texts(node: Node, key: Key, notes: Notes) -> object:
    """Read a list of texts; one text is a list of one."""
    if isinstance(node, Leaf):
        node = List(node.place, (node,))
    if isinstance(node, Map):
        return wrong(node, key, "texts", notes)
    if not node.items:
        notes.add(
            f'the list under "{key.name}" is empty',
            where=node.place,
            hint="write at least one value, or take the key out",
            code="no_value",
        )
        return BAD
    made = [leaf(item, key, str, notes) for item in node.items]
    return BAD if BAD in made else tuple(made)


def _mapping(node: Node, key: Key, notes: Notes) -> object:
    """Read a mapping whose keys are the user's own."""
    if not isinstance(node, Map):
        return wrong(node, key, "map", notes)
    made: dict[str, object] = {}
    for written, (place, child) in node.entries.items():
        name = _thing(written, place, key, notes) if key.keys_ref else written
        if name in made:
            notes.add(
                f'{name.replace(":", " ", 1)} stands twice under "{key.name}"',
                where=place,
                hint="keep one of the two",
                code="duplicate_key",
            )
        inner = key_inside(key, written)
        made[name] = plain(child) if inner.wants is Any else _under(child, inner, notes)
    return BAD if BAD in made.values() else made


def _thing(written: str, place: str, key: Key, notes: Notes) -> str:
    """Read a key that names a thing, and spell it with its kind."""
    kind, colon, name = written.partition(":")
    if not colon or kind not in key.keys_ref:
        kind, name = key.keys_ref[0], written
    notes.references.append(Mention(text=name, place=place, kind=kind))
    return f"{kind}:{name}"


def plain(node: Node) -> object:
    """Turn a node into the text, numbers, tuples and dicts it stands for."""
    if isinstance(node, Leaf):
        return node.value
    if isinstance(node, List):
        return tuple(plain(item) for item in node.items)
    return {name: plain(child) for name, (_, child) in node.entries.items()}
