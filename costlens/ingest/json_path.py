"""Where rows and their columns lie in a JSON document: the paths in a pack's `rows` and `aliases`.

A path goes down by keys, parted by dots; `[]` stands for every element of a list, `{}` for every
value of an object. A key that holds a dot or a bracket stands in double quotes.
"""

import re
from dataclasses import dataclass

_PATH = re.compile(r'(\[\]|\{\})|(\.)|"([^"]+)"|([^.\[\]{}"/\s]+)')
KEY, VALUE = "x_key", "x_value"  # the key of an element of {}, and an element itself


@dataclass(frozen=True, kw_only=True)
class Hop:
    """A step from one element into all those of a list or an object inside it."""

    keys: tuple[str, ...]
    each: str  # [] or {}


@dataclass(frozen=True, kw_only=True)
class RowPath:
    """Where the rows of a table lie: the hops to them, and the keys after the last hop."""

    text: str
    hops: tuple[Hop, ...] = ()
    tail: tuple[str, ...] = ()

    def keys_of(self, document: tuple[str, ...]) -> list[str]:
        """Give the keys a document must have, or the first element of one that is a list."""
        keys = self.hops[0].keys if self.hops else self.tail
        return list(dict.fromkeys((*keys[:1], *document)))

    @property
    def is_list(self) -> bool:
        """Whether the document itself is the list."""
        return bool(self.hops) and not self.hops[0].keys and self.hops[0].each == "[]"


@dataclass(frozen=True, kw_only=True)
class Cell:
    """Where a value lies: in the document (0), in the element of a hop, or in the row (-1)."""

    level: int
    keys: tuple[str, ...]


def row_path(text: str) -> RowPath | None:
    """Read a path of `rows`; None for what is none."""
    if text == ".":
        return RowPath(text=text)
    parts = _parts(text)
    if parts is None:
        return None
    hops: list[Hop] = []
    keys: list[str] = []
    for part, is_key in parts:
        if is_key:
            keys.append(part)
        else:
            hops.append(Hop(keys=tuple(keys), each=part))
            keys = []
    return RowPath(text=text, hops=tuple(hops), tail=tuple(keys))


def cells(column: str, spellings: tuple[str, ...], path: RowPath) -> list[Cell]:
    """Find where a column may lie: by its own name in the row, then by its aliases."""
    found = [cell_of(spelling, path) for spelling in spellings]
    return [Cell(level=-1, keys=(column,)), *(cell for cell in found if cell is not None)]


def cell_of(alias: str, path: RowPath) -> Cell | None:
    """Read an alias as a path, for rows of one path; None where it names an element not on it."""
    if alias.startswith("/"):
        keys = row_path(alias[1:])
        return None if keys is None or keys.hops else Cell(level=0, keys=keys.tail)
    inner = row_path(alias)
    if inner is None or not inner.hops:
        return None if inner is None else Cell(level=-1, keys=inner.tail)
    depth = len(inner.hops)
    on_path = inner.hops == path.hops[:depth] and bool(inner.tail)
    return Cell(level=depth, keys=inner.tail) if on_path else None


def json_path(keys: tuple[str, ...]) -> str:
    """Write keys as DuckDB's JSON functions take them."""
    return "$" + "".join(f'."{key}"' for key in keys)


def _parts(text: str) -> list[tuple[str, bool]] | None:
    """Split a path into its keys and marks; None where it is not well formed."""
    parts: list[tuple[str, bool]] = []
    at, after = 0, ""  # what stood before: a key, a mark, a dot, or nothing
    for found in _PATH.finditer(text):
        mark, dot, quoted, bare = found.groups()
        fits = after in ("", ".") if quoted or bare else after != "."
        if found.start() != at or not fits or (dot and not after):
            return None
        at = found.end()
        after = dot or ("[]" if mark else "key")
        if not dot:
            parts.append((mark or quoted or bare, not mark))
    return parts if at == len(text) and after not in ("", ".") else None
