"""The answers of a build as pandas frames: `lens = costlens.open(); lens.cost(by="feature")`."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from costlens.config import find_lake
from costlens.errors import CostLensError
from costlens.given import (
    Amounts,
    Days,
    DaysAndMoney,
    InBasis,
    Money,
    Months,
    Scope,
    among,
    one_month,
    spelled_out,
)
from costlens.lake import Lake
from costlens.opened import Opened
from costlens.questions import watching
from costlens.questions.ask import in_currency, open_build
from costlens.questions.costs import HORIZONS, LEVELS, STAGES
from costlens.questions.named import read_amount, read_targets
from costlens.questions.savings import ALIKE, UNREAD_DAYS

if TYPE_CHECKING:
    from costlens.frame import Frame

_LINES = 1000


def open_lens(path: Path | None, *, build: int | None) -> "Lens":
    """Open a build of a workspace; raise CostLensError where there is none."""
    lake = Lake(find_lake(path))
    return Lens(open_build(lake, build), lake, path)


class Lens(Opened):
    """One build, open for questions; it never changes, whatever is published later.

    Windows are days, `start` to `stop` (which no longer counts), each `2026-09-01` or `2026-09`, or
    billing months, `month="2026-10"` or `"2026-08..2026-10"`, which tie to the statement. `basis`
    is `effective` or `billed`, by default as costlens.yaml says. Amounts are `Decimal`, to the last
    digit; unknown ones are None. Each method answers what the command of its name does; what is
    said there of columns holds here. For one thread at a time.
    """

    @spelled_out
    def statement(self, by: str | None = None, **scope: Unpack[DaysAndMoney]) -> "Frame":
        """Say where all of each bill went, in both bases; `by` may be class."""
        from costlens.questions.stating import state

        if by is not None:
            among(by, ("class",), "by")
        at = self._read(**scope)
        answer = state(self._asked, window=at.window, by_class=by == "class", currency=at.currency)
        return self._frame(answer, "Statement", at, "both bases")

    @spelled_out
    def cost(self, by: str = "feature", **scope: Unpack[Scope]) -> "Frame":
        """Say what things cost; `allocated` sums to the bill.

        `by` is feature, model, product, pipeline, stage, team, service, class or grade.
        """
        from costlens.questions.costs import cost

        among(by, (*LEVELS, *STAGES), "by")
        at = self._read(**scope)
        return self._frame(cost(self._asked, by=by, **vars(at)), f"Cost by {by}", at)

    @spelled_out
    def coverage(self, by: str = "feature", **scope: Unpack[Scope]) -> "Frame":
        """Say how well each number is known: cost by grade of evidence; `by` may be bill."""
        from costlens.questions.covering import coverage

        among(by, (*LEVELS, "bill"), "by")
        at = self._read(**scope)
        with in_currency(self._asked, at.currency, at.window):
            answer = coverage(self._asked, level=by, basis=at.basis, window=at.window)
        return self._frame(answer, f"Evidence by {by}", at)

    @spelled_out
    def roi(self, by: str = "product", **scope: Unpack[Scope]) -> "Frame":
        """Set cost against declared benefit; `cost` sums to the bill."""
        from costlens.questions.worth import roi

        at = self._read(**scope)
        answer = roi(self._asked, level=_level(by), **vars(at))
        return self._frame(answer, f"Cost and benefit by {by}", at)

    @spelled_out
    def value(self, target: str, *, years: int | None = None, **scope: Unpack[Months]) -> "Frame":
        """Say what one target costs in full and is worth, measure by measure."""
        from costlens.questions.appraise import value_of
        from costlens.questions.explaining import Why

        level, name = read_targets(self._asked, [target])[0]
        at = self._read(**scope)
        why = Why(level=level, target=name, basis=at.basis, window=at.window)
        answer = value_of(self._asked, why, years=years, currency=at.currency)
        return self._frame(answer, f"Value of {target}", at)

    @spelled_out
    def realisation(self, **scope: Unpack[Money]) -> "Frame":
        """Say how much of what was declared came in, by type, over claims whose time is over."""
        from costlens.questions.realisation import realisation

        at = self._read(**scope)
        answer = realisation(self._asked, currency=at.currency)
        return self._frame(answer, "Realisation", at, "")

    @spelled_out
    def avoidable(
        self, *targets: str, horizon: str = "commitment", **scope: Unpack[Scope]
    ) -> "Frame":
        """Say what is saved if targets go, each alone and all; `horizon` says what counts.

        Saved `now` is what stops with the work; at the next `resize` capacity too; at the end of
        a `commitment` all.
        """
        from costlens.questions.costs import avoidable

        if not targets:
            raise CostLensError("no target is named", hint='write avoidable("feature:NAME")')
        among(horizon, HORIZONS, "horizon")
        at = self._read(**scope)
        answer = avoidable(self._asked, targets, horizon=horizon, **vars(at))
        return self._frame(answer, f"Saved without {', '.join(targets)}", at)

    @spelled_out
    def portfolio(self, by: str = "product", **scope: Unpack[Scope]) -> "Frame":
        """Advise what to keep and what to stop: what brings most beyond the stages it needs."""
        from costlens.questions.portfolio import portfolio

        at = self._read(**scope)
        answer = portfolio(self._asked, level=_level(by), **vars(at))
        return self._frame(answer, f"What to keep, by {by}", at)

    @spelled_out
    def savings(
        self,
        by: str = "feature",
        *,
        unread_days: int = UNREAD_DAYS,
        alike: Decimal | str = ALIKE,
        **scope: Unpack[Scope],
    ) -> "Frame":
        """List where money could be saved, the most first, and whom to ask; they overlap."""
        from costlens.questions.savings import savings

        at = self._read(**scope)
        answer = savings(
            self._asked,
            level=_level(by),
            unread_days=unread_days,
            alike=Decimal(alike),
            **vars(at),
        )
        return self._frame(answer, f"Savings by {by}", at)

    @spelled_out
    def whatif(
        self,
        changes: Mapping[str, object] | str | Path,
        by: str = "feature",
        **scope: Unpack[Scope],
    ) -> "Frame":
        """Say what things would cost and be worth if something were different; nothing is stored.

        `changes` is a mapping such as `{"drop": ["feature:a"]}`, or a YAML file of the same; `by`
        may be team.
        """
        from costlens.config.changes import changes_of, read_changes
        from costlens.whatif import Question, what_if

        among(by, (*LEVELS, "team"), "by")
        at = self._read(**scope)
        wanted = (
            changes_of(changes) if isinstance(changes, Mapping) else read_changes(Path(changes))
        )
        answer = what_if(self._lake, self.build, wanted, Question(level=by, **vars(at)))
        return self._frame(answer, f"What if, by {by}", at)

    @spelled_out
    def budget(self, month: str | None = None, **scope: Unpack[Amounts]) -> "Frame":
        """Hold budgets against what was spent, in the newest billed month or another."""
        at = self._read(**scope)
        chosen = None if month is None else one_month(month)
        answer = watching.budgets(self._asked, basis=at.basis, month=chosen, currency=at.currency)
        return self._frame(answer, "Budgets", at)

    @spelled_out
    def forecast(self, by: str = "bill", **scope: Unpack[Amounts]) -> "Frame":
        """Say what this month and quarter will have cost; `by` is bill, team or a level."""
        among(by, ("bill", "team", *reversed(LEVELS)), "by")
        at = self._read(**scope)
        answer = watching.forecast(self._asked, by=by, basis=at.basis, currency=at.currency)
        return self._frame(answer, f"Forecast by {by}", at)

    @spelled_out
    def alerts(
        self,
        by: str = "feature",
        *,
        days: int = watching.DAYS,
        factor: Decimal | str = watching.FACTOR,
        least: Decimal | str = watching.LEAST,
        drift: Decimal | str = watching.DRIFT,
        **scope: Unpack[Amounts],
    ) -> "Frame":
        """List what somebody should look at: budgets, unusual days, units whose cost drifts."""
        at = self._read(**scope)
        answer = watching.alerts(
            self._asked,
            level=_level(by),
            basis=at.basis,
            currency=at.currency,
            days=days,
            factor=Decimal(factor),
            least=Decimal(least),
            drift=Decimal(drift),
        )
        return self._frame(answer, f"Alerts by {by}", at)

    @spelled_out
    def sensitivity(
        self,
        by: str = "feature",
        *,
        methods: bool = False,
        pairs: bool = False,
        **scope: Unpack[Scope],
    ) -> "Frame":
        """Say whether ranks hold under other rules; `methods` and `pairs` are other tables."""
        from costlens.questions.costs import sensitivity

        if methods and pairs:
            raise CostLensError("methods and pairs are two tables: ask for one")
        table = (
            "sensitivity_pairs" if pairs else "sensitivity_methods" if methods else "sensitivity"
        )
        at = self._read(**scope)
        answer = sensitivity(self._asked, level=_level(by), table=table, **vars(at))
        return self._frame(answer, f"Under other rules, by {by}", at)

    @spelled_out
    def measure_next(self, by: str = "feature", **scope: Unpack[Scope]) -> "Frame":
        """Say whose better measurement would move most money, and what to measure."""
        from costlens.questions.costs import measure_next

        at = self._read(**scope)
        answer = measure_next(self._asked, level=_level(by), **vars(at))
        return self._frame(answer, f"What to measure next, by {by}", at)

    @spelled_out
    def explain(
        self,
        amount: str,
        *,
        stage: str | None = None,
        service: str | None = None,
        class_: str | None = None,
        lines: bool = False,
        most: int | None = _LINES,
        **scope: Unpack[Scope],
    ) -> "Frame":
        """Say why an amount is what it is: the ways by which cost came to `feature:NAME`.

        `stage` and `service` (patterns) and `class_` narrow it. With `lines`, down to billing
        lines as billed; of each month the `most` dearest.
        """
        from costlens.questions.explaining import Why, explain_lines, explain_stages

        at = self._read(**scope)
        if lines and at.currency:
            raise CostLensError("lines are in the currency they were billed in: no currency")
        level, name = read_amount(self._asked, amount)
        narrowed = {"stage": stage, "service": service, "kind": class_}
        why = Why(level=level, target=name, basis=at.basis, window=at.window, **narrowed)
        with in_currency(self._asked, at.currency, at.window):
            answer = (
                explain_lines(self._asked, why, most=most or None)
                if lines
                else explain_stages(self._asked, why)
            )
        return self._frame(answer, f"Why {amount} costs what it does", at)

    @spelled_out
    def compare(
        self,
        before: int,
        after: int | None = None,
        by: str = "feature",
        **scope: Unpack[Scope],
    ) -> "Frame":
        """Split what changed from build `before` to `after`, or this one, into its causes."""
        from costlens.comparing import Sides, compare

        at = self._read(**scope)
        sides = Sides(
            before=self._lake.build(before),
            after=self.build if after is None else self._lake.build(after),
            level=_level(by),
            **vars(at),
        )
        return self._frame(compare(self._lake, sides), f"Since build {before}, by {by}", at)

    @spelled_out
    def trace(self, line: str, **scope: Unpack[InBasis]) -> "Frame":
        """Say where one billing line (source:period:number) went, at every level."""
        from costlens.questions.explaining import trace_line

        at = self._read(**scope)
        answer = trace_line(self._asked, line, basis=at.basis)
        return self._frame(answer, f"Line {line}", at)

    @spelled_out
    def runs(
        self, *, pipeline: str | None = None, explain: str | None = None, **scope: Unpack[Days]
    ) -> "Frame":
        """List runs and their own time; or `explain` one: what it is in, and what is in it."""
        from costlens.questions.runs import explain_run, list_runs

        at = self._read(**scope)
        answer = (
            list_runs(self._asked, at.window, pipeline=pipeline)
            if explain is None
            else explain_run(self._asked, explain)
        )
        return self._frame(answer, "Runs", at, "")

    def findings(self) -> "Frame":
        """List what is wrong or missing in the build."""
        return self._plain("findings", "Findings")

    def months(self) -> "Frame":
        """List the billing months: how far the bill reaches, and which are closed."""
        return self._plain("months_closed", "Months")

    @spelled_out
    def loads(self, **scope: Unpack[Days]) -> "Frame":
        """List every delivery of every source and month, and what each one restated."""
        at = self._read(**scope)
        answer = self._asked.ask("loads", **at.window.given)
        return self._frame(answer, "Deliveries", at, "both bases")

    def sources(self) -> "Frame":
        """List the sources of costlens.yaml: how new, how much, and what was noted."""
        from costlens.questions.published import sources_of

        answer = sources_of(self._asked, self._path)
        return self._frame(answer, "Sources", self._read(), "both bases")

    def builds(self) -> "Frame":
        """List the published builds, later ones too, with the bills that each one ties to."""
        from costlens.questions.published import published

        return self._frame(published(self._lake), "Builds", self._read(), "both bases")

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
        return self._frame(answer, "", self._read(), "")


def _level(by: str) -> str:
    return among(by, LEVELS, "by")
