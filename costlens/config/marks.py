"""YAML as nodes that know their file and line, read strictly.

Only `true` and `false` are yes and no; whole numbers are `int`, others `Decimal`, days `date`; all
else is text, and every leaf keeps its spelling. Built from PyYAML's events, not its nodes, so that
nothing recurses deeper than `_DEEPEST` and an alias that holds itself is seen.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import yaml

from costlens.errors import CostLensError, Finding

try:
    from yaml import CBaseLoader as _Loader
except ImportError:  # PyYAML was built without libyaml: slower, the same events
    from yaml import BaseLoader as _Loader  # type: ignore[assignment]  # the same interface

Plain = str | int | Decimal | bool | date | None

_DEEPEST = 50
_MOST = 1_000_000
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
_INT = re.compile(r"[-+]?(0|[1-9][0-9]{0,37})")
_DECIMAL = re.compile(
    r"[-+]?((0|[1-9][0-9]{0,37})(\.[0-9]{0,38})?|\.[0-9]{1,38})([eE][-+]?[0-9]{1,2})?"
)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NOT_TEXT = re.compile(r"[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value: `text` as it is spelled, `value` as it is meant."""

    place: str
    text: str
    value: Plain


@dataclass(frozen=True, slots=True)
class List:
    """A list."""

    place: str
    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Map:
    """A mapping: each key with the place where it is written, and what stands under it."""

    place: str
    entries: dict[str, tuple[str, "Node"]]


Node = Leaf | List | Map


@dataclass(frozen=True, slots=True)
class _Built:
    """A node, and what it unfolds to through its aliases."""

    node: Node
    size: int = 1
    height: int = 0


def parse(text: str, *, file: str) -> tuple[Node | None, list[Finding]]:
    """Parse one YAML document; None when it holds nothing.

    Raises for what leaves no document to read, such as a syntax error; the rest are findings.
    """
    found = _NOT_TEXT.search(text)
    if found:
        line = text.count("\n", 0, found.start()) + 1
        raise _stop(f"{file}:{line}", _no_text(found[0]), "take it out")
    builder = _Builder(file)
    try:
        return builder.document(yaml.parse(text, Loader=_Loader)), builder.findings
    except yaml.YAMLError as error:
        raise CostLensError(findings=[_syntax(_plainer(text, error), file)]) from None


