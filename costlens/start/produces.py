"""What the parts of a pipeline make, as far as their names tell."""

import re
from collections.abc import Collection, Sequence

from costlens.start.draft import Made
from costlens.start.names import core, is_valid
from costlens.start.text import UNPRINTED

_MOST = 20  # parts that are named one by one
# A part that fits makes the feature that the group names.
_FEATURES = (
    r"features?[.:/](?P<feature>.+)",
    r"feature_(?:view|group|table)s?[.:/_-](?P<feature>.+)",
    r"materiali[sz]e[.:/_-](?P<feature>.+)",
    r"(?P<feature>(?:fv|fg)_.+)",
    r".+[.:/](?P<feature>(?:fv|fg)_.+)",
)
_SERVES = re.compile(r"(^|[^a-z])(train|fit|score|scoring|predict|inference|evaluate)", re.I)
_WORK = re.compile(
    r"(^|_)(re)?(train|training|fit|model|score|scoring|predict|inference|tune|tuning)(?=_|$)"
)


def read_parts(
    parts: Sequence[str], *, told: Collection[str], features: Collection[str]
) -> tuple[list[Made], list[str], list[str]]:
    """Find what parts make: the patterns, the features they name, and the parts nobody can place.

    `told` are the parts whose outputs the run log tells itself; `features` are known by name.
    """
    made: dict[str, Made] = {}
    found: list[str] = []
    rest: list[str] = []
    for part in parts:
        if part in told:
            continue
        pattern, feature = _feature(part, features)
        if pattern:
            made.setdefault(pattern, Made(part=pattern, kind="feature", target="{feature}"))
            found.append(feature)
        else:
            rest.append(part)
    if not rest or not (found or told):
        return list(made.values()), found, rest
    shared = Made(part=one_of(rest), kind="shared")
    served = [part for part in rest if _SERVES.search(part)]
    if served:
        shared.note = f"if {served[0]} works for one model: {{part: {served[0]}, model: NAME}}"
    return [*made.values(), shared], found, []


def model_of(pipeline: str, models: Collection[str]) -> str:
    """Name the model that a pipeline is called after, but for words such as training."""
    bare = re.sub(r"_+", "_", _WORK.sub("", core(pipeline))).strip("_")
    fitting = [model for model in models if bare and core(model) == bare]
    return fitting[0] if len(fitting) == 1 else ""


def one_of(parts: Sequence[str]) -> str:
    """Write a pattern that fits these parts; any part where they are too many."""
    return "|".join(escaped(part) for part in parts) if len(parts) <= _MOST else ".*"


def escaped(text: str) -> str:
    """Write a text as a pattern that fits only itself."""

    def one(mark: re.Match[str]) -> str:
        return f"\\{mark[0]}" if mark[0] in "^\\]" else f"[{mark[0]}]"

    text = UNPRINTED.sub("\x00", text)
    return re.sub(r"[.$*+?{}|()\[\]^\\]", one, text).replace("\x00", ".")


def _feature(part: str, features: Collection[str]) -> tuple[str, str]:
    for pattern in _FEATURES:
        found = re.fullmatch(pattern, part)
        if found and is_valid(found["feature"]):
            before = escaped(part[: found.start("feature")])
            return before + pattern[pattern.index("(?P<") :], found["feature"]
    ends = [f for f in features if re.search(rf"(^|[^A-Za-z0-9]){re.escape(f)}$", part)]
    if not ends:
        return "", ""
    feature = max(ends, key=len)
    return f"{escaped(part.removesuffix(feature))}(?P<feature>{escaped(feature)})", feature
