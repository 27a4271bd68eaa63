"""The answers of a build as pandas frames: `lens = costlens.open(); lens.cost(by="feature")`."""

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from costlens.config import find_lake
from costlens.errors import CostLensError
from costlens.lake import Build, Lake
from costlens.questions.ask import Answer, Asked, open_build, set_rates
from costlens.questions.window import ALWAYS, Window, months, read_day
from costlens.times import months_after

if TYPE_CHECKING:
    from costlens.frame import Frame

LEVELS = ("feature", "model", "product")
_STAGES = ("pipeline", "stage", "team", "service", "class", "grade")
Day = str | date | datetime


def open_lens(path: Path | None, *, build: int | None) -> "Lens":
    """Open a build of a workspace; raise CostLensError where there is none."""
    lake = Lake(find_lake(path))
    return Lens(open_build(lake, build), lake)


class Lens:
    """One build, open for questions; it never changes, whatever is published later.

    Windows are days, `start` to `stop` (which no longer counts), each `2026-09-01` or `2026-09`, or
    billing months, `month="2026-10"` or `"2026-08..2026-10"`, which tie to the statement. `basis`
    is `effective` or `billed`, by default as costlens.yaml says. Amounts are `Decimal`, to the last
    digit; unknown ones are None. For one thread at a time.
    """

    def __init__(self, asked: Asked, lake: Lake) -> None:
        self._asked = asked
        self._lake = lake

    @property
    def build(self) -> Build:
        """The build that answers."""
        return self._asked.build

    def __repr__(self) -> str:
        at = f"{self.build.built_at:%Y-%m-%d %H:%M} UTC"
        return f"<build {self.build.number} of {self._lake.folder}, {at}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the files; frames stay."""
        self._asked.con.close()

    def cost(
        self,
        by: str = "feature",
        *,
        start: Day | None = None,
        stop: Day | None = None,
        month: str | None = None,
        basis: str | None = None,
        currency: str | None = None,
    ) -> "Frame":
        """Say what things cost; `allocated` sums to the bill.

        `by` is feature, model, product, pipeline, stage, team, service, class or grade.
        """
        _among(by, (*LEVELS, *_STAGES), "by")
        window = _window(start, stop, month)
        set_rates(self._asked.con, self.build, currency, window=window)
        try:
            answer = self._asked.ask(
                "cost_by_target" if by in LEVELS else "cost_by_stage",
                level=by,
                by=by,
                basis=self._basis(basis),
                **window.given,
            )
        finally:
            set_rates(self._asked.con, self.build, None)
        return self._frame(answer, f"Cost by {by}", window, self._basis(basis))

    def roi(
        self,
        by: str = "product",
        *,
        start: Day | None = None,
        stop: Day | None = None,
        month: str | None = None,
        basis: str | None = None,
        currency: str | None = None,
    ) -> "Frame":
        """Set cost against declared benefit; `cost` sums to the bill."""
        from costlens.questions.worth import roi

        _among(by, LEVELS, "by")
        window = _window(start, stop, month)
        answer = roi(
            self._asked, level=by, basis=self._basis(basis), window=window, currency=currency
        )
        return self._frame(answer, f"Cost and benefit by {by}", window, self._basis(basis))

    def explain(
        self,
        target: str,
        *,
        start: Day | None = None,
        stop: Day | None = None,
        month: str | None = None,
        basis: str | None = None,
        currency: str | None = None,
        lines: bool = False,
        most: int | None = 1000,
    ) -> "Frame":
        """Say why an amount is what it is: the ways by which cost came to `feature:NAME`.

        With `lines`, down to billing lines as billed; of each month the `most` dearest.
        """
        from costlens.questions.explaining import Why, explain_lines, explain_stages
        from costlens.questions.named import read_amount

        if lines and currency:
            raise CostLensError("lines are in the currency they were billed in: no currency")
        level, name = read_amount(self._asked, target)
        window = _window(start, stop, month)
        why = Why(level=level, target=name, basis=self._basis(basis), window=window)
        set_rates(self._asked.con, self.build, currency, window=window)
        try:
            answer = (
                explain_lines(self._asked, why, most=most)
                if lines
                else explain_stages(self._asked, why)
            )
        finally:
            set_rates(self._asked.con, self.build, None)
        return self._frame(answer, f"Why {target} costs what it does", window, why.basis)

    def statement(
        self,
        *,
        start: Day | None = None,
        stop: Day | None = None,
        month: str | None = None,
        by_class: bool = False,
        currency: str | None = None,
    ) -> "Frame":
        """Say where all of each bill went, in both bases; `difference` is always 0."""
        from costlens.questions.stating import state

        window = _window(start, stop, month)
        answer = state(self._asked, window=window, by_class=by_class, currency=currency)
        return self._frame(answer, "Statement", window, "both bases")

    def value(
        self,
        target: str,
        *,
        month: str | None = None,
        years: int | None = None,
        basis: str | None = None,
        currency: str | None = None,
    ) -> "Frame":
        """Say what one target costs in full and is worth, measure by measure."""
        from costlens.questions.appraise import value_of
        from costlens.questions.explaining import Why
        from costlens.questions.named import read_targets

        level, name = read_targets(self._asked, [target])[0]
        window = _window(None, None, month)
        why = Why(level=level, target=name, basis=self._basis(basis), window=window)
        answer = value_of(self._asked, why, years=years, currency=currency)
        return self._frame(answer, f"Value of {target}", window, why.basis)

    def portfolio(
        self,
        by: str = "product",
        *,
        start: Day | None = None,
        stop: Day | None = None,
        month: str | None = None,
        basis: str | None = None,
        currency: str | None = None,
    ) -> "Frame":
        """Advise what to keep and what to stop: what brings most beyond the stages it needs."""
        from costlens.questions.portfolio import portfolio

        _among(by, LEVELS, "by")
        window = _window(start, stop, month)
        answer = portfolio(
            self._asked, level=by, basis=self._basis(basis), window=window, currency=currency
        )
        return self._frame(answer, f"What to keep, by {by}", window, self._basis(basis))

    def whatif(
        self,
        changes: Mapping[str, object] | str | Path,
        by: str = "feature",
        *,
        start: Day | None = None,
        stop: Day | None = None,
        month: str | None = None,
        basis: str | None = None,
        currency: str | None = None,
    ) -> "Frame":
        """Say what things would cost and be worth if something were different; nothing is stored.

        `changes` is a mapping such as `{"drop": ["feature:a"]}`, or a YAML file of the same.
        """
        from costlens.config.changes import changes_of, read_changes
        from costlens.whatif import Question, what_if

        _among(by, (*LEVELS, "team"), "by")
        window = _window(start, stop, month)
        question = Question(level=by, basis=self._basis(basis), window=window, currency=currency)
        read = changes_of(changes) if isinstance(changes, Mapping) else read_changes(Path(changes))
        answer = what_if(self._lake, self.build, read, question)
        return self._frame(answer, f"What if, by {by}", window, question.basis)

    def findings(self) -> "Frame":
        """List what is wrong or missing in the build."""
        answer = self._asked.ask("findings", **ALWAYS.given)
        return self._frame(answer, "Findings", ALWAYS, "both bases")

    def sql(
        self, query: str, *, most: int | None = None, seconds: int | None = None, **given: object
    ) -> "Frame":
        """Answer one select in DuckDB's SQL over the tables of the build, and nothing else.

        `given` has values for `$name`s in it. More than `most` rows or `seconds` is an error.
        """
        from costlens.questions.free import ask_freely

        answer = ask_freely(
            self._lake, self.build, query, given=given, most=most, seconds=seconds, where="sql"
        )
        return self._frame(answer, "", ALWAYS, "")

    def _basis(self, basis: str | None) -> str:
        if basis is None:
            return str(self.build.settings["basis"])
        return _among(basis, ("effective", "billed"), "basis")

    def _frame(self, answer: Answer, title: str, window: Window, basis: str) -> "Frame":
        try:
            from costlens.frame import frame_of
        except ModuleNotFoundError as error:
            if error.name != "pandas":
                raise
            raise CostLensError(
                "pandas is not installed", hint="pip install 'costlens[pandas]'"
            ) from error
        said = " · ".join(
            part for part in (title, _words(window), basis, f"build {self.build.number}") if part
        )
        return frame_of(answer, said if title else "")