class _Builder:
    """Builds nodes from the events of one file."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.findings: list[Finding] = []
        self.anchors: dict[str, _Built | None] = {}

    def document(self, events: Iterator[yaml.Event]) -> Node | None:
        """Build the one document there is."""
        root: Node | None = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    raise self.stop(
                        event,
                        "a second document starts here",
                        'keep one document a file: take the "---" out',
                    )
                root = self.node(next(events), events, 0).node
        empty = isinstance(root, Leaf) and root.value is None
        return None if empty else root

    def node(self, event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> _Built:
        """Build the node that starts with an event."""
        if isinstance(event, yaml.AliasEvent):
            built = self.alias(event)
        else:
            self.tag(event)
            anchor = getattr(event, "anchor", None)
            if anchor:
                self.anchors[anchor] = None
            built = self.fresh(event, events, depth)
            if anchor:
                self.anchors[anchor] = built
        if depth + built.height > _DEEPEST:
            raise self.stop(event, f"nested more than {_DEEPEST} deep", "take the nesting apart")
        if built.size > _MOST and self.anchors:
            raise self.stop(
                event,
                f"unfolds to more than {_MOST:,} values through its aliases",
                "write out what is meant, or use fewer aliases",
            )
        return built

    def fresh(self, event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> _Built:
        """Build a node that is no alias."""
        if isinstance(event, yaml.ScalarEvent):
            return _Built(self.leaf(event))
        if depth >= _DEEPEST:
            raise self.stop(event, f"nested more than {_DEEPEST} deep", "take the nesting apart")
        if isinstance(event, yaml.SequenceStartEvent):
            return self.sequence(event, events, depth)
        return self.mapping(event, events, depth)

    def alias(self, event: yaml.AliasEvent) -> _Built:
        name = event.anchor
        if name not in self.anchors:
            raise self.stop(
                event,
                f'nothing is named "&{name}" above',
                f'put text that starts with "*" in quotes: "*{name}"',
            )
        known = self.anchors[name]
        if known is None:
            raise self.stop(event, f'"*{name}" stands inside "&{name}" itself', "take it out")
        return known

    def leaf(self, event: yaml.ScalarEvent) -> Leaf:
        place, text = self.place(event), event.value
        found = _NOT_TEXT.search(text)
        if found:
            self.add(
                place,
                _no_text(found[0]),
                "take its escape out",
            )
            text = _NOT_TEXT.sub("?", text)
        plain = event.implicit[0] and event.tag is None
        return Leaf(place, text, meaning(text) if plain else text)

    def sequence(self, event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> _Built:
        items: list[Node] = []
        size, height = 1, 0
        for inner in events:
            if isinstance(inner, yaml.SequenceEndEvent):
                break
            item = self.node(inner, events, depth + 1)
            items.append(item.node)
            size, height = size + item.size, max(height, item.height)
        return _Built(List(self.place(event), tuple(items)), size, height + 1)

    def mapping(self, event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> _Built:
        entries: dict[str, tuple[str, Node]] = {}
        size, height = 1, 0
        for inner in events:
            if isinstance(inner, yaml.MappingEndEvent):
                break
            key = self.node(inner, events, depth + 1).node
            child = self.node(next(events), events, depth + 1)
            size, height = size + child.size, max(height, child.height)
            place = self.place(inner)
            if isinstance(key, Leaf) and self.fits(key, place, entries):
                entries[key.text] = place, child.node
            elif not isinstance(key, Leaf):
                self.add(
                    place, "a list or a mapping cannot be a key", "write one word before the colon"
                )
        return _Built(Map(self.place(event), entries), size, height + 1)

    def fits(self, key: Leaf, place: str, entries: dict[str, tuple[str, Node]]) -> bool:
        """Say whether a key can be kept, with a finding where not."""
        if key.text in entries:
            self.add(
                place,
                f'"{key.text}" is written twice',
                f"keep one of the two; the first is at {entries[key.text][0]}",
                code="duplicate_key",
            )
        elif key.text == "<<":
            self.add(place, '"<<" does not merge here', "write the keys out")
        else:
            return True
        return False

    def tag(self, event: yaml.Event) -> None:
        tag = getattr(event, "tag", None)
        if tag and tag != "!":
            short = tag.replace("tag:yaml.org,2002:", "!!")
            self.add(self.place(event), f'the tag "{short}" is not read', f'take "{short}" out')

    def place(self, event: yaml.Event) -> str:
        assert event.start_mark is not None, "events that are parsed have a mark"
        return f"{self.file}:{event.start_mark.line + 1}"

    def add(self, place: str, message: str, hint: str, code: str = "bad_yaml") -> None:
        self.findings.append(Finding(message=message, where=place, hint=hint, code=code))

    def stop(self, event: yaml.Event, message: str, hint: str) -> CostLensError:
        return _stop(self.place(event), message, hint)


def _stop(place: str, message: str, hint: str) -> CostLensError:
    return CostLensError(
        findings=[Finding(message=message, where=place, hint=hint, code="bad_yaml")]
    )


def _no_text(character: str) -> str:
    return f"a control character (U+{ord(character):04X}) is not text"


def meaning(text: str) -> Plain:
    """Say what a word without quotes means."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "+-.0123456789":
        return text
    if _INT.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        return Decimal(text)
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else text
    except ValueError:  # 2026-02-31: text, which the reader of a day refuses
        return text


def _plainer(text: str, error: yaml.YAMLError) -> yaml.YAMLError:
    """Take the error of PyYAML's own parser where it has one: libyaml words it otherwise."""
    if len(text) > 1_000_000:
        return error
    try:
        for _ in yaml.parse(text, Loader=yaml.BaseLoader):
            pass
    except yaml.YAMLError as plainer:
        return plainer
    return error


_SYNTAX_HINTS = (
    ("'\\t'", "indent with spaces, not tabs"),
    ("mapping values are not allowed", 'put text that holds ": " in quotes'),
    ("expected <block end>", "line this up with the entries above it"),
    ("expected ',' or", 'a "{" or "[" before is not closed, or a "," is missing'),
    ("could not find expected ':'", 'write a ":" and a space after the key'),
    ("end of stream", "a quote or a bracket that opens before is never closed"),
    ("<stream end>", "a bracket that opens before is never closed"),
    ("cannot start any token", "put text that starts with this character in quotes"),
)


def _syntax(error: yaml.YAMLError, file: str) -> Finding:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    where = f"{file}:{mark.line + 1}" if mark else file
    hint = f"look at column {mark.column + 1} of that line, and just before" if mark else ""
    for part, better in _SYNTAX_HINTS:
        if part in problem:
            hint = better
            break
    return Finding(message=f"not YAML: {problem}", where=where, hint=hint, code="bad_yaml")
