"""The reference: attempts as the logs tell of them, and what is nested in what.

Written from design.md ("Rules of the flow") and the rules on several sources, not from the SQL.
"""

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from functools import cached_property

from worlds import Row, World, moment

from costlens.config.values import Capacity, Catalogue, Pipeline

Job = tuple[str, str, str, str]  # source, execution, part, class
Part = tuple[str, str, str]  # source, execution (pipeline/run), part
Execution = tuple[str, str]
Span = tuple[int, int]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(text: str | datetime) -> int:
    gone = moment(text).replace(tzinfo=UTC) - _EPOCH
    return (gone.days * 86400 + gone.seconds) * 1_000_000 + gone.microseconds


def exact(value: object) -> Fraction | None:
    return None if value is None else Fraction(str(value))


def fits(value: str | None, pattern: str) -> bool:
    """Match a glob of * and ?, case folded."""
    if value is None:
        return False
    regex = "".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in pattern.lower())
    return re.fullmatch(regex, value.lower(), re.DOTALL) is not None


WEIGHTS = {"vcpu": 9, "memory_gb": 1, "gpu": 90}


def units_of(held: object) -> dict[str, Fraction]:
    """Weigh the units of a capacity or of a row of attempts, those that it has any of."""
    told = held if isinstance(held, dict) else vars(held) if held else {}
    amounts = {unit: exact(told.get(unit)) for unit in WEIGHTS}
    return {unit: WEIGHTS[unit] * amount for unit, amount in amounts.items() if amount}


def size_of(capacity: Capacity | None) -> tuple[str | None, Fraction | None]:
    if capacity is None:
        return None, None
    if capacity.slots is not None:
        return "slots", exact(capacity.slots)
    if capacity.machines is not None:
        return "machines", exact(capacity.machines)
    return "weighted", sum(units_of(capacity).values(), Fraction(0))


@dataclass(frozen=True, kw_only=True)
class Try:
    """One attempt, with its pipeline and whether its time was waste."""

    order: tuple[object, ...]
    source: str
    named: str  # the pipeline, as the log calls it
    known: bool  # to the catalogue
    run: str
    part: str
    parent: str | None
    state: str
    start: int
    until: int
    pipeline: str
    resource_id: str | None
    size: int | None  # thousandths
    unit: str | None
    made_of: dict[str, Fraction] | None  # by unit; none where that is not told
    busy: int | None  # microseconds
    charge_class: str

    @property
    def job(self) -> Job:
        return (self.source, self.execution, self.part, self.charge_class)

    @property
    def execution(self) -> str:
        return f"{self.named}/{self.run}"

    @property
    def live(self) -> bool:
        return self.state not in ("skipped", "cached") and self.until > self.start

    @property
    def whole(self) -> Execution:
        return (self.source, self.execution)

    def shared(self, other: "Try") -> int:
        return min(self.until, other.until) - max(self.start, other.start)

    @property
    def at(self) -> Part:
        return (self.source, self.execution, self.part)


def is_resource(pipeline: Pipeline) -> bool:
    is_shared = pipeline.capacity is not None or pipeline.overlap is not None
    return is_shared or any(rule.resource_id for rule in pipeline.billed_by)


