"""Claims and pools over days that need no bill, such as the years to come."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import pairwise

from costlens.errors import CostLensError
from costlens.money import UNIT
from costlens.questions.ask import Asked
from costlens.times import months_after, next_month

Span = tuple[str, date, date]  # a label, and the days [start, stop) that it stands for


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
class Plan:
    """Claims and pools of one target, or of all of a level, over days that need no bill."""

    asked: Asked
    level: str
    target: str | None  # all of the level where there is none
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
        return f"{self.level}:{self.target}"

    def years(self, begins: date, count: int) -> Iterator[Year]:
        """Give what is likely in each year from a day on."""
        edges = [months_after(begins, 12 * year) for year in range(count + 1)]
        spans = [(str(year), start, stop) for year, (start, stop) in enumerate(pairwise(edges))]
        benefits = self.sums("benefit", spans)
        pools = self.sums("cost", spans, but="once")
        for label, _, _ in spans:
            yield Year(
                benefit=sum((v for (_, at), v in benefits.items() if at == label), Fraction(0)),
                pools=sum((v for (_, at), v in pools.items() if at == label), Fraction(0)),
            )

    def pools(self, days: Sequence[Span]) -> Iterator[Pooled]:
        """Give each pool's part in the window, and what of it comes once."""
        spent: dict[str, Fraction] = {}
        for (name, _), value in self.sums("cost", days).items():
            spent[name] = spent.get(name, Fraction(0)) + value
        rows = self.asked.con.execute(
            "select claim, type, likely, per, valid_from, currency, "
            "from_json(shares, '\"MAP(VARCHAR, DECIMAL(38,12))\"')[$node] as part "
            "from claims where side = 'cost' and part > 0 order by claim",
            {"node": self._node},
        ).fetchall()
        for name, kind, amount, per, day, own, part in rows:
            once = (
                Fraction(amount) * Fraction(part) * self.rate(own, f"{day:%Y-%m}")
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

    def sums(
        self, side: str, spans: Sequence[Span], *, but: str = "", own: bool = False
    ) -> dict[tuple[str, str], Fraction]:
        """Add up what is likely by claim and span, whether or not its days were billed.

        `but` leaves claims per something out; `own` those parts that come by a share.
        """
        asked = self.asked
        asked.put_away("bill_days")
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
        asked.keep("benefits", side=side, level=self.level, evidence_level=level)
        found = asked.con.execute(
            "select b.claim, b.month, b.currency, sum(b.value) from benefits as b "
            "inner join claims as c on b.claim = c.claim and c.side = $side "
            "where ($target is null or b.name = $target) "
            "and b.figure = 'likely' and b.value is not null "
            "and c.per <> $but and (not $own or c.target = $level || ':' || b.name) "
            "group by all order by all",
            {
                "side": side,
                "target": self.target,
                "but": but,
                "own": own,
                "level": self.level,
            },
        ).fetchall()
        sums: dict[tuple[str, str], Fraction] = {}
        for claim, at, code, value in found:
            label, month = at.split(" ")
            amount = Fraction(int(value), UNIT) * self.rate(code, month)
            sums[claim, label] = sums.get((claim, label), Fraction(0)) + amount
        return sums

    def rate(self, own: str, month: str) -> Fraction:
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
