"""What one target costs in full and brings in: the figures behind its measures, in one currency."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from costlens.errors import CostLensError
from costlens.money import UNIT
from costlens.questions.ask import Asked, Cell, set_rates
from costlens.questions.explaining import Why, explain_stages
from costlens.questions.worth import beside_benefits
from costlens.roi.chance import Spread
from costlens.times import last_day, months_after, next_month

Months = dict[str, Fraction]
Span = tuple[str, date, date]  # a label, and the days [start, stop) that it stands for
_SQUARE = UNIT * UNIT  # of money in units times a rate in units


@dataclass(frozen=True, kw_only=True)
class Pooled:
    """A declared pool: its part in the window, and, where it comes once, how much and when."""

    name: str
    kind: str
    amount: Fraction
    once: Fraction | None = None
    day: date | None = None


@dataclass(frozen=True, kw_only=True)
class Year:
    """A year of the plan: what benefits bring in it, and what pools that come again take."""

    benefit: Fraction
    pools: Fraction


@dataclass(frozen=True, kw_only=True)
class Part:
    """Cost of one month by one pipeline, class and policy; `is_alone`: nobody else needs it."""

    month: str
    pipeline: str | None
    kind: str
    step: str
    is_alone: bool
    value: Fraction


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What the measures of a target are made of, in one currency; None is unknown."""

    currency: str
    months: tuple[str, ...]  # of the window, those that were billed
    complete: tuple[str, ...]  # of those, the ones with a bill for every day
    allocated: Fraction
    avoidable: Fraction
    stand_alone: Fraction | None
    idle_share: Decimal | None
    benefit: Fraction | None
    evidenced: Fraction | None
    realised: Fraction | None
    spreads: tuple[Spread, ...]
    parts: tuple[Part, ...]  # of all months
    runs: dict[tuple[str, str], int]  # (month, pipeline) → how many of its runs it pays for
    lives: dict[str, int]  # pipeline → months that what it makes lasts
    pools: tuple[Pooled, ...]
    begins: date  # the first day of the plan
    known_until: date  # the first day without a bill
    years: tuple[Year, ...]
    volumes: dict[str, Months]  # measure → month → how much


def gather(
    asked: Asked, why: Why, *, years: int | None = None, currency: str | None = None
) -> Figures:
    """Gather the figures of a target for the months of a window."""
    kept = asked.build.settings["roi"]
    with beside_benefits(
        asked, level=why.level, basis=why.basis, window=why.window, currency=currency
    ) as wanted:
        worth = _row(asked, asked.ask("roi_by_target", currency=wanted).columns, why, wanted)
        cost = _row(asked, ("allocated", "avoidable", "stand_alone", "idle_share"), why, None)
        spreads = tuple(_spreads(asked, why.target))
        days = asked.con.execute("select month, start, stop from bill_days order by all").fetchall()
    parts = _parts(asked, why, wanted)
    runs = asked.con.execute(
        "select e.billing_period, p.pipeline, count(distinct e.run) from explain_parts as e "
        "inner join placements as p using (billing_period, placement) group by all"
    ).fetchall()
    plan = _Plan(asked=asked, why=why, currency=wanted)
    begins = plan.begins() or (days[0][1] if days else date.min)
    return Figures(
        currency=wanted,
        months=tuple(month for month, _, _ in days),
        complete=tuple(
            month for month, start, stop in days if (stop - start).days == last_day(month).day
        ),
        allocated=_fraction(cost["allocated"]) or Fraction(0),
        avoidable=_fraction(cost["avoidable"]) or Fraction(0),
        stand_alone=_fraction(cost["stand_alone"]),
        idle_share=cost["idle_share"],
        benefit=_fraction(worth["benefit"]),
        evidenced=_fraction(worth["evidenced"]),
        realised=_fraction(worth["realised"]),
        spreads=spreads,
        parts=parts,
        runs={(month, pipeline): count for month, pipeline, count in runs},
        lives=kept["lives"],
        pools=tuple(plan.pools([(month, start, stop) for month, start, stop in days])),
        begins=begins,
        known_until=days[-1][2] if days else begins,
        years=tuple(plan.years(begins, years or kept["years"])),
        volumes=_volumes(asked, why),
    )


