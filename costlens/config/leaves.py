"""Read one simple value: text, a number, a day, true or false, a word out of a few."""

import re
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Literal, get_args, get_origin

from costlens.config.keys import FORMS, Key
from costlens.config.marks import Leaf, List, Node, meaning
from costlens.config.notes import Mention, Notes, did_you_mean, listed


class Bad(Enum):
    """Stands for what could not be read; there is a finding about it."""

    BAD = "bad"


BAD = Bad.BAD

_LARGEST_INT = 2**31
_LARGEST = 10**26  # money and quantities are decimal(38, 12)
_PLACES = 12


def leaf(node: Node, key: Key, wants: object, notes: Notes) -> object:
    """Read one value of a simple type, as its key wants it; `BAD` where it cannot be."""
    if not isinstance(node, Leaf) or node.value is None:
        return wrong(node, key, wants, notes)
    if get_origin(wants) is Literal:
        return _word(node, key, get_args(wants), notes)
    got = _AS[wants](node)
    if got is None:
        return wrong(node, key, wants, notes)
    if isinstance(got, str):
        trouble = _text_trouble(got, key)
    elif isinstance(got, int | Decimal) and not isinstance(got, bool):
        trouble = _number_trouble(got, key)
    else:
        trouble = None
    if trouble:
        notes.add(trouble[0], where=node.place, hint=trouble[1])
        return BAD
    if isinstance(got, str):
        _mention(got, node.place, key, notes)
    return got


def wrong(node: Node, key: Key, wants: object, notes: Notes, *, hint: str = "") -> Bad:
    """Note that a key takes something else, and what to write instead."""
    if get_origin(wants) is Literal:
        expected, usual = (
            f"one of: {listed([str(word) for word in get_args(wants)])}",
            "write one of these words",
        )
    else:
        expected, usual = _WANTED[wants]
    if isinstance(node, Leaf):
        found = "nothing" if node.value is None else shown(node)
        hint = hint or _instead(node, wants)
        if key.hidden:
            found, hint = "the secret itself", f"write where it is kept: {key.name}: {key.hidden}"
    else:
        found = "a list" if isinstance(node, List) else "a mapping"
    notes.add(
        f'"{key.name}" takes {expected}, not {found}',
        where=node.place,
        hint=hint or usual.format(key=key.name),
        code="wrong_type",
    )
    return BAD


def _number(node: Leaf) -> Decimal | None:
    value = node.value
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    return Decimal(value)


def _whole(node: Leaf) -> int | None:
    value = node.value
    return value if isinstance(value, int) and not isinstance(value, bool) else None


# Text is taken as it is spelled: an account 012345678901 or a tag value 1.10 need no quotes.
_AS: dict[object, Callable[[Leaf], str | int | Decimal | date | None]] = {
    str: lambda node: node.text,
    bool: lambda node: node.value if isinstance(node.value, bool) else None,
    int: _whole,
    Decimal: _number,
    date: lambda node: node.value if isinstance(node.value, date) else None,
}

_WANTED: dict[object, tuple[str, str]] = {
    str: ("one text", "write {key}: and the text on one line"),
    bool: ("true or false", "write {key}: true or {key}: false"),
    int: ("a whole number", "write it in digits, such as {key}: 3"),
    Decimal: ("a number", "write it in digits, such as {key}: 2.5"),
    date: ("a day", "write it as year-month-day, such as {key}: 2026-01-31"),
    "texts": ("a text or a list of texts", "write {key}: and a text, or several as [one, two]"),
    "map": ("a mapping", "write {key}: and under it, indented, key: value on each line"),
    "list": ("a list", 'write {key}: and under it each entry after "- "'),
    "entry": ("a list of mappings", "give each entry its keys"),
}


def shown(node: Leaf) -> str:
    """Show a value in a message."""
    short = node.text if len(node.text) <= 60 else node.text[:57] + "..."
    return f'the text "{short}"' if isinstance(node.value, str) else short


def _instead(node: Leaf, wants: object) -> str:
    """Guess what was meant, for the hint."""
    word = node.text.casefold()
    if wants is bool and word in ("yes", "y", "on", "1", "true", "no", "n", "off", "0", "false"):
        return f"write {'true' if word in ('yes', 'y', 'on', '1', 'true') else 'false'}"
    if wants is date:
        return _day_instead(node.text)
    if wants is int or wants is Decimal:
        return _number_instead(node.text, whole=wants is int)
    return ""


def _number_instead(text: str, *, whole: bool) -> str:
    """Take out of a text what keeps it from being a number: quotes, signs, separators."""
    bare = re.sub(r"[\s_,'$€£]|\b[A-Z]{3}\b", "", text)
    bare = re.sub(r"^(-?)0+(?=[0-9])", r"\1", bare)
    number = meaning(bare.removesuffix("%"))
    if isinstance(number, bool) or not isinstance(number, int | Decimal):
        return ""
    if bare.endswith("%"):
        number = Decimal(number).scaleb(-2)
    if whole and number != int(number):
        return "write a number without decimal places"
    return f"write {int(number) if whole else format(Decimal(number), 'f')}"


def _day_instead(text: str) -> str:
    parts = re.match(r"([0-9]{4})[-/.]?([0-9]{1,2})[-/.]?([0-9]{1,2})(?![0-9])", text)
    if parts is None:
        return ""
    try:
        day = date(*(int(part) for part in parts.groups()))
    except ValueError:
        return "there is no such day; write one such as 2026-01-31"
    return f"write {day.isoformat()}"


def _word(node: Leaf, key: Key, words: Sequence[object], notes: Notes) -> object:
    for word in words:
        if node.text == word or (node.value == word and type(node.value) is type(word)):
            return word
    spelled = [str(word) for word in words]
    near = did_you_mean(node.text, spelled)
    hint = f'did you mean "{near}"?' if near else f"write one of: {listed(spelled)}"
    if len(words) == 1:
        hint = f"write {key.name}: {spelled[0]}"
    notes.add(
        f'"{key.name}" cannot be {shown(node).removeprefix("the text ")}',
        where=node.place,
        hint=hint,
        code="unknown_word",
    )
    return BAD


def _text_trouble(text: str, key: Key) -> tuple[str, str] | None:
    if not text.strip() and not key.blank:
        hint = "write some text" if key.required else "write some text, or take the key out"
        return f'"{key.name}" is empty', hint
    if key.form and not re.fullmatch(FORMS[key.form].pattern, text):
        return f'"{key.name}" cannot be "{text}"', f"write {FORMS[key.form].says}"
    return None


def _number_trouble(number: int | Decimal, key: Key) -> tuple[str, str] | None:
    low = key.least is not None and number < key.least
    low = low or (key.above is not None and number <= key.above)
    if low or (key.most is not None and number > key.most):
        return f'"{key.name}" is {number}', f"write {_bounds(key)}"
    largest: int = _LARGEST_INT if isinstance(number, int) else _LARGEST
    if not -largest < number < largest:
        return f'"{key.name}" is too large', f"write less than {largest}"
    if (Fraction(number) * 10**_PLACES).denominator != 1:
        return f'"{key.name}" has too many decimal places', f"write {_PLACES} of them or fewer"
    return None


def _bounds(key: Key) -> str:
    low = f"{key.least} or more" if key.above is None else f"more than {key.above}"
    return low if key.most is None else f"{low}, and at most {key.most}"


def _mention(text: str, place: str, key: Key, notes: Notes) -> None:
    if key.pattern:
        notes.patterns.append(Mention(text=text, place=place))
    if key.ref and not (key.template and "{" in text):
        notes.references.append(Mention(text=text, place=place, kind=key.ref))