def _among(word: str, words: tuple[str, ...], name: str) -> str:
    if word not in words:
        raise CostLensError(f'{name} cannot be "{word}"', hint=f"write one of: {', '.join(words)}")
    return word


def _window(start: Day | None, stop: Day | None, month: str | None) -> Window:
    if month is not None:
        if start is not None or stop is not None:
            raise CostLensError("month goes without start and stop")
        try:
            return months(month)
        except ValueError as error:
            raise CostLensError(str(error)) from error
    window = Window(
        start=ALWAYS.start if start is None else _day(start),
        stop=ALWAYS.stop if stop is None else _day(stop),
    )
    if window.start >= window.stop:
        raise CostLensError(f"the window is empty: {window.start} is not before {window.stop}")
    return window


def _day(day: Day) -> date:
    if isinstance(day, datetime):  # which pandas' own times are
        return day.date()
    if isinstance(day, date):
        return day
    try:
        return read_day(day)
    except ValueError as error:
        raise CostLensError(str(error)) from error


def _words(window: Window) -> str:
    if window == ALWAYS:
        return "all days"
    if window.start == ALWAYS.start and window.stop == ALWAYS.stop:
        last = f"{months_after(date.fromisoformat(f'{window.after}-01'), -1):%Y-%m}"
        if last == window.first:
            return f"billing month {last}"
        return f"billing months {window.first}..{last}"
    start = "" if window.start == ALWAYS.start else f"from {window.start} "
    stop = "" if window.stop == ALWAYS.stop else f"until before {window.stop}"
    return f"{start}{stop}".strip()