def _fraction(amount: Decimal | None) -> Fraction | None:
    return None if amount is None else Fraction(amount)


def _row(asked: Asked, columns: Sequence[str], why: Why, currency: str | None) -> dict[str, Cell]:
    """Find a target in the answer to a question; what is not there is unknown."""
    question = "cost_by_target" if currency is None else "roi_by_target"
    given = {"currency": currency, "level": why.level, "basis": why.basis, **why.window.given}
    answer = asked.ask(question, **given)
    for row in answer.rows:
        found = dict(zip(answer.columns, row, strict=True))
        if found["name"] == why.target:
            return found
    return dict.fromkeys(columns)


def _spreads(asked: Asked, target: str) -> Iterator[Spread]:
    """Give what each claim brings in the window, with its range."""
    rows = asked.con.execute(
        "select c.shape, "
        "sum(b.value * r.rate) filter (b.figure = 'low'), "
        "sum(b.value * r.rate) filter (b.figure = 'likely'), "
        "sum(b.value * r.rate) filter (b.figure = 'high') "
        "from benefits as b inner join claims as c on b.claim = c.claim and c.side = 'benefit' "
        "inner join rates as r on b.month = r.month and b.currency = r.currency "
        "where b.name = $target and b.value is not null and b.figure in ('low', 'likely', 'high') "
        "group by c.claim, c.shape order by c.claim",
        {"target": target},
    ).fetchall()
    for shape, *ends in rows:
        low, likely, high = (Fraction(int(one), _SQUARE) for one in ends)
        yield Spread(shape=shape, low=low, likely=likely, high=high)


def _parts(asked: Asked, why: Why, currency: str) -> tuple[Part, ...]:
    """Take the whole cost of a target to pieces, from the first bill on."""
    with _rates(asked, currency):
        explain_stages(asked, Why(level=why.level, target=why.target, basis=why.basis))
        rows = asked.ask("parts_by_month", level=why.level, target=why.target, basis=why.basis).rows
    return tuple(
        Part(
            month=month,
            pipeline=pipeline,
            kind=kind,
            step=step,
            is_alone=is_alone,
            value=Fraction(int(value), _SQUARE),
        )
        for month, pipeline, kind, step, is_alone, value in rows
    )


@contextmanager
def _rates(asked: Asked, currency: str) -> Iterator[None]:
    set_rates(asked.con, asked.build, currency)
    try:
        yield
    finally:
        set_rates(asked.con, asked.build, None)


