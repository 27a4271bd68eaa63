"""The reference, part two: the flow of money, in exact fractions.

Nothing here is rounded, so the engine must agree to less than a unit (10⁻¹²) for every split that
an amount went through. Written from design.md ("Rules of the flow") and methods.md §2-§4.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from fractions import Fraction
from functools import cached_property
from itertools import pairwise

from oracle_needs import Needs
from oracle_nests import Job, Span, exact, fits, is_resource, micros, units_of
from oracle_runs import Runs, all_rules, valid
from worlds import PERIOD, Row, World

from costlens.config.values import Resource

DAY = 86400 * 1_000_000
SECONDS = {"hour": 3600, "minute": 60, "second": 1, "day": 86400}
YIELDS = 2**31  # to any rule of its tier
STRANDED = "(stranded)"


def split(amount: int, weights: list[int]) -> list[int]:
    """Split whole units by weight, the largest remainders first, ties to the earlier."""
    total, sign = sum(weights), -1 if amount < 0 else 1
    quotas = [Fraction(abs(amount) * weight, total) for weight in weights]
    parts = [int(quota) for quota in quotas]
    order = sorted(range(len(weights)), key=lambda i: (parts[i] - quotas[i], i))
    for i in order[: abs(amount) - sum(parts)]:
        parts[i] += 1
    return [sign * part for part in parts]


def solve(
    stages: Iterable[str], taken: dict[str, dict[str, int]]
) -> dict[str, dict[str, Fraction]]:
    """Say where the cost of each stage ends: the rows of (I - P)⁻¹P, by plain elimination."""
    stages = sorted(stages)
    flow = {s: {c: Fraction(w) for c, w in taken.get(s, {}).items() if w} for s in stages}
    out = set()
    while True:  # whoever reaches a consumer that keeps cost has a way out
        more = {s for s in stages if any(c in out or c not in flow for c in flow[s])} - out
        if not more:
            break
        out |= more
    rows = {s: _parts(flow[s]) if s in out else {STRANDED: Fraction(1)} for s in stages}
    for gone in stages:  # substitute one stage everywhere, its own use included
        back = rows[gone].pop(gone, Fraction(0))
        rows[gone] = {c: part / (1 - back) for c, part in rows[gone].items()}
        for other in stages:
            part = rows[other].pop(gone, None) if other != gone else None
            if part:
                for c, onward in rows[gone].items():
                    rows[other][c] = rows[other].get(c, Fraction(0)) + part * onward
    return rows


def _parts(taken: dict[str, Fraction]) -> dict[str, Fraction]:
    total = sum(taken.values())
    return {consumer: weight / total for consumer, weight in taken.items()}


@dataclass(frozen=True, kw_only=True)
class Match:
    """The owner of a line and where its money lands: whole, on a resource, or on a run."""

    owner: str
    tier: int | None = None
    rule: str | None = None
    reason: str | None = None

    place: str = ""
    kind: str = "whole"


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Money at a stage, and what its way there was worth."""

    day: date
    source: str
    service: str
    currency: str
    stage: str
    node: object
    outcome: str | None
    charge_class: str
    grade: str
    run: str | None = None
    billed: Fraction
    effective: Fraction
    splits: int  # how often it was rounded on the way, at most

    def part(self, share: Fraction, **more: object) -> "Piece":
        new = replace(self, billed=self.billed * share, effective=self.effective * share)
        return replace(new, splits=self.splits + 1, **more)


