"""The reference, part one: what the run logs say, in whole microseconds and thousandths.

Written from design.md ("Rules of the flow") and methods.md §4, not from the SQL.
"""

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction
from functools import cached_property

from worlds import Row, World, moment

from costlens.config.values import Capacity, Catalogue, Pipeline, Rule, Selector

Job = tuple[str, str, str, str]  # source, execution, part, class
Part = tuple[str, str, str]  # source, execution (pipeline/run), part
Execution = tuple[str, str]
Span = tuple[int, int]
KINDS = ("work_s", "values", "rows", "bytes", "columns", "declared")
SEPARATE = ("work_s", "values", "rows", "bytes")  # measured for each thing made
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


def size_of(capacity: Capacity | None) -> tuple[str | None, Fraction | None]:
    if capacity is None:
        return None, None
    if capacity.slots is not None:
        return "slots", exact(capacity.slots)
    if capacity.machines is not None:
        return "machines", exact(capacity.machines)
    vcpu, memory, gpu = (exact(v) or 0 for v in (capacity.vcpu, capacity.memory_gb, capacity.gpu))
    return "weighted", Fraction(9 * vcpu + memory + 90 * gpu)


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


@dataclass(frozen=True, kw_only=True)
class Size:
    """How attempts on a place are sized, and what it holds."""

    unit: str | None
    mixed: bool
    capacity: int | None
    machine: int | None


def all_rules(world: World) -> list[tuple[str, Selector]]:
    """List every owner with each of its rules."""
    catalogue = world.catalogue
    kinds = {
        "resource": catalogue.resources,
        "pipeline": catalogue.pipelines,
        "stage": catalogue.stages,
        "feature": catalogue.features,
        "model": catalogue.models,
        "product": catalogue.products,
    }
    found: list[tuple[str, Selector]] = []
    for kind, things in kinds.items():
        found += [(f"{kind}:{t.name}", rule) for t in things for rule in t.billed_by]
    for model in catalogue.models:
        found += [
            (f"endpoint:{model.name}/{e.name}", r) for e in model.endpoints for r in e.billed_by
        ]
    return found


def is_resource(pipeline: Pipeline) -> bool:
    return pipeline.capacity is not None or any(rule.resource_id for rule in pipeline.billed_by)


