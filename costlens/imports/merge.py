"""Bring what a tool says now into YAML that people changed since it was written.

Three things are compared, value by value: what stands in the file, what the tool said last, and
what it says now. What is as the tool said follows it; what a person changed or took out stays so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import CommentMark
from ruamel.yaml.scalarstring import DoubleQuotedScalarString
from ruamel.yaml.tokens import CommentToken

from costlens.start.text import scalar

# Values by key; what stands under a key is a text, or a list whose entries are named.
Tree = dict[str, "str | Tree"]


@dataclass(frozen=True, kw_only=True)
class Change:
    """What became of one value or entry: added, changed, kept, or gone at the tool."""

    what: str
    at: str
    key: str
    here: str  # what stands in the file
    told: str  # what the tool says now


def merge(
    here: CommentedMap, told: Tree, before: Tree, *, prune: bool, at: str = ""
) -> list[Change]:
    """Bring a mapping up to date; with `prune`, take out what the tool no longer has."""
    made: list[Change] = []
    for key, value in told.items():
        last = before.get(key)
        if isinstance(value, dict):
            kept = last if isinstance(last, dict) else {}
            made += _merge_list(here, key, value, kept, prune=prune, at=at)
            continue
        now = str(here[key]) if key in here else ""
        if now == value:
            continue
        follows = now == (last or "")
        what = "kept" if not follows else "changed" if now else "added"
        made.append(Change(what=what, at=at, key=key, here=now, told=value))
        if follows:
            here[key] = _value(key, value)
    for key, last in before.items():
        if key in told or key not in here:
            continue
        if isinstance(last, dict):
            made += _merge_list(here, key, {}, last, prune=prune, at=at)
        elif str(here[key]) == last:
            made.append(Change(what="gone", at=at, key=key, here=last, told=""))
            if prune:
                del here[key]
    return made


def _merge_list(
    here: CommentedMap, key: str, told: Tree, before: Tree, *, prune: bool, at: str
) -> list[Change]:
    made: list[Change] = []
    listed = here.get(key)
    entries = {identity(item): item for item in listed or ()}
    for name, value in told.items():
        assert isinstance(value, dict), "an entry of a list has keys"
        last = before.get(name)
        place = f"{at} {key}: {name}".strip() if at else f"{key}: {name}"
        if name in entries:
            old = last if isinstance(last, dict) else {}
            made += merge(entries[name], value, old, prune=prune, at=place)
        elif last is not None:
            made.append(Change(what="kept", at=place, key="", here="", told="taken out"))
        else:
            if listed is None:
                listed = here[key] = CommentedSeq()
            rest = _take_rest(listed)
            listed.append(_entry(value))
            _give_rest(listed, rest)
            made.append(Change(what="added", at=place, key="", here="", told=_shown(value)))
    for name, last in before.items():
        if name in told or name not in entries:
            continue
        assert isinstance(last, dict), "an entry of a list has keys"
        place = f"{at} {key}: {name}".strip() if at else f"{key}: {name}"
        is_ours = _plain(entries[name]) == last
        what = "gone" if is_ours else "kept"
        made.append(Change(what=what, at=place, key="", here=_shown(last), told=""))
        if prune and is_ours:
            _remove(here, key, entries[name])
    return made


def identity(item: Mapping[str, Any]) -> str:  # any: what YAML holds
    """Name an entry of a list: by its name, an edge by its end and first day."""
    if "name" in item:
        return str(item["name"])
    ends = (f"{kind}:{item[kind]}" for kind in ("feature", "model", "product") if kind in item)
    return next(ends, "") + (f"@{item['from']}" if "from" in item else "")


def _plain(item: CommentedMap) -> Tree:
    """Turn an entry into what is compared."""
    return {
        key: {identity(one): _plain(one) for one in value if isinstance(one, CommentedMap)}
        if isinstance(value, CommentedSeq)
        else str(value)
        for key, value in item.items()
    }


def _shown(value: Tree) -> str:
    return ", ".join(
        f"{key}: {' '.join(one) if isinstance(one, dict) else one}" for key, one in value.items()
    )


def _entry(value: Tree) -> CommentedMap:
    """Write a new entry: on one line where it holds no list."""
    made = CommentedMap()
    for key, one in value.items():
        if isinstance(one, dict):
            made[key] = CommentedSeq([_entry(inner) for inner in one.values() if inner])  # type: ignore[arg-type]  # entries have keys
        else:
            made[key] = _value(key, one)
    if not any(isinstance(one, dict) for one in value.values()):
        made.fa.set_flow_style()
    return made


def _value(key: str, text: str) -> str | date:
    """Write a day as a day, and in quotes what our reader would not take for a text."""
    if key in ("from", "until"):
        return date.fromisoformat(text)
    return DoubleQuotedScalarString(text) if scalar(text).startswith('"') else text


def _remove(here: CommentedMap, key: str, item: CommentedMap) -> None:
    listed = here[key]
    at = next(index for index, one in enumerate(listed) if one is item)
    rest = _take_rest(listed) if at == len(listed) - 1 else []
    del listed[at]
    if listed:
        _give_rest(listed, rest)
    else:
        del here[key]


def _take_rest(listed: CommentedSeq) -> list[CommentToken]:
    """Cut off the comments below a list, which are of what comes next.

    ruamel keeps them at the end of the innermost list, or behind its last value.
    """
    rest: list[CommentToken] = []
    holder: CommentedMap | CommentedSeq = listed
    while holder:
        rest = [*(holder.ca.end or ()), *rest]
        holder.ca.end = []
        is_map = isinstance(holder, CommentedMap)
        key = list(holder)[-1] if is_map else len(holder) - 1
        tokens = holder.ca.items.get(key)
        value = holder[key]
        if isinstance(value, CommentedMap | CommentedSeq) and not value.fa.flow_style():
            holder = value
            continue
        if tokens and tokens[2 if is_map else 0] is not None:
            token = tokens[2 if is_map else 0]
            own, line, below = token.value.partition("\n")
            token.value = own + line
            if below:
                rest = [CommentToken(below, CommentMark(0)), *rest]
        break
    return rest


def _give_rest(listed: CommentedSeq, rest: list[CommentToken]) -> None:
    """Put comments below a list."""
    if rest:
        listed.ca.comment = listed.ca.comment or [None, None]  # else ruamel leaves the end out
        listed.ca.end = rest
