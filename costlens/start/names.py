"""Names: what a file, a tag or a run log calls a thing, as a name the catalogue takes."""

import re
from collections.abc import Container

from costlens.config.keys import FORMS

_VALID = re.compile(FORMS["name"].pattern)
_MONTH = (
    "january|february|march|april|june|july|august|september|october|november|december|"
    "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
)
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_VARIES = re.compile(
    rf"{_UUID}|(?=[0-9a-f]*\d)[0-9a-f]{{8,}}|(?<![a-z])(?:{_MONTH})(?![a-z])|\d+", re.IGNORECASE
)
_PARTITION = re.compile(
    rf"[^=]+=.*|{_UUID}|[\dTZ:._-]*\d[\dTZ:._-]*(?:-{_UUID})?|(?:{_MONTH})[-_ ]?\d*",
    re.IGNORECASE,
)
_ENDINGS = re.compile(
    r"[-_ .]+(?:hourly|daily|weekly|monthly|nightly|prod|production|dag|job|pipeline|v?\d+)$"
)
# What tags say where they name nobody, folded.
NOBODY = ("none", "unknown", "n_a", "true", "false", "yes", "no", "null", "other", "default")


def is_valid(text: str) -> bool:
    """Say whether a text can be a name in the catalogue as it is."""
    return _VALID.fullmatch(text) is not None


def as_name(text: str, *, default: str = "unnamed") -> str:
    """Make a name of a text: as it is where it can be one."""
    if is_valid(text):
        return text
    return re.sub(r"[^A-Za-z0-9.:/-]+", "_", text).strip("_") or default


def unique(name: str, taken: Container[str]) -> str:
    """Add a number to a name that is taken."""
    number, found = 2, name
    while found in taken:
        found, number = f"{name}_{number}", number + 1
    return found


def series(name: str) -> str:
    """Write a file's name with `#` for what differs from month to month and part to part."""
    return re.sub(r"#([-_.T ]*#)*Z?", "#", _VARIES.sub("#", name))


def is_partition(folder: str) -> bool:
    """Say whether a folder's name only tells a month, a delivery or a value."""
    return _PARTITION.fullmatch(folder) is not None


def source_name(path: str) -> str:
    """Name a source for its file or folder, without what differs from month to month."""
    parts = [part for part in path.split("/") if part not in ("", ".", "..")]
    stems = [*parts[:-1], parts[-1] if path.endswith("/") else parts[-1].partition(".")[0]]
    for stem in reversed(stems):
        bare = re.sub(r"[-_. #*]*[#*][-_. #*]*", "_", series(stem)).strip("-_. ")
        if bare:
            return as_name(bare, default="source").replace(".", "_").replace("/", "_")
    return as_name(stems[-1].strip("*"), default="source")


def folded(text: str) -> str:
    """Fold a name for comparing: case, and what stands between words, do not count."""
    return re.sub(r"[-_ ./:]+", "_", text.strip().casefold()).strip("_")


def core(text: str) -> str:
    """Fold a name and leave out endings that tell a schedule or an environment."""
    bare, before = folded(text), ""
    while bare != before:
        before, bare = bare, _ENDINGS.sub("", bare)
    return bare