class Runs:
    """Everything that follows from attempts, outputs and the catalogue alone."""

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
    def tries(self) -> list[Try]:
        """Give the size of what an attempt runs in to one that has none and names no resource."""
        found = []
        for i, one in enumerate(self.logged):
            ways = self.way_out(i) if one.size is None else []
            sizes = [(self.logged[o].size, self.logged[o].unit) for o in ways]
            size, unit = next((s for s in sizes if s[0] is not None), (one.size, one.unit))
            found.append(replace(one, size=size, unit=unit))
        return found

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
            busy=None if busy is None else int(busy * 1_000_000),
            charge_class="waste" if row["state"] in ("failed", "killed") or again else "work",
        )

    # What is nested in what

    @cached_property
    def _by_name(self) -> set[tuple[Execution, Execution, str | None]]:
        """Say which run is in which, or in which part of it: of its own source, else another."""
        found: set[tuple[Execution, Execution, str | None]] = set()
        for child in self.logged:
            meant = [t for t in self.logged if (t.source, t.run) == (child.source, child.parent)]
            meant = [t for t in meant if t.named == child.named] or meant
            own = {t.whole for t in meant if t.whole != child.whole}
            found |= {(child.whole, outer, None) for outer in own}
            for t in self.logged:
                if t.source != child.source and not own:
                    if child.parent == t.execution:
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
            if inner == one.whole and outer == o.whole and part in (None, o.part)
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

    # What parts make

    def _rule_of_part(self, pipeline: str, part: str) -> tuple[bool, str | None]:
        """Find the first pattern that matches: (shared, target)."""
        for thing in self.catalogue.pipelines:
            if f"pipeline:{thing.name}" == pipeline:
                for rule in thing.produces:
                    found = re.fullmatch(rule.part, part)
                    if found and rule.shared:
                        return True, None
                    if found:
                        made = (
                            ("feature:" + rule.feature) if rule.feature else f"model:{rule.model}"
                        )
                        return False, re.sub(r"\{(\w+)\}", lambda m, f=found: f[m[1]], made)
        return False, None

    @cached_property
    def made(self) -> dict[Part, dict[str, dict[str, Fraction]]]:
        """Part → target → measure → quantity."""
        found: dict[Part, dict[str, dict[str, Fraction]]] = defaultdict(dict)
        for row in self.world.outputs:
            of = found[row["source"], f"{row['pipeline']}/{row['run']}", row["part"]].setdefault(
                row["target"], {}
            )
            quantity = Fraction(str(row["quantity"]))
            of[row["measure"]] = of.get(row["measure"], Fraction(0)) + quantity
        for one in self.tries:
            _, target = self._rule_of_part(one.pipeline, one.part)
            if target:
                found[one.at].setdefault(target, {})
        return found

    def _kind(self, source: str, run: str) -> str:
        several = [m for (s, r, _), m in self.made.items() if (s, r) == (source, run)]
        several = [made for made in several if len(made) > 1]
        for kind in KINDS:
            if several and all(
                all(kind in of for of in made.values())
                and sum(of[kind] for of in made.values()) > 0
                for made in several
            ):
                return kind
        return "even"

    def weights(self, at: Part) -> tuple[str, dict[str, int]]:
        """Weigh what a part made: one kind for the whole run; what is made alone weighs 1."""
        made = self.made.get(at, {})
        kind = self._kind(at[0], at[1])
        if kind == "even" or len(made) == 1:
            return kind, dict.fromkeys(made, 1)
        return kind, {target: int(of[kind] * 1_000_000) for target, of in made.items()}

    def _served(self, source: str, run: str) -> dict[str, int]:
        """Weigh what a run's shared parts serve: evenly, or by the work of the parts making it."""
        by_work = self.world.allocation.shared_parts == "by_work"
        served: dict[str, int] = defaultdict(int)
        for at in [p for p in self.made if p[:2] == (source, run)]:
            work = sum(
                sum(b - a for a, b in self.own_time[i]) * (1000 if t.size is None else t.size)
                for i, t in enumerate(self.tries)
                if t.at == at
            )
            _, weights = self.weights(at)
            for target, weight in weights.items():
                served[target] += work * weight // sum(weights.values())
        return dict(served) if by_work else dict.fromkeys(served, 1)

    def need_of_job(  # noqa: PLR0911 -- one way of need each
        self, job: Job
    ) -> tuple[object, dict[str, int] | None]:
        """Say what needs a job (a node of the graph), or by which weights it is cut in stages."""
        source, run, part, _ = job
        pipeline = next(t.pipeline for t in self.tries if t.job == job)
        kind, weights = self.weights((source, run, part))
        if len(weights) > 1 and kind in SEPARATE:
            return None, weights
        if len(weights) > 1:
            return ("set", kind, tuple(sorted(weights.items()))), None
        if weights:
            return next(iter(weights)), None
        if not self._rule_of_part(pipeline, part)[0]:
            return None, None
        served = self._served(source, run)
        if not served:
            return pipeline, None
        if len(served) == 1:
            return next(iter(served)), None
        rung = "work" if self.world.allocation.shared_parts == "by_work" else "even"
        return ("set", rung, tuple(sorted(served.items()))), None

    # Where attempts ran

    @cached_property
    def names(self) -> dict[str, list[tuple[str, str]]]:
        """Resource id → places, each with its kind: declared, run or shared."""
        runs: dict[str, set[tuple[str, str]]] = defaultdict(set)
        for one in self.tries:
            if one.resource_id is not None:
                runs[one.resource_id].add((one.source, one.execution))
        rules = all_rules(self.world)
        owners = {f"resource:{r.name}" for r in self.catalogue.resources}
        owners |= {f"pipeline:{p.name}" for p in self.catalogue.pipelines if is_resource(p)}
        found: dict[str, list[tuple[str, str]]] = {}
        for name, using in runs.items():
            claims = {o for o, r in rules if any(fits(name, p) for p in r.resource_id)}
            places = {o for o in claims if o in owners}
            places |= {
                f"resource:{r.name}" for r in self.catalogue.resources if r.name.lower() == name
            }
            if places:
                found[name] = [(place, "declared") for place in sorted(places)]
            elif len(using) == 1 and name.startswith("arn:"):
                ((source, run),) = using
                found[name] = [(f"run:{source}/{run}", "run")]
            else:
                found[name] = [(f"resource:{name}", "shared")]
        return found

    def on(self, place: str) -> list[int]:
        """List the attempts that ran on a place, by their position; guests of one are there too."""
        found = [i for i in range(len(self.tries)) if self._is_on(i, place)]
        for i in range(len(self.tries)):
            way = self.way_out(i)
            if place.startswith("run:") and way and self._same_source(i, way[-1]):
                continue  # the charges of a run are for it, not for the runs in it
            if way and not self._is_placed(i) and self._is_on(way[-1], place) and i not in found:
                found.append(i)
        return found

    def _same_source(self, i: int, j: int) -> bool:
        return self.logged[i].source == self.logged[j].source

    def _is_on(self, i: int, place: str) -> bool:
        one = self.tries[i]
        if place.startswith("run:"):
            return f"run:{one.source}/{one.execution}" == place
        return (
            place in [p for p, _ in self.names.get(one.resource_id or "", [])]
            or one.resource_id in self.beside.get(place, ())
            or self._is_listed(i, place)
        )

    def _days(self) -> Span:
        """Find the days that the period's charges cover, from the first to after the last."""
        spans = [
            (micros(row["ChargePeriodStart"]), micros(row["ChargePeriodEnd"]))
            for row in self.world.charges
        ]
        day = 86_400_000_000
        first = min(start for start, _ in spans) // day * day
        return first, (max(max(span) for span in spans) // day + 1) * day

    def size(self, place: str) -> Size:
        """Find the one unit of a place in the period; attempts of several units count 1 each."""
        things = [t for t in self.catalogue.resources if f"resource:{t.name}" == place]
        things += [
            t for t in self.catalogue.pipelines if f"pipeline:{t.name}" == place and is_resource(t)
        ]
        unit, capacity = size_of(things[0].capacity) if things else (None, None)
        machine_unit, machine = size_of(things[0].machine) if things else (None, None)
        declared = unit or machine_unit
        first, after = self._days()
        here = [self.tries[i] for i in self.on(place)]
        here = [t for t in here if t.start < after and t.until >= first]
        units = {t.unit for t in here if t.unit is not None}
        seen = min(units) if len(units) == 1 else None
        unit = declared or seen
        mixed = len(units) > 1 or bool(declared and units and declared not in units)
        mixed = mixed or (unit == "weighted" and any(t.unit is None for t in here))
        keeps = not mixed or unit in ("slots", "machines")
        return Size(
            unit=None if mixed else unit,
            mixed=mixed,
            capacity=int(capacity * 1000) if capacity is not None and keeps else None,
            machine=int(machine * 1000) if machine is not None and not mixed else None,
        )

    def work(self, place: str, span: Span | None) -> dict[Job, tuple[int, str]]:
        """Weigh what each job used of a span: its size and time, with its grade."""
        size = self.size(place)
        used: dict[Job, tuple[int, str]] = {}
        for i in self.on(place):
            one, own = self.tries[i], sum(b - a for a, b in self.own_time[i])
            time = own
            if span is not None:
                time = sum(max(0, min(b, span[1]) - max(a, span[0])) for a, b in self.own_time[i])
            if time == 0 and span is not None:
                continue
            if one.busy is not None:
                time = one.busy if span is None else time * one.busy // own
            alone = span is None
            plain = one.size is None or (size.mixed and not alone)
            unit = one.unit if alone else size.unit
            grade = "B" if one.busy is not None else "C"
            if unit in ("slots", "machines") and (alone or not plain):
                grade = "B"
            weight, worst = used.get(one.job, (0, "A"))
            used[one.job] = (
                weight + (1000 if plain else one.size or 0) * time,
                max(worst, grade),
            )
        if span is None and not any(weight for weight, _ in used.values()):
            return {job: (1, grade) for job, (_, grade) in used.items()}
        return used


def _without(span: Span, one: Try) -> list[Span]:
    parts = [(span[0], min(span[1], one.start)), (max(span[0], one.until), span[1])]
    return [(a, b) for a, b in parts if b > a]


def valid(rule: Rule | Selector, day: object) -> bool:
    start, stop = getattr(rule, "valid_from", None), getattr(rule, "valid_until", None)
    return (start is None or start <= day) and (stop is None or day <= stop)
