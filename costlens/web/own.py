"""What a viewer gets of a build: the figures of what their teams own, and nothing else.

This is the one place where it is decided. Pages, their CSV files and their callbacks all ask a
`Data`; for a viewer that is an `Own`, which answers only what stands in `_SAFE`. A question that is
not there, and whatever else a `Data` can do, is refused until somebody has thought about it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from costlens.questions.ask import Answer, Cell
from costlens.questions.explaining import Why
from costlens.questions.ranked import ranked
from costlens.questions.window import Window
from costlens.questions.worth import declared
from costlens.web.who import NotForRoleError

if TYPE_CHECKING:
    from costlens.web.data import Data

LEVELS = ("feature", "model", "product")

Owned = frozenset[tuple[str, str]]  # (level, name)
_NO_FIGURES = ("number", "built_at", "basis", "currency", "currencies", "months")
_Row = dict[str, Cell]
_Rule = Callable[[Answer, Owned, Mapping[str, object]], Answer]


def owned_by(data: "Data", teams: frozenset[str]) -> Owned:
    """Find what teams own on the last day of a build's bill."""
    if not data.months:
        return frozenset()
    rows = data.ask("owned_targets", day=data.months[-1].last_day).rows
    return frozenset((level, name) for level, name, team in rows if team in teams)


class Own:
    """A build as a viewer sees it; stands in for a `Data`."""

    def __init__(self, data: "Data", owned: Owned) -> None:
        self._data = data
        self._owned = owned

    def ask(self, question: str, **given: object) -> Answer:
        """Answer a question as far as it is about what the viewer's teams own."""
        rule = _SAFE.get(question)
        if rule is None:
            raise _refused()
        if given.get("level", LEVELS[0]) not in LEVELS:
            raise _refused()
        return rule(self._data.ask(question, **given), self._owned, given)

    def explain(self, why: Why) -> Answer:
        """Explain an amount of theirs; what others put into its stages is left out."""
        if why.level not in LEVELS:
            raise _refused()
        if (why.level, why.target) not in self._owned:
            raise _not_theirs(why.level, why.target)
        return _changed(self._data.explain(why), _without_others)

    def roi(self, *, level: str, basis: str, window: Window) -> Answer:
        """Hold cost against declared benefit, of what their teams own."""
        answer = self._data.roi(level=level, basis=basis, window=window)
        return _of_own(answer, self._owned, {"level": level})

    def in_currency(self, code: str) -> "Own":
        """Give the same build in another of its currencies."""
        return Own(self._data.in_currency(code), self._owned)

    def work_out(self, name: str, _make: Callable[..., Answer], **given: object) -> Answer:
        """Answer what takes more than one question, by the function that is known to be safe."""
        known = _SAFE_WORK.get(name)
        if known is None or given.get("level") not in LEVELS:
            raise _refused()
        return known.rule(
            self._data.work_out(name, known.make, **{**given, **known.given}), self._owned, given
        )

    def __getattr__(self, name: str) -> object:
        """Give what holds no figure; refuse whatever else a build can be asked."""
        if name.startswith("__"):
            raise AttributeError(name)
        if name in _NO_FIGURES:
            return getattr(self._data, name)
        raise _refused()


def _refused() -> NotForRoleError:
    return NotForRoleError(
        "figures of the whole company are for admins",
        hint="your role, viewer, has those of what your teams own",
    )


def _not_theirs(level: object, name: object) -> NotForRoleError:
    # The same words whether or not there is such a thing.
    return NotForRoleError(
        f'your teams own no {level} "{name}"',
        hint="a viewer sees what its teams own on the last day that is billed",
    )


def _all_of_it(answer: Answer, _owned: Owned, _given: Mapping[str, object]) -> Answer:
    """Give an answer that holds no figure of anybody's."""
    return answer


def _of_own(answer: Answer, owned: Owned, given: Mapping[str, object]) -> Answer:
    """Keep the rows of what is theirs; the rest of the bill, and its sums, have no row."""
    at = answer.columns.index("name")
    return replace(
        answer, rows=tuple(row for row in answer.rows if (given.get("level"), row[at]) in owned)
    )


@dataclass(frozen=True, kw_only=True)
class _OfOwnBut:
    """Keep the rows of what is theirs, without columns that count what others bear."""

    hidden: tuple[str, ...]

    def __call__(self, answer: Answer, owned: Owned, given: Mapping[str, object]) -> Answer:
        kept = _of_own(answer, owned, given)
        return _changed(kept, lambda row: row | dict.fromkeys(self.hidden))


def _about_own(answer: Answer, owned: Owned, given: Mapping[str, object]) -> Answer:
    """Give an answer about one target if that is theirs."""
    if (given.get("level"), given.get("target")) not in owned:
        raise _not_theirs(given.get("level"), given.get("target"))
    return answer


def _about_own_product(answer: Answer, owned: Owned, given: Mapping[str, object]) -> Answer:
    return _about_own(answer, owned, {**given, "level": "product"})


def _users_of_own(answer: Answer, owned: Owned, given: Mapping[str, object]) -> Answer:
    """Name who uses a target of theirs; what another team's costs is not told."""

    def told(row: _Row) -> _Row:
        return row if (row["kind"], row["name"]) in owned else row | {"cost": None}

    return _changed(_about_own(answer, owned, given), told)


def _without_others(row: _Row) -> _Row:
    """Take out of an explained amount what would tell what the others pay for the same stage."""
    need = row["need"] or ""
    if need.startswith("only"):
        return row | {"weights": None}
    return row | {"weights": None, "stage_cost": None, "need": need.partition(" ")[0] or None}


def _claims_of_own(answer: Answer, owned: Owned, _given: Mapping[str, object]) -> Answer:
    """Keep the declared benefits of what is theirs."""
    level, target = answer.columns.index("level"), answer.columns.index("target")
    return replace(
        answer, rows=tuple(row for row in answer.rows if (row[level], row[target]) in owned)
    )


def _changed(answer: Answer, change: Callable[[_Row], _Row]) -> Answer:
    rows = (change(dict(zip(answer.columns, row, strict=True))) for row in answer.rows)
    return replace(answer, rows=tuple(tuple(row[name] for name in answer.columns) for row in rows))


# Each with why it tells a viewer nothing of another team's.
_SAFE: Mapping[str, _Rule] = {
    "months": _all_of_it,  # days, no figures
    "targets": _of_own,
    "cost_by_target": _OfOwnBut(hidden=("stand_alone",)),  # less its cost: what the others pay
    "change_by_target": _of_own,
    "coverage": _of_own,
    "target_by_month": _about_own,
    "metrics": _about_own_product,
    "used_by": _users_of_own,
    "claims_shown": _claims_of_own,
}


@dataclass(frozen=True, kw_only=True)
class _Work:
    """An answer of several questions: what makes it, what is set in place of what is given."""

    make: Callable[..., Answer]
    rule: _Rule
    given: Mapping[str, object]


_SAFE_WORK: Mapping[str, _Work] = {
    # The claims of a target of theirs, as far as they are about it.
    "declared": _Work(make=declared, rule=_about_own, given={}),
    # All of a level, of which theirs are kept: the dearest of the company may be none of theirs.
    "ranked": _Work(make=ranked, rule=_OfOwnBut(hidden=("stand_alone",)), given={"most": None}),
}