def day_of(moment: int) -> date:
    return datetime.fromtimestamp(moment // 1_000_000, tz=UTC).date()


class Oracle:
    """A world's bill, split by the book."""

    def __init__(self, world: World, period: str = PERIOD) -> None:
        self.world = world
        self.runs = Runs(world)
        self.charges = [c for c in world.charges if c["billing_period"] == period]
        starts = [micros(c["ChargePeriodStart"]) for c in self.charges]
        stops = [
            max(micros(c["ChargePeriodEnd"]), s) for c, s in zip(self.charges, starts, strict=True)
        ]
        self.first = day_of(min(starts)) if starts else date.max
        self.last = day_of(max(stops)) if stops else date.min
        self.runs.beside = self._beside()
        self.needs = Needs(world, self.runs, self.first, self.last)

    def _beside(self) -> dict[str, set[str]]:
        """Collect the ids that attempts name on charges which a resource's rule picks too."""
        catalogue = self.world.catalogue
        owners = {f"resource:{r.name}" for r in catalogue.resources}
        owners |= {f"pipeline:{p.name}" for p in catalogue.pipelines if is_resource(p)}
        found: dict[str, set[str]] = defaultdict(set)
        for row in self.charges:
            ids = {c[2].split(":", 1)[1] for c in self._claims_by_id(row) if c[0] == 2}
            for owner, rule in all_rules(self.world):
                if owner in owners and _picks(rule, row):
                    found[owner] |= ids
        return found

    # Match

    def match(self, row: Row) -> Match:
        """Find the one owner: the lowest tier, then the highest priority; two equals have none."""
        day = day_of(micros(row["ChargePeriodStart"]))
        claims: set[tuple[int, int, str, str, str | None]] = set()
        for source in self.world.sources:
            if source.name == row["source"]:
                for rule in source.exclude:
                    if _picks(rule, row):
                        claims.add((0, 0, "(excluded)", rule.place, rule.reason))
        for owner, rule in all_rules(self.world):
            if valid(rule, day) and _picks(rule, row):
                tier = 2 if rule.resource_id else 3 if rule.tags else 4
                claims.add((tier, -rule.priority, owner, rule.place, None))
        by_id = self._claims_by_id(row)
        if any(self.is_resource(claim[2]) for claim in claims):
            # Attempts that name the id ran on the declared resource.
            by_id = {(5, *claim[1:]) if claim[0] == 2 else claim for claim in by_id}
        claims |= by_id
        best = sorted(c for c in claims if c[:2] == min(claims)[:2])
        if not best:
            return Match(owner="(unmatched)", reason="no rule", place="(unmatched)")
        owners = sorted({c[2] for c in best})
        if len(owners) > 1:
            rules = " and ".join(sorted({c[3] for c in best}))
            return Match(owner="(unmatched)", reason="contested", rule=rules, place="(unmatched)")
        reason = min((c[4] for c in best if c[4]), default=None)
        found = Match(owner=owners[0], tier=best[0][0], rule=min(c[3] for c in best), reason=reason)
        return replace(found, **self._land(found))

    def _claims_by_id(self, row: Row) -> set[tuple[int, int, str, str, str | None]]:
        named = (row.get("AllocatedResourceId") or row.get("ResourceId") or "").lower()
        claims: set[tuple[int, int, str, str, str | None]] = set()
        if not named:
            return claims
        for name, places in self.runs.names.items():
            for place, kind in places:
                if kind == "run" and named == name:
                    claims.add((1, 0, place, "(run metadata)", None))
                elif kind == "shared" and name in (named, re.split("[:/]", named)[-1]):
                    claims.add((2, YIELDS, place, "(run metadata)", None))
        for one in self.runs.tries:
            if one.run.lower() == named:
                claims.add((1, 0, f"run:{one.source}/{one.execution}", "(run metadata)", None))
        return claims

    def is_resource(self, owner: str) -> bool:
        """Say whether an owner is a declared resource, or a pipeline whose rules make it one."""
        kind, _, name = owner.partition(":")
        if kind == "resource":
            return any(r.name == name for r in self.world.catalogue.resources)
        return kind == "pipeline" and any(
            p.name == name and is_resource(p) for p in self.world.catalogue.pipelines
        )

    def _land(self, found: Match) -> dict[str, str]:
        kind, _, name = found.owner.partition(":")
        if kind in ("run", "resource"):
            return {"place": found.owner, "kind": kind}
        if kind != "pipeline":
            return {"place": found.owner}
        pipeline = next(p for p in self.world.catalogue.pipelines if p.name == name)
        by_runs = found.tier == 2 and self.runs.on(found.owner)
        if pipeline.capacity is not None or pipeline.overlap is not None or by_runs:
            return {"place": found.owner, "kind": "resource"}
        return {"place": f"{found.owner}/shared"}

    # Overlap

    def span(self, row: Row, match: Match) -> Span:
        """Say what a line is split over: its period on a resource or past a day, else its day."""
        start, stop = micros(row["ChargePeriodStart"]), micros(row["ChargePeriodEnd"])
        stop = stop if stop > start else start + DAY
        if match.kind != "whole" or stop - start > DAY:
            return start, stop
        return start // DAY * DAY, start // DAY * DAY + DAY

    @cached_property
    def pools(self) -> list[tuple[Match, Span, tuple[str | None, ...], list[Row]]]:
        """Put lines that are split alike together."""
        found: dict[object, list[Row]] = defaultdict(list)
        for row in self.charges:
            match = self.match(row)
            on = match.kind == "resource"
            unit = (row.get("ConsumedUnit") or "").lower() if on else None
            how = (
                row["source"],
                row.get("ServiceName") or "(no service)",
                row["x_class"],
                row["BillingCurrency"],
                unit,
                row.get("SkuPriceDetails") if on else None,
            )
            found[match, self.span(row, match), how].append(row)
        return [(*key, lines) for key, lines in found.items()]  # type: ignore[misc]

    @cached_property
    def placed(self) -> list[Piece]:
        return [
            piece
            for match, (start, stop), how, lines in self.pools
            for day, span in _days(start, stop)
            for piece in self._place(
                match, day, span, Fraction(span[1] - span[0], stop - start), how, lines
            )
        ]

    def _place(
        self,
        match: Match,
        day: date,
        span: Span,
        cut: Fraction,
        how: tuple[str | None, ...],
        lines: list[Row],
    ) -> list[Piece]:
        source, service, charge_class, currency, _, _ = how
        whole = Piece(
            day=day,
            source=source or "",
            service=service or "",
            currency=currency or "",
            stage=match.place,
            node=None if match.place.startswith("(") else _start(match),
            outcome={"(unmatched)": "unmatched", "(excluded)": "excluded"}.get(match.place),
            charge_class=charge_class or "",
            grade="U" if match.tier is None else "D" if match.tier == 4 else "A",
            billed=sum((exact(r["BilledCost"]) or Fraction(0) for r in lines), Fraction(0)) * cut,
            effective=sum((exact(r["EffectiveCost"]) or Fraction(0) for r in lines), Fraction(0))
            * cut,
            splits=0 if cut == 1 else 1,
        )
        if match.kind == "whole":
            return [whole]
        units = self._units(match, span)
        return [
            piece
            for unit, held in (units or {"": None}).items()
            for share in [whole.part(Fraction(held, sum(units.values()))) if held else whole]
            for piece in self._used(share, match, span, unit, held)
        ]

    def _used(
        self, whole: Piece, match: Match, span: Span, unit: str, held: int | None
    ) -> Iterable[Piece]:
        work = self.runs.work(match.place, span if match.kind == "resource" else None, unit)
        work = {job: used for job, used in work.items() if used[0] > 0}
        capacity = held or self._capacity(match, span, sum(used for used, _ in work.values()))
        return self._overlap(whole, match, work, capacity)

    def _units(self, match: Match, span: Span) -> dict[str, int]:
        """Say what a place has of each unit over a span, where each is shared by itself."""
        size = self.runs.size(match.place)
        if match.kind != "resource" or not size.apart:
            return {}
        stated = self._stated_units.get((match.place, span), {})
        wholes = {of: sum(units.values()) for of, units in stated.items()}
        most = max(wholes.values(), default=0)
        if most > 0:
            units = stated[min(of for of, whole in wholes.items() if whole == most)]
            return {unit: held for unit, held in units.items() if held > 0}
        lasts = span[1] - span[0]
        return {unit: int(held * 1000) * lasts for unit, held in size.capacity_of.items()}

    @cached_property
    def _stated(self) -> dict[tuple[str, Span], dict[tuple[str, str], int]]:
        """Add up the machine time that the bill states for each span, service by service."""
        found: dict[tuple[str, Span], dict[tuple[str, str], int]] = {}
        for match, span, service, details, time in self._machine_times():
            if machine := self._machine(match, details):
                of = found.setdefault((match.place, span), {})
                of[service] = of.get(service, 0) + time * machine
        return found

    @cached_property
    def _stated_units(self) -> dict[tuple[str, Span], dict[tuple[str, str], dict[str, int]]]:
        """Add up the same time, unit by unit of the machines."""
        found: dict[tuple[str, Span], dict[tuple[str, str], dict[str, int]]] = {}
        for match, span, service, details, time in self._machine_times():
            of = found.setdefault((match.place, span), {}).setdefault(service, {})
            for unit, held in self._machine_of(match, details).items():
                of[unit] = of.get(unit, 0) + time * int(held * 1000)
        return found

    def _machine_times(self) -> Iterable[tuple[Match, Span, tuple[str, str], str | None, int]]:
        for match, (start, stop), how, lines in self.pools:
            source, service, charge_class, _, unit, details = how
            quantities = [q for q in (exact(r.get("ConsumedQuantity")) for r in lines) if q]
            known = charge_class == "work" and unit in SECONDS and quantities
            if not known or match.kind != "resource":
                continue
            seconds = sum(quantities) * SECONDS[unit or ""]
            for _, (first, last) in _days(start, stop):
                cut = Fraction(last - first, stop - start)
                time = int(int(seconds * 1_000_000) * cut)
                yield match, (first, last), (source or "", service or ""), details, time

    def _machine_of(self, match: Match, details: str | None) -> dict[str, Fraction]:
        size = self.runs.size(match.place)
        if size.machine is not None or not details:
            return size.machine_of
        told = json.loads(details)
        memory = told["MemorySize"].split()[0]
        return units_of(
            {"vcpu": told["CoreCount"], "memory_gb": memory, "gpu": told.get("GpuCount")}
        )

    def _machine(self, match: Match, details: str | None) -> int | None:
        """Size one machine: as declared, or as the charge's own price says."""
        size = self.runs.size(match.place)
        if size.unit == "machines" or size.machine is not None:
            return 1000 if size.unit == "machines" else size.machine
        if size.unit != "weighted" or not details:
            return None
        told = json.loads(details)
        weighted = 9 * Fraction(told["CoreCount"]) + Fraction(told["MemorySize"].split()[0])
        return int(1000 * (weighted + 90 * Fraction(told.get("GpuCount", "0"))))

    def _capacity(self, match: Match, span: Span, used: int) -> int | None:
        """Take the machine time that the bill states, else what is declared, else nothing."""
        policy = self.runs.overlap(match.place)
        if match.kind == "run" or policy == "duration":
            return None
        if policy != "capacity":
            return used + self.runs.occupied(match.place, span)[1]
        stated = max(self._stated.get((match.place, span), {}).values(), default=0)
        if stated > 0:
            return stated
        size = self.runs.size(match.place)
        return size.capacity * (span[1] - span[0]) if size.capacity else None

    def _practical(self, match: Match, capacity: int | None) -> int:
        """Say what of a capacity can be used in practice."""
        kind, _, name = match.place.partition(":")
        things = self.world.catalogue.resources + self.world.catalogue.pipelines
        (part,) = [
            t.practical or 1
            for t in things
            if t.name == name and isinstance(t, Resource) == (kind == "resource")
        ] or [1]
        if self.runs.overlap(match.place) != "capacity":
            part = 1
        return int((capacity or 0) * Fraction(part))

    def _overlap(
        self,
        whole: Piece,
        match: Match,
        work: dict[Job, tuple[int, str]],
        capacity: int | None,
    ) -> Iterable[Piece]:
        """Split by what each job used, against the capacity; the rest is idle."""
        used = sum(weight for weight, _ in work.values())
        practical = self._practical(match, capacity)
        total = max(used, capacity or 0, 1 if used == 0 else 0) if used else capacity or 1
        alone = match.kind == "run" and len(work) == 1
        worst = "A" if alone else max([g for _, g in work.values()], default="A")
        reserved = max(capacity - max(practical, used), 0) if capacity and practical else 0
        drivers = max([g for _, g in work.values()], default="A")
        for kind, unused in (("idle", total - used - reserved), ("reserved", reserved)):
            if unused:
                yield whole.part(
                    Fraction(unused, total),
                    node=None,
                    outcome="idle",
                    charge_class=kind if whole.charge_class == "work" else whole.charge_class,
                    grade=max(whole.grade, drivers, "D" if reserved else "A"),
                )
        for job, (weight, grade) in work.items():
            pipeline = next(t.pipeline for t in self.runs.tries if t.job == job)
            node, cut = self.runs.need_of_job(job)
            kind, _ = self.runs.weights(job[:3])
            piece = whole.part(
                Fraction(weight, total),
                stage=f"{pipeline}/{job[2]}",
                node=node,
                run=job[1].rpartition("/")[2],
                charge_class=job[3] if whole.charge_class == "work" else whole.charge_class,
                grade=max(whole.grade, worst if alone else grade),
            )
            if cut is None:
                yield piece
                continue
            for target, made in cut.items():
                yield piece.part(
                    Fraction(made, sum(cut.values())),
                    stage=f"{piece.stage}/{target.split(':')[1]}",
                    node=target,
                    grade=max(piece.grade, "B" if kind == "work_s" else "C"),
                )

    # Cascade

    @cached_property
    def settled(self) -> list[Piece]:
        """Bring what stages keep to their slices, where they are needed in slices."""
        settled = []
        for piece in self.ended:
            slices = self.needs.slices(piece.node, piece.day)
            total = sum(slices.values())
            grade = max(piece.grade, "D" if len(slices) > 1 else "A")
            settled += [
                piece.part(size / total, stage=node, node=node, grade=grade)
                for node, size in slices.items()
            ] or [piece]
        return settled

    @cached_property
    def ended(self) -> list[Piece]:
        """Hand on the cost of stages that are split by use: each amount once, by its row."""
        stages = {f"stage:{s.name}" for s in self.world.catalogue.stages if s.split == "use"}
        settled = [p for p in self.placed if p.node not in stages]
        for piece in self.placed:
            if piece.node not in stages:
                continue
            taken, grades = self.needs.taken(piece.day)
            row = solve(stages, taken)[piece.stage]
            worst = _worst(piece.stage, taken, grades)
            for sink, share in row.items():
                settled += self._land_on(sink, piece.part(share, grade=max(piece.grade, worst)))
        return settled

    def _land_on(self, sink: str, piece: Piece) -> list[Piece]:
        """Let a pipeline pass it to its stages by that day's own cost; else to its shared one."""
        if sink == STRANDED:
            return [replace(piece, node=None, outcome="stranded")]
        if not sink.startswith("pipeline:"):
            node = ("only", sink) if _is_target(sink) else sink
            return [replace(piece, stage=sink, node=node)]
        own: dict[tuple[str, object], Fraction] = defaultdict(Fraction)
        for other in self.placed:
            of = other.stage.startswith(f"{sink}/") and other.outcome is None
            of = of and other.charge_class in ("work", "waste")  # tax and credits weigh nothing
            if of and (other.day, other.currency) == (piece.day, piece.currency):
                own[other.stage, other.node] += other.effective
        # Weights are whole parts of 10^-9 of the currency, rounded half up.
        weights = {at: int(cost * 10**9 + Fraction(1, 2)) for at, cost in own.items() if cost > 0}
        weights = {at: weight for at, weight in weights.items() if weight}
        if not weights:
            return [replace(piece, stage=f"{sink}/shared", node=sink)]
        total = sum(weights.values())
        grade = max(piece.grade, "A" if len(weights) == 1 else "C")
        return [
            piece.part(Fraction(weight, total), stage=stage, node=node, grade=grade)
            for (stage, node), weight in weights.items()
        ]

    # Need

    def outcome(self, piece: Piece) -> str:
        if piece.outcome:
            return piece.outcome
        needed = any(self.needs.of(piece.day, piece.node, level) for level in self.needs.levels)
        return "allocated" if piece.node is not None and needed else "unneeded"

    def ledger(self, level: str) -> list[tuple[str, Piece]]:
        """Say which target bears which part of every piece, at one level."""
        found: list[tuple[str, Piece]] = []
        for piece in self.settled:
            need = None if piece.node is None else self.needs.of(piece.day, piece.node, level)
            outcome = self.outcome(piece)
            if outcome != "allocated":
                found.append((f"({outcome})", piece))
            elif need is None:
                found.append((f"(no {level})", piece))
            else:
                total = sum(need.weights.values())
                for target, weight in need.weights.items():
                    share = piece.part(Fraction(weight, total), grade=max(piece.grade, need.grade))
                    found.append((target.split(":", 1)[1], share))
        return found


def _start(match: Match) -> object:
    """Name where need starts in the graph; what is billed to a target only that target needs."""
    return ("only", match.owner) if _is_target(match.owner) else match.owner


def _is_target(node: str) -> bool:
    return node.split(":", maxsplit=1)[0] in ("feature", "model", "product")


def _days(start: int, stop: int) -> list[tuple[date, Span]]:
    """Cut a span at day edges where it is longer than a day."""
    if stop - start <= DAY:
        return [(day_of(start), (start, stop))]
    edges = [start, *range((start // DAY + 1) * DAY, stop, DAY), stop]
    return [(day_of(a), (a, b)) for a, b in pairwise(edges)]


def _picks(rule: object, row: Row) -> bool:
    """Match one rule: keys AND, values of one key OR."""
    seen = {
        "account": (row.get("BillingAccountId"), row.get("SubAccountId")),
        "service": (row.get("ServiceName"),),
        "region": (row.get("RegionId"),),
        "resource_id": (row.get("AllocatedResourceId") or row.get("ResourceId"),),
        "usage_type": (row.get("x_usage_type"),),
        "category": (row.get("ChargeCategory"), row.get("ServiceCategory")),
    }
    wanted = [(seen[key], getattr(rule, key)) for key in seen if getattr(rule, key)]
    tags = json.loads(row.get("x_tags") or "[]")
    for key, patterns in rule.tags.items():  # type: ignore[attr-defined]
        own = [t.partition("=")[2] for t in tags if t.partition("=")[0] == key.lower()]
        wanted.append((tuple(own), patterns))
    return all(any(fits(v, p) for v in values for p in patterns) for values, patterns in wanted)


def _worst(start: str, taken: dict[str, dict[str, int]], grades: dict[str, str]) -> str:
    """Find the worst grade on any edge that a stage's cost can pass."""
    seen, queue, worst = {start}, [start], "A"
    while queue:
        stage = queue.pop()
        worst = max(worst, grades.get(stage, "A"))
        new = {c for c in taken.get(stage, {}) if c not in seen}
        seen |= new
        queue += new
    return worst
