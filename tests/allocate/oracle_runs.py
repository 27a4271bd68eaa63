"""The reference, part one: what the run logs say, in whole microseconds and thousandths.

Written from design.md ("Rules of the flow") and methods.md §4, not from the SQL.
"""

import itertools
import re
from collections import defaultdict
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

from oracle_nests import Job, Nests, Part, Span, Try, fits, is_resource, micros, size_of, units_of
from worlds import World

from costlens.config.values import Rule, Selector

KINDS = ("work_s", "values", "rows", "bytes", "columns", "declared")
HOUR = 3_600_000_000
SEPARATE = ("work_s", "values", "rows", "bytes")  # measured for each thing made


@dataclass(frozen=True, kw_only=True)
class Size:
    """How attempts on a place are sized, and what it holds."""

    unit: str | None
    mixed: bool
    capacity: int | None
    machine: int | None
    apart: bool = False  # vCPU, memory and GPU each by itself
    capacity_of: dict[str, Fraction]
    machine_of: dict[str, Fraction]


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


class Runs(Nests):
    """Everything that follows from attempts, outputs and the catalogue alone."""

    @cached_property
    def tries(self) -> list[Try]:
        """Give the size of what an attempt runs in to one that has none and names no resource."""
        found = []
        for i, one in enumerate(self.logged):
            ways = self.way_out(i) if one.size is None else []
            # Who is not as large as another says nothing of what it is made of.
            own = (one.size, one.unit, None if one.size is None else one.made_of)
            sizes = [(o.size, o.unit, o.made_of) for o in (self.logged[i] for i in ways)]
            size, unit, made_of = next((s for s in sizes if s[0] is not None), own)
            found.append(replace(one, size=size, unit=unit, made_of=made_of))
        return found

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
    def _targets_named(self) -> set[str]:
        kinds = (("feature", self.catalogue.features), ("model", self.catalogue.models))
        products = {f"product:{thing.name}" for thing in self.catalogue.products}
        return products | {f"{kind}:{thing.name}" for kind, things in kinds for thing in things}

    @cached_property
    def made(self) -> dict[Part, dict[str, dict[str, Fraction]]]:
        """Part → target → measure → quantity."""
        found: dict[Part, dict[str, dict[str, Fraction]]] = defaultdict(dict)
        ruled = {one.at: self._rule_of_part(one.pipeline, one.part) for one in self.tries}
        for row in self.world.outputs:
            at = row["source"], f"{row['pipeline']}/{row['run']}", row["part"]
            shared, target = ruled.get(at, (False, None))
            # A name of its own that a log gives, where the catalogue says what the part makes.
            if (shared or target) and row["target"] not in {target, *self._targets_named}:
                continue
            of = found[at].setdefault(row["target"], {})
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
                (sum(b - a for a, b in self.own_time[i]) if t.busy is None else t.busy)
                * (1000 if t.size is None else t.size)
                for i, t in enumerate(self.tries)
                if t.at == at and self.own_time[i]
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
            apart=self._policy(place) == "capacity_by_unit"
            and unit == "weighted"
            and not mixed
            and all(t.made_of is not None for t in here),
            capacity_of=units_of(things[0].capacity) if things else {},
            machine_of=units_of(things[0].machine) if things else {},
        )

    def overlap(self, place: str) -> str:
        """Say how those that are on a place at once share it."""
        return {"capacity_by_unit": "capacity"}.get(self._policy(place), self._policy(place))

    def _policy(self, place: str) -> str:
        things = {f"resource:{t.name}": t for t in self.catalogue.resources}
        things |= {f"pipeline:{t.name}": t for t in self.catalogue.pipelines}
        return (place in things and things[place].overlap) or self.world.allocation.overlap

    def _there(self, place: str, span: Span) -> list[tuple[int, int, int, int]]:
        """List who was on a place when: (from, to, attempt, its thousandths)."""
        size, even = self.size(place), self.overlap(place) == "occupancy"
        return [
            (max(a, span[0]), min(b, span[1]), i, plain if plain is not None else 1000)
            for i in self.on(place)
            for plain in [None if even or size.mixed else self.tries[i].size]
            for a, b in self.own_time[i]
            if max(a, span[0]) < min(b, span[1])
        ]

    def occupied(self, place: str, span: Span) -> tuple[dict[int, int], int]:
        """Share every moment among those that are there; and say how long nobody is.

        In millionths of a microsecond: what a thousandth of a slot gets of a moment is rounded down,
        and moments end at full hours.
        """
        there = self._there(place, span)
        hours = range(span[0] // HOUR * HOUR, span[1], HOUR)
        edges = {*span, *(hour for hour in hours if hour > span[0])}
        edges |= {edge for a, b, _, _ in there for edge in (a, b)}
        used: dict[int, int] = defaultdict(int)
        empty = 0
        for a, b in itertools.pairwise(sorted(edges)):
            now = [(i, size) for start, stop, i, size in there if start <= a and b <= stop]
            whole, lasts = sum(size for _, size in now), (b - a) * 1_000_000
            empty += 0 if whole else lasts
            for i, size in now if whole else ():
                used[i] += size * (lasts // whole)
        return used, empty

    def _shared_work(self, place: str, span: Span) -> dict[Job, tuple[int, str]]:
        size, policy = self.size(place), self.overlap(place)
        used: dict[Job, tuple[int, str]] = {}
        if policy == "duration":
            times: dict[int, int] = defaultdict(int)
            for a, b, i, _ in self._there(place, span):
                times[i] += b - a
        else:
            times, _ = self.occupied(place, span)
        by_slots = policy == "occupancy_by_slots" and size.unit in ("slots", "machines")
        for i, time in times.items():
            one = self.tries[i]
            grade = "B" if by_slots and one.size is not None else "C"
            weight, worst = used.get(one.job, (0, "A"))
            used[one.job] = weight + time, max(worst, grade)
        return used

    def work(self, place: str, span: Span | None, of_unit: str = "") -> dict[Job, tuple[int, str]]:
        """Weigh what each job used of a span, or of one unit: its size and time, with its grade."""
        if span is not None and self.overlap(place) != "capacity":
            return self._shared_work(place, span)
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
            work = (1000 if plain else one.size or 0) * time
            if of_unit:
                held = one.made_of or {}
                if of_unit not in held:
                    continue
                work = int(work * held[of_unit] / sum(held.values()))
            used[one.job] = (weight + work, max(worst, grade))
        if span is None and not any(weight for weight, _ in used.values()):
            return {job: (1, grade) for job, (_, grade) in used.items()}
        return used


def valid(rule: Rule | Selector, day: object) -> bool:
    start, stop = getattr(rule, "valid_from", None), getattr(rule, "valid_until", None)
    return (start is None or start <= day) and (stop is None or day <= stop)
