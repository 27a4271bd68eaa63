"""The measures of one target, each with its cost base in its name, and how it is made in words."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

from costlens.money import exactly, plain
from costlens.questions.ask import Answer, Asked
from costlens.questions.explaining import Why
from costlens.questions.value import Figures, Part, gather
from costlens.roi.chance import Sum, apart, together, worth_knowing
from costlens.roi.measures import (
    discounted,
    internal_rate,
    invests,
    payback,
    present,
    ratio,
    turns,
)
from costlens.times import months_after

_NO_RATE = "set a rate in costlens.yaml, such as roi: {discount_rate: 0.08}"
_NO_MONTH = "no month of this window has a bill for every day"
_NOT_INVESTED = "it brings before it costs: there is nothing to pay back"
_NO_BENEFIT = "no benefit in money is declared"
Row = tuple[str, str, Fraction | Decimal | None, str, str]  # about, measure, amount, unit, how


@dataclass(frozen=True, kw_only=True)
class Assumed:
    """What the figures do not say: the rate a year, and the random cases of sums."""

    rate: Fraction | None
    seed: int
    draws: int


def value_of(
    asked: Asked, why: Why, *, years: int | None = None, currency: str | None = None
) -> Answer:
    """Say what one target costs in full and is worth, by the rate and seed of the build."""
    kept = asked.build.settings["roi"]
    rate = kept["discount_rate"]
    assumed = Assumed(
        rate=None if rate is None else Fraction(rate), seed=kept["seed"], draws=kept["draws"]
    )
    return appraise(gather(asked, why, years=years, currency=currency), assumed)


def appraise(found: Figures, assumed: Assumed) -> Answer:
    """List every measure that can be made, and of the others why not."""
    made = _Measures(found=found, assumed=assumed)
    rows = (
        *made.success(),
        *made.cost(),
        *made.benefit(),
        *made.window(),
        *made.plan(),
        *made.units(),
    )
    return Answer(
        columns=("about", "measure", "amount", "unit", "how"),
        types=("VARCHAR", "VARCHAR", "DECIMAL(38,12)", "VARCHAR", "VARCHAR"),
        rows=tuple(
            (about, measure, exactly(amount) if isinstance(amount, Fraction) else amount, unit, how)
            for about, measure, amount, unit, how in (*rows, *made.chances())
        ),
    )


@dataclass(frozen=True, kw_only=True)
class _Measures:
    found: Figures
    assumed: Assumed

    @property
    def money(self) -> str:
        return self.found.currency

    def spent(self, parts: Iterable[Part]) -> Fraction:
        return sum((part.value for part in parts), Fraction(0))

    @cached_property
    def here(self) -> tuple[Part, ...]:
        return tuple(part for part in self.found.parts if part.month in self.found.months)

    def builds(self, part: Part) -> bool:
        """Say whether a part is spent on what lasts."""
        return part.pipeline in self.found.lives

    def worn(self, months: Iterable[str]) -> Fraction:
        """Give the part of what lasts that these months use up, each month of its life alike."""
        wanted = [_number(month) for month in months]
        worn = Fraction(0)
        for part in filter(self.builds, self.found.parts):
            life, bought = self.found.lives[part.pipeline or ""], _number(part.month)
            worn += part.value * Fraction(sum(0 <= at - bought < life for at in wanted), life)
        return worn

    @cached_property
    def full(self) -> Fraction:
        """Give the cost of the window with what lasts spread over its life, and with pools."""
        bought = self.spent(filter(self.builds, self.here))
        pools = sum((pool.amount for pool in self.found.pools), Fraction(0))
        return self.found.allocated - bought + self.worn(self.found.months) + pools

    @cached_property
    def rates(self) -> tuple[Fraction, Fraction] | None:
        """Give what a month costs to run, allocated and avoidable: the last with a whole bill."""
        if not self.found.complete:
            return None
        month = self.found.complete[-1]
        runs = [part for part in self.found.parts if part.month == month and not self.builds(part)]
        alone = self.spent(part for part in runs if part.is_alone)
        return self.spent(runs) + self.worn([month]), alone

    def success(self) -> Iterator[Row]:
        """Tell what it is to achieve, and what is worked on for it."""
        moved = {row["metric"]: row["moved"] for row in self.found.metrics if not row["under"]}
        for row in self.found.metrics:
            high = row["under"]
            name = f"{high} / {row['metric']}" if high else row["metric"]
            said = [f"worked on for {high}"] if high else ["what it is for"]
            said += [f"of {row['of']}"] if row["of"] else []
            if row["goal"] is not None:
                reached = {True: ", reached", False: ", missed"}.get(row["is_reached"], "")
                said.append(f"goal {plain(row['goal'])}{reached}")
            if row["value"] is None:
                said.append("no value in metrics.csv for this window")
            elif row["moved"]:
                said.append(f"{row['moved']} than in {row['first_month']}: {plain(row['was'])}")
            if row["moved"] == "better" and high and moved.get(high) == "worse":
                said.append(f"while {high} became worse")
            yield "success", name, row["value"], row["unit"] or "", "; ".join(said)

    def cost(self) -> Iterator[Row]:
        """Tell the cost side in full."""
        found, money = self.found, self.money
        yield "cost", "allocated", found.allocated, money, "its fair share of the bill"
        measured = (
            "allocated, less and more what better measuring moves"
            if found.low is not None
            else ("no split here says what better measuring moves")
        )
        yield "cost", "allocated_low", found.low, money, measured
        yield "cost", "allocated_high", found.high, money, measured
        yield "cost", "avoidable", found.avoidable, money, "what goes if this alone goes"
        yield (
            "cost",
            "stand_alone",
            found.stand_alone,
            money,
            "all that it needs, shared with nobody",
        )
        failed = self.spent(part for part in self.here if part.kind == "waste")
        yield "cost", "failed", failed, money, "in allocated: failed, killed and repeated work"
        for step in sorted({part.step for part in self.here} - {"own"}):
            given = self.spent(part for part in self.here if part.step == step)
            yield "cost", step, given, money, "in allocated: given by policy"
        how = "unknown: a resource of it says no capacity"
        how = how if found.idle_share is None else "its part of idle, of both together; shown"
        yield "cost", "idle_beside", found.idle_share, "ratio", how
        bought = self.spent(filter(self.builds, self.here))
        if found.lives:
            yield "cost", "building_cash", bought, money, "in allocated: spent on what lasts"
            worn = self.worn(found.months)
            yield "cost", "building_amortised", worn, money, "spread over the months it lasts"
        for pool in found.pools:
            yield "cost", pool.name, pool.amount, money, f"declared, grade D: {pool.kind}"
        yield "cost", "full", self.full, money, "allocated and pools; what lasts is amortised"
        run, alone = self.rates or (None, None)
        of = f"of {found.complete[-1]}, a whole month" if found.complete else _NO_MONTH
        yield "cost", "run_rate_allocated", run, f"{money} a month", of
        yield "cost", "run_rate_avoidable", alone, f"{money} a month", f"{of}, without building"
        yield "cost", "to_date", self.spent(found.parts), money, "allocated since the first bill"
        yield "cost", "sunk", self.sunk, money, "built to date; in no keep-or-stop figure"

    @property
    def sunk(self) -> Fraction:
        """Give what building took to date, by bill and by pools that came once."""
        bought = self.spent(filter(self.builds, self.found.parts))
        return bought + sum(
            (pool.once or Fraction(0) for pool in self.found.pools if self.is_sunk(pool.day)),
            Fraction(0),
        )

    def is_sunk(self, day: date | None) -> bool:
        return day is not None and day < self.found.known_until

    def benefit(self) -> Iterator[Row]:
        """Tell what comes in: declared, evidenced and realised, never added."""
        found, money = self.found, self.money
        yield (
            "benefit",
            "declared",
            found.benefit,
            money,
            "likely" if found.spreads else _NO_BENEFIT,
        )
        yield "benefit", "evidenced", found.evidenced, money, "by level of evidence, once each"
        how = (
            "realised.csv says nothing of it" if found.realised is None else "as realised.csv says"
        )
        yield "benefit", "realised", found.realised, money, how

    def window(self) -> Iterator[Row]:
        """Hold benefit against cost in the window, nothing discounted."""
        found, money = self.found, self.money
        bases = (
            ("avoidable", found.avoidable),
            ("allocated", found.allocated),
            ("full", self.full),
        )
        for base, cost in bases:
            net = None if found.benefit is None else found.benefit - cost
            yield "window", f"net_{base}", net, money, f"declared less {base}"
        for base, cost in bases[1:]:
            net = None if found.benefit is None else ratio(found.benefit - cost, cost)
            yield "window", f"roi_{base}", net, "ratio", f"net for each unit of {base}"
        how = "what it must bring here to be worth it"
        for base, amount in (*bases[:2], ("stand_alone", found.stand_alone)):
            yield "window", f"break_even_{base}", amount, money, how

    def plan(self) -> Iterator[Row]:
        """Look some years ahead from the first day of a claim or of building."""
        found, rate, money = self.found, self.assumed.rate, self.money
        measures = (
            *(("npv_avoidable", money), ("npv_full", money), ("roi_undiscounted_full", "ratio")),
            *(("roi_pv_full", "ratio"), ("bcr_full", "ratio"), ("payback_full", "years")),
            *(("discounted_payback_full", "years"), ("irr_full", "ratio")),
        )
        if self.rates is None or not (found.spreads or any(year.benefit for year in found.years)):
            yield "plan", "npv_full", None, money, _NO_BENEFIT if self.rates else _NO_MONTH
            return
        run, alone = self.rates
        brings = [Fraction(0), *(year.benefit for year in found.years)]
        pools = [Fraction(0), *(year.pools for year in found.years)]
        once, to_come = self.once(sunk=True), self.once(sunk=False)
        months = [0] + [12] * len(found.years)
        costs = [p + o + run * m for p, o, m in zip(pools, once, months, strict=True)]
        net = [b - c for b, c in zip(brings, costs, strict=True)]
        ahead = [
            b - p - o - alone * m for b, p, o, m in zip(brings, pools, to_come, months, strict=True)
        ]
        over = f"{len(found.years)} years from {found.begins}"
        at = f"{over}, at {exactly(rate).normalize():f}" if rate is not None else _NO_RATE
        worth = None if rate is None else (present(brings, rate), present(costs, rate))
        roi = ratio(sum(net, Fraction(0)), sum(costs, Fraction(0)))
        later = None if rate is None else payback(discounted(net, rate))
        internal, why = self.internal(net)
        amounts: tuple[tuple[Fraction | None, str], ...] = (
            (
                present(ahead, rate) if rate is not None else None,
                f"{at}; nothing sunk" if rate is not None else at,
            ),
            (worth[0] - worth[1] if worth else None, at),
            (roi, f"{over}; net for each unit of full cost"),
            (ratio(worth[0] - worth[1], worth[1]) if worth else None, at),
            (ratio(*worth) if worth else None, at),
            (payback(net), over if payback(net) is not None else self.no_payback(net)),
            (later, at if later is not None or rate is None else self.no_payback(net)),
            (internal, why or over),
        )
        for (name, unit), (amount, how) in zip(measures, amounts, strict=True):
            yield "plan", name, amount, unit, how

    def once(self, *, sunk: bool) -> list[Fraction]:
        """Give what pools that come once take, by year; without those sunk where it says so."""
        found = self.found
        taken = [Fraction(0)] * (len(found.years) + 1)
        for pool in found.pools:
            if pool.once is None or pool.day is None or (self.is_sunk(pool.day) and not sunk):
                continue
            for year in range(len(taken)):
                if pool.day <= months_after(found.begins, 12 * year):
                    taken[year] += pool.once
                    break
        return taken

    @staticmethod
    def internal(net: list[Fraction]) -> tuple[Fraction | None, str]:
        """Give the internal rate where there is one and no more, else why not."""
        if turns(net) == 1 and not invests(net):
            return None, _NOT_INVESTED
        if turns(net) == 1:
            found = internal_rate(net)
            return found, "" if found is not None else "it is beyond any rate that means something"
        said = "never" if turns(net) == 0 else f"{turns(net)} times"
        return None, f"the yearly flow changes its sign {said}: there is no one rate"

    @staticmethod
    def no_payback(net: list[Fraction]) -> str:
        if not invests(net):
            return _NOT_INVESTED
        return "it does not pay back in these years"

    def units(self) -> Iterator[Row]:
        """Give the cost of a thousand of what is counted, on average and of the next ones."""
        found = self.found
        for measure, volumes in found.volumes.items():
            here = sum((volumes.get(month, Fraction(0)) for month in found.months), Fraction(0))
            for base, cost in (("allocated", found.allocated), ("full", self.full)):
                unit = f"{self.money} per 1,000 {measure}"
                each = ratio(cost * 1000, here)
                how = f"of {exactly(here).normalize():f} in the window"
                yield "unit", f"cost_{base}_per_1000_{measure}", each, unit, how
            marginal, how = self.marginal(volumes)
            yield "unit", f"marginal_cost_avoidable_per_1000_{measure}", marginal, unit, how
        runs = sum(
            count
            for (month, pipeline), count in found.runs.items()
            if month in found.months and pipeline in found.lives
        )
        if runs:
            bought = self.spent(filter(self.builds, self.here))
            unit = f"{self.money} per run"
            yield "unit", "cost_allocated_per_training_run", bought / runs, unit, f"of {runs} runs"

    def marginal(self, volumes: dict[str, Fraction]) -> tuple[Fraction | None, str]:
        """Give what a thousand more cost: between the last two months with a whole bill."""
        if len(self.found.complete) < 2:
            return None, "it takes two months with a bill for every day"
        first, last = self.found.complete[-2:]
        more = volumes.get(last, Fraction(0)) - volumes.get(first, Fraction(0))
        if not more:
            return None, f"as many in {last} as in {first}"
        cost = [
            self.spent(part for part in self.found.parts if part.month == month and part.is_alone)
            for month in (first, last)
        ]
        return (cost[1] - cost[0]) * 1000 / more, f"between {first} and {last}"

    def chances(self) -> Iterator[Row]:
        """Tell how sure the window's benefit is, and what it is worth to know it better."""
        found, assumed = self.found, self.assumed
        if all(one.is_sure for one in found.spreads):
            return
        seeded = {"seed": assumed.seed, "draws": assumed.draws}
        said = f"{assumed.draws} random cases of seed {assumed.seed}"
        if len(found.spreads) == 1:
            cases = [("", "in closed form", together)]
        else:
            cases = [("_dependent", "all rise and fall as one", together)]
            alone = lambda spreads, cost: apart(spreads, cost, **seeded)  # noqa: E731
            cases.append(("_independent", said, alone))
        for name, how, add in cases:
            whole: Sum = add(found.spreads, found.allocated)
            for point, amount in zip(("p10", "p50", "p90"), whole.points, strict=True):
                net = amount - found.allocated
                yield "chance", f"benefit_{point}{name}", amount, self.money, how
                yield "chance", f"net_allocated_{point}{name}", net, self.money, how
                each = ratio(net, found.allocated)
                yield "chance", f"roi_allocated_{point}{name}", each, "ratio", how
            yield "chance", f"loss_allocated{name}", whole.below, "probability", how
            lost = add(found.spreads, found.avoidable).below
            yield "chance", f"loss_avoidable{name}", lost, "probability", how
        mean = sum((one.mean for one in found.spreads), Fraction(0)) - found.avoidable
        variance = sum((one.variance for one in found.spreads), Fraction(0))
        evpi = worth_knowing(mean, variance)
        yield "chance", "evpi_avoidable", evpi, self.money, "an experiment is worth at most this"


def _number(month: str) -> int:
    return int(month[:4]) * 12 + int(month[5:])
