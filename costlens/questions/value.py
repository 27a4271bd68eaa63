"""What one target costs in full and brings in: the figures behind its measures, in one currency."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from costlens.money import UNIT
from costlens.questions.ask import Asked, Cell, set_rates
from costlens.questions.covering import coverage
from costlens.questions.explaining import Why, explain_stages
from costlens.questions.plans import Plan, Pooled, Year
from costlens.questions.worth import beside_benefits
from costlens.roi.chance import Spread
from costlens.times import last_day

Months = dict[str, Fraction]
_SQUARE = UNIT * UNIT  # of money in units times a rate in units


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
    low: Fraction | None  # of allocated, as far as bands of evidence are known
    high: Fraction | None
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
    metrics: tuple[dict[str, Cell], ...]  # of a product, as the question `metrics` answers
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
        known = _known(asked, why)
        days = asked.con.execute("select month, start, stop from bill_days order by all").fetchall()
    parts = _parts(asked, why, wanted)
    runs = asked.con.execute(
        "select billing_period, pipeline, count(distinct run) from explain_parts group by all"
    ).fetchall()
    plan = Plan(asked=asked, level=why.level, target=why.target, currency=wanted)
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
        low=_fraction(known.get("low")),
        high=_fraction(known.get("high")),
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
        metrics=tuple(_metrics(asked, why)),
        volumes=_volumes(asked, why),
    )


def _fraction(amount: Decimal | None) -> Fraction | None:
    return None if amount is None else Fraction(amount)


def _known(asked: Asked, why: Why) -> dict[str, Cell]:
    answer = coverage(asked, level=why.level, basis=why.basis, window=why.window)
    rows = (dict(zip(answer.columns, row, strict=True)) for row in answer.rows)
    return next((row for row in rows if row["name"] == why.target), {})


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


def _metrics(asked: Asked, why: Why) -> Iterator[dict[str, Cell]]:
    if why.level == "product":
        answer = asked.ask("metrics", target=why.target, **why.window.given)
        yield from (dict(zip(answer.columns, row, strict=True)) for row in answer.rows)


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
