"""Which targets a build knows."""

from collections.abc import Iterable
from difflib import get_close_matches

from costlens.errors import CostLensError, Finding
from costlens.questions.ask import Asked


def insist_known(asked: Asked, targets: Iterable[tuple[str, str]]) -> None:
    """Raise an error that names every (level, target) that the build does not know."""
    # A closed month may hold what the catalogue names no more.
    found = asked.con.execute(
        "select kind, name from memory.main.catalogue union "
        "select level, target from memory.main.ledger where target not like '(%' order by all"
    ).fetchall()
    findings = []
    for level, target in targets:
        names = [name for kind, name in found if kind == level]
        if target not in names:
            near = get_close_matches(target, names, n=1)
            hint = f"did you mean {near[0]}?" if near else f"names: costlens cost --by {level}"
            findings.append(Finding(message=f"no {level} is called {target}", hint=hint))
    if findings:
        raise CostLensError(findings=findings)
