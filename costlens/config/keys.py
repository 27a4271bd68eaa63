"""The keys of a definition, as YAML writes them: what the reader and the JSON Schema both go by."""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from types import MappingProxyType, NoneType, UnionType
from typing import Union, get_args, get_origin, get_type_hints

from costlens.config.value import Value


@dataclass(frozen=True, kw_only=True)
class Key:
    """One key: its field, what it takes, and what its metadata in `values.py` says."""

    field: str
    name: str
    wants: object  # its type, without None
    default: object
    required: bool
    origin: object  # of its type: tuple, Mapping, Literal or None
    kind: type[Value] | None  # the definition that stands under it, itself or as a list
    doc: str = ""
    short: str = ""  # one bare value stands for a mapping with this key, or a list of one
    form: str = ""  # one of FORMS
    pattern: bool = False  # an RE2 pattern
    ref: str = ""  # names a thing of this kind
    keys_ref: tuple[str, ...] = ()  # the keys name things: `KIND:NAME`, or NAME of the first kind
    template: bool = False  # may hold `{group}`, and then names nothing yet
    names: str = ""  # the list makes names of this kind
    least: int | None = None
    above: int | None = None
    most: int | None = None
    blank: bool = False  # the empty text is one too
    any_of: bool = False  # of the keys that say so, at least one
    choice: str = ""  # of the keys that say so, those of exactly one choice
    only: tuple[str, ...] = ()  # of the choices of what stands here, these keys alone
    asked: bool = False  # means something for packs that ask for it alone
    hidden: str = ""  # what to write in place of a secret, which is shown in no message


@dataclass(frozen=True, kw_only=True)
class Form:
    """How a text must be spelled."""

    pattern: str
    says: str


FORMS = {
    "name": Form(pattern=r"[A-Za-z0-9_.:/-]+", says="letters, digits and _ . : - / only"),
    "file": Form(
        pattern=r"[A-Za-z0-9][A-Za-z0-9_.-]*", says="letters, digits and _ . -, a letter first"
    ),
    "window": Form(
        pattern=r"all|last (?:month|quarter|year|week)|(?:month|quarter|year) to date"
        r"|last [1-9][0-9]{0,2} (?:days|weeks|months)"
        r"|[0-9]{4}-(?:0[1-9]|1[0-2])(?:\.\.[0-9]{4}-(?:0[1-9]|1[0-2]))?",
        says="last month, month to date, last 13 weeks, 2026-10 or 2026-08..2026-10",
    ),
    "memory": Form(
        pattern=r"(?:[1-9][0-9]?|100)%|[1-9][0-9]{0,5}(?:\.[0-9]+)? ?[MGT]i?B",
        says="a part of the memory, such as 60%, or an amount, such as 800MB or 4GB",
    ),
    "policy": Form(
        pattern=r"show|share|evenly|weight|by [A-Za-z0-9_.:-]+",
        says="show, share, evenly, weight, or a measure of activity, such as by reads",
    ),
    "month": Form(
        pattern=r"[0-9]{4}-(0[1-9]|1[0-2])", says="a month as year-month, such as 2026-01"
    ),
    "currency": Form(pattern=r"[A-Z]{3}", says="three capital letters, such as EUR"),
}


_KEYS: dict[type[Value], Mapping[str, Key]] = {}


def keys_of(kind: type[Value]) -> Mapping[str, Key]:
    """List the keys of a definition by the name YAML uses, in the order of its fields."""
    if kind not in _KEYS:
        _KEYS[kind] = MappingProxyType(_keys(kind))
    return _KEYS[kind]


def _keys(kind: type[Value]) -> dict[str, Key]:
    hints = get_type_hints(kind)
    made: dict[str, Key] = {}
    for field in fields(kind):
        if field.name == "place":
            continue
        default = field.default
        if field.default_factory is not MISSING:
            default = field.default_factory()
        more = dict(field.metadata)
        name = more.pop("key", field.name)
        wants = _without_none(hints[field.name])
        made[name] = Key(
            field=field.name,
            name=name,
            wants=wants,
            origin=get_origin(wants),
            kind=_value_kind(wants),
            default=default,
            required=default is MISSING,
            **more,
        )
    return made


def choices_of(kind: type[Value]) -> dict[str, list[Key]]:
    """Group the keys of which exactly one choice must be made."""
    groups: dict[str, list[Key]] = {}
    for key in keys_of(kind).values():
        if key.choice:
            groups.setdefault(key.choice, []).append(key)
    return groups


def key_inside(key: Key, name: str) -> Key:
    """Make the key for one entry of a mapping whose keys are the user's own."""
    wants = get_args(key.wants)[1]
    return Key(
        field=key.field,
        name=name,
        wants=wants,
        default=None,
        required=True,
        origin=get_origin(wants),
        kind=_value_kind(wants),
        least=key.least,
        most=key.most,
        blank=True,
    )


def _value_kind(wants: object) -> type[Value] | None:
    one = get_args(wants)[0] if get_origin(wants) is tuple else wants
    return one if isinstance(one, type) and issubclass(one, Value) else None


def _without_none(hint: object) -> object:
    if get_origin(hint) in (Union, UnionType):
        (one,) = (part for part in get_args(hint) if part is not NoneType)
        return one
    return hint
