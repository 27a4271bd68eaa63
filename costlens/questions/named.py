"""Read how people name what a question is about: feature:NAME, or NAME where that is clear."""

from collections.abc import Iterable
from difflib import get_close_matches

from costlens.errors import CostLensError, Finding
from costlens.questions.ask import Asked

TARGETS = ("feature", "model", "product")
_OTHERS = ("pipeline", "service", "class")


def read_targets(asked: Asked, texts: Iterable[str]) -> list[tuple[str, str]]:
    """Read `feature:NAME`, `model:NAME`, `product:NAME`, or a NAME that only one of them has.

    Raises an error that names all that the build does not know.
    """
    known = _known(asked)
    read = [_read_target(text, known) for text in texts]
    findings = [each for each in read if isinstance(each, Finding)]
    if findings:
        raise CostLensError(findings=findings)
    return [each for each in read if not isinstance(each, Finding)]


def read_amount(asked: Asked, text: str) -> tuple[str, str]:
    """Read a target, or `stage:`, `pipeline:`, `service:` or `class:` and a name.

    A target may be a row that nobody bears, `feature:(idle)`.
    """
    level, _, name = text.partition(":")
    if level == "stage":  # as explain prints it, `stage:scan` or `pipeline:p/part`
        return level, name if ":" in name else text
    if level in _OTHERS and name:
        return ("stage", text) if level == "pipeline" and "/" in name else (level, name)
    if level in TARGETS and name.startswith("("):
        return level, name
    return read_targets(asked, [text])[0]


def _read_target(text: str, known: dict[str, list[str]]) -> tuple[str, str] | Finding:
    level, colon, name = text.partition(":")
    if colon and (level not in TARGETS or not name):
        return Finding(
            message=f'"{text}" names no target',
            hint="write feature:NAME, model:NAME or product:NAME",
        )
    if colon:
        if name in known[level]:
            return level, name
        near = get_close_matches(name, known[level], n=1)
        hint = f"did you mean {near[0]}?" if near else f"names: costlens cost --by {level}"
        return Finding(message=f"no {level} is called {name}", hint=hint)
    levels = [each for each in TARGETS if text in known[each]]
    if len(levels) == 1:
        return levels[0], text
    if levels:
        return Finding(
            message=f"{text} is the name of a {' and of a '.join(levels)}",
            hint=f"write {' or '.join(f'{each}:{text}' for each in levels)}",
        )
    spelled = {name: each for each in reversed(TARGETS) for name in known[each]}
    near = get_close_matches(text, spelled, n=1)
    hint = (
        f"did you mean {spelled[near[0]]}:{near[0]}?"
        if near
        else "names: costlens cost --by feature, --by model or --by product"
    )
    return Finding(message=f'"{text}" names no target', hint=hint)


def _known(asked: Asked) -> dict[str, list[str]]:
    # A closed month may hold what the catalogue names no more.
    found = asked.con.execute(
        "select kind, name from memory.main.catalogue union "
        "select level, target from memory.main.ledger where target not like '(%' order by all"
    ).fetchall()
    return {level: [name for kind, name in found if kind == level] for level in TARGETS}