def _volumes(asked: Asked, why: Why) -> dict[str, Months]:
    """Count what consumers took of a target, by measure and month."""
    rows = asked.con.execute(
        "select measure, strftime(hour, '%Y-%m'), sum(quantity) from activity "
        "where target = $node group by all order by all",
        {"node": f"{why.level}:{why.target}"},
    ).fetchall()
    found: dict[str, Months] = {}
    for measure, month, quantity in rows:
        found.setdefault(measure, {})[month] = Fraction(quantity)
    return found


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """Claims and pools of a target, over days that need no bill."""

    asked: Asked
    why: Why
    currency: str

    def begins(self) -> date | None:
        """Find the first day of a claim, or of a pool that comes once."""
        mine = "target = $node or from_json(shares, '\"MAP(VARCHAR, DECIMAL(38,12))\"')[$node] > 0"
        (found,) = self.asked.con.execute(
            f"select min(valid_from) from claims where ({mine}) "
            "and (side = 'benefit' or per = 'once')",
            {"node": self._node},
        ).fetchone() or (None,)
        return found if isinstance(found, date) else None

    @property
    def _node(self) -> str:
        return f"{self.why.level}:{self.why.target}"

    def years(self, begins: date, count: int) -> Iterator[Year]:
        """Give what is likely in each year from a day on."""
        edges = [months_after(begins, 12 * year) for year in range(count + 1)]
        spans = [(str(year), start, stop) for year, (start, stop) in enumerate(pairwise(edges))]
        benefits = self._sums("benefit", spans)
        pools = self._sums("cost", spans, but="once")
        for label, _, _ in spans:
            yield Year(
                benefit=sum((v for (_, at), v in benefits.items() if at == label), Fraction(0)),
                pools=sum((v for (_, at), v in pools.items() if at == label), Fraction(0)),
            )

    def pools(self, days: Sequence[Span]) -> Iterator[Pooled]:
        """Give each pool's part in the window, and what of it comes once."""
        spent: dict[str, Fraction] = {}
        for (name, _), value in self._sums("cost", days).items():
            spent[name] = spent.get(name, Fraction(0)) + value
        rows = self.asked.con.execute(
            "select claim, type, likely, per, valid_from, currency, "
            "from_json(shares, '\"MAP(VARCHAR, DECIMAL(38,12))\"')[$node] as part "
            "from claims where side = 'cost' and part > 0 order by claim",
            {"node": self._node},
        ).fetchall()
        for name, kind, amount, per, day, own, part in rows:
            once = (
                Fraction(amount) * Fraction(part) * self._rate(own, f"{day:%Y-%m}")
                if per == "once"
                else None
            )
            yield Pooled(
                name=name,
                kind=kind,
                amount=spent.get(name, Fraction(0)),
                once=once,
                day=day if per == "once" else None,
            )

    def _sums(
        self, side: str, spans: Sequence[Span], *, but: str = ""
    ) -> dict[tuple[str, str], Fraction]:
        """Add up what is likely by claim and span, whether or not its days were billed."""
        asked = self.asked
        asked.con.execute(
            "create or replace temp table bill_days "
            "(month varchar, first_day date, start date, stop date)"
        )
        rows = [
            (f"{label} {month}", f"{month}-01", max(start, first), min(stop, after))
            for label, start, stop in spans
            for month, first, after in _months(start, stop)
        ]
        if not rows:
            return {}
        asked.con.executemany("insert into bill_days values (?, ?, ?, ?)", rows)
        level = asked.build.settings["roi"]["evidence_level"]
        asked.keep("benefits", side=side, level=self.why.level, evidence_level=level)
        found = asked.con.execute(
            "select b.claim, b.month, b.currency, sum(b.value) from benefits as b "
            "inner join claims as c on b.claim = c.claim and c.side = $side "
            "where b.name = $target and b.figure = 'likely' and b.value is not null "
            "and c.per <> $but group by all order by all",
            {"side": side, "target": self.why.target, "but": but},
        ).fetchall()
        sums: dict[tuple[str, str], Fraction] = {}
        for claim, at, own, value in found:
            label, month = at.split(" ")
            amount = Fraction(int(value), UNIT) * self._rate(own, month)
            sums[claim, label] = sums.get((claim, label), Fraction(0)) + amount
        return sums

    def _rate(self, own: str, month: str) -> Fraction:
        """Give the rate of a month; of one that has none yet, that of the month nearest to it."""
        if own == self.currency:
            return Fraction(1)
        known = sorted(
            (rate["month"], Fraction(rate["rate"]))
            for rate in self.asked.build.settings["fx"]
            if (rate["from"], rate["to"]) == (own, self.currency)
        )
        if not known:
            raise CostLensError(
                f"no rate from {own} to {self.currency} for {month}",
                where="fx.csv",
                hint=f"add the line: {month},{own},{self.currency},<rate>, then run: "
                "costlens refresh",
            )
        before = [rate for at, rate in known if at <= month]
        return before[-1] if before else known[0][1]


def _months(start: date, stop: date) -> Iterator[Span]:
    """Give the calendar months that days touch, each with its first day and that of the next."""
    month = f"{start:%Y-%m}"
    while (first := date.fromisoformat(f"{month}-01")) < stop:
        month_after = next_month(month)
        yield month, first, date.fromisoformat(f"{month_after}-01")
        month = month_after