class Nests:
    """Attempts, whose time is whose, and where those run that name no resource."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.catalogue: Catalogue = world.catalogue
        self.beside: dict[str, set[str]] = {}  # resource → ids of charges that its rules also pick

    def pipeline_of(self, row: Row) -> tuple[str, bool]:
        for pipeline in self.catalogue.pipelines:
            wanted = pipeline.runs
            if wanted is None or (wanted.source is None and not wanted.match):
                if row["pipeline"].lower() == pipeline.name.lower():
                    return f"pipeline:{pipeline.name}", True
            elif wanted.source in (None, row["source"]) and all(
                any(fits(row["pipeline"], pattern) for pattern in patterns)
                for patterns in wanted.match.values()
            ):
                return f"pipeline:{pipeline.name}", True
        return f"pipeline:{row['pipeline']}", False

    @cached_property
    def logged(self) -> list[Try]:
        last_seen: dict[str, int] = defaultdict(int)
        last_try: dict[object, int] = defaultdict(int)
        for row in self.world.attempts:
            seen = max(micros(row[k]) for k in ("start", "stop") if row[k] is not None)
            last_seen[row["source"]] = max(last_seen[row["source"]], seen)
            at = (row["source"], f"{row['pipeline']}/{row['run']}", row["part"], row.get("slice"))
            last_try[at] = max(last_try[at], row["try"])
        return [self._try(row, last_seen, last_try) for row in self.world.attempts]

    def _try(self, row: Row, last_seen: dict[str, int], last_try: dict[object, int]) -> Try:
        execution = f"{row['pipeline']}/{row['run']}"
        piece = row.get("slice")
        again = row["try"] < last_try[row["source"], execution, row["part"], piece]
        size, busy = exact(row.get("size")), exact(row.get("busy_s"))
        named = row.get("resource_id")
        stop = row["stop"]
        start = micros(row["start"])
        until = last_seen[row["source"]] if stop is None else micros(stop)
        pipeline, known = self.pipeline_of(row)
        return Try(
            order=(
                *(row["source"], row["pipeline"], row["run"], row["part"]),
                *(
                    piece is None,
                    piece or 0,
                    row["try"],
                    start,
                    until,
                    row["x_load"],
                    row["x_line"],
                ),
            ),
            known=known,
            source=row["source"],
            named=row["pipeline"],
            run=row["run"],
            part=row["part"],
            parent=row.get("parent"),
            state=row["state"],
            start=start,
            until=until,
            pipeline=pipeline,
            resource_id=named and named.lower(),
            size=None if size is None else int(size * 1000),
            unit=row.get("size_unit"),
            made_of=None if all(row.get(unit) is None for unit in WEIGHTS) else units_of(row),
            busy=None if busy is None else int(busy * 1_000_000),
            charge_class="waste" if row["state"] in ("failed", "killed") or again else "work",
        )

    # What is nested in what

    @cached_property
    def _by_name(self) -> set[tuple[Execution, Execution, str | None]]:
        """Say which run is in which: of its own source, else another; or in which part of any."""
        found: set[tuple[Execution, Execution, str | None]] = set()
        for child in self.logged:
            meant = [t for t in self.logged if (t.source, t.run) == (child.source, child.parent)]
            meant = [t for t in meant if t.named == child.named] or meant
            own = {t.whole for t in meant if t.whole != child.whole}
            found |= {(child.whole, outer, None) for outer in own}
            for t in self.logged:
                if not own and t.whole != child.whole:
                    if child.parent == t.execution and t.source != child.source:
                        found.add((child.whole, t.whole, None))
                    if child.parent == f"{t.execution}/{t.part}":
                        found.add((child.whole, t.whole, t.part))
        return found

    def _is_outer(self, source: str, other: str, pipeline: str) -> bool:
        """Say which of two sources is the outer one: that which holds more, else the first."""

        def held(outer: str, inner: str) -> int:
            mine = [t for t in self.logged if t.live and t.known and t.pipeline == pipeline]
            return sum(
                any(
                    o.start <= i.start
                    and i.until <= o.until
                    and ((o.start, o.until) != (i.start, i.until) or outer < inner)
                    for o in mine
                    if o.source == outer
                )
                for i in mine
                if i.source == inner
            )

        mine, theirs = held(source, other), held(other, source)
        return mine > theirs or (mine == theirs and source < other)

    def _is_in_source(self, at: int, source: str) -> bool:
        """Say whether an attempt is within a source by name, over any number of others."""
        met: set[Execution] = set()
        queue = [self.logged[at].whole]
        while queue:
            here = queue.pop()
            new = {o for i, o, _ in self._by_name if i == here} - met
            met |= new
            queue += new
        return any(outer[0] == source for outer in met)

    @cached_property
    def _by_time(self) -> dict[int, int]:
        """Find what holds an attempt that says no parent: the tightest of its pipeline."""
        named = {inner for inner, _, _ in self._by_name}
        found = {}
        for i, one in enumerate(self.logged):
            holders = [
                (o.until - o.start, o.source, o.order, at)
                for at, o in enumerate(self.logged)
                if one.live and o.live and one.known and o.known
                if one.whole not in named and one.source != o.source
                if one.pipeline == o.pipeline and o.start <= one.start and one.until <= o.until
                if (o.start, o.until) != (one.start, one.until) or o.source < one.source
                if self._is_outer(o.source, one.source, one.pipeline)
                if not self._is_in_source(at, one.source)
            ]
            if holders:
                found[i] = min(holders)[-1]
        return found

    def _outers(self, i: int) -> set[int]:
        """List the attempts that directly hold one."""
        one = self.logged[i]
        by_name = {
            at
            for at, o in enumerate(self.logged)
            for inner, outer, part in self._by_name
            if inner == one.whole and outer == o.whole
            if part is None or (part == o.part and one.parent == f"{o.execution}/{part}")
        }
        return by_name | {o for at, o in self._by_time.items() if at == i}

    @cached_property
    def _inners(self) -> dict[int, set[int]]:
        found: dict[int, set[int]] = defaultdict(set)
        for i in range(len(self.logged)):
            for outer in self._outers(i):
                found[outer].add(i)
        return found

    @cached_property
    def own_time(self) -> list[list[Span]]:
        """Cut the time of all that is nested in each attempt out of its interval.

        Whatever parents say, a run is never in itself.
        """
        own = []
        for at, outer in enumerate(self.logged):
            inside: set[int] = set()
            queue = [at]
            while queue:
                new = {
                    i
                    for i in self._inners[queue.pop()] - inside
                    if self.logged[i].whole != outer.whole
                }
                inside |= new
                queue += new
            left = [(outer.start, outer.until)] if outer.live else []
            for one in (self.logged[i] for i in inside):
                if one.live:
                    left = [piece for span in left for piece in _without(span, one)]
            own.append(left)
        return own

    def _host(self, i: int) -> int | None:
        """Find what an attempt without a resource runs in: what it shares most time with."""
        one = self.logged[i]
        if one.resource_id is not None or not one.live:
            return None
        outers = [o for o in self._outers(i) if self.logged[o].live]
        shared = [(-one.shared(self.logged[o]), self.logged[o].order, o) for o in outers]
        return min((s for s in shared if s[0] < 0), default=(0, (), None))[-1]

    def way_out(self, i: int) -> list[int]:
        """Follow hosts to the first with a place of its own, or the last there is."""
        way: list[int] = []
        host = self._host(i)
        while host is not None and host not in (i, *way):
            way.append(host)
            host = None if self._is_placed(host) else self._host(host)
        return way

    def _is_placed(self, i: int) -> bool:
        """Say whether the catalogue gives an attempt a place by its pipeline and part."""
        places = [f"resource:{r.name}" for r in self.catalogue.resources]
        places += [f"pipeline:{p.name}" for p in self.catalogue.pipelines if is_resource(p)]
        return any(self._is_listed(i, place) for place in places)

    def _is_listed(self, i: int, place: str) -> bool:
        listed: list[tuple[str, str | None]] = []
        for resource in self.catalogue.resources:
            if f"resource:{resource.name}" == place:
                listed += [(f"pipeline:{on.pipeline}", on.part) for on in resource.runs]
        for pipeline in self.catalogue.pipelines:
            if f"pipeline:{pipeline.name}" == place and is_resource(pipeline):
                listed.append((place, None))
        one = self.logged[i]
        return any(
            one.pipeline == pipeline and (part is None or re.fullmatch(part, one.part))
            for pipeline, part in listed
        )


def _without(span: Span, one: Try) -> list[Span]:
    parts = [(span[0], min(span[1], one.start)), (max(span[0], one.until), span[1])]
    return [(a, b) for a, b in parts if b > a]
