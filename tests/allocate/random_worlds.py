"""Random small worlds: few names, so that everything meets, and amounts of every size.

A world is a function of a seed.
"""

import random
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from worlds import RAW, Row, World, attempt, charge, link, output, took

from costlens.config.dated import Weight
from costlens.config.values import (
    Allocation,
    Capacity,
    Catalogue,
    Edge,
    Endpoint,
    Exclusion,
    Feature,
    Model,
    Pipeline,
    Produce,
    Product,
    Resource,
    Rule,
    RunsOn,
    Source,
    Stage,
)

IDS = ("id-1", "id-1", "id-1", "id-2", "ID-3", "arn:x:job/1", None)
OWNED = ("f1", "f2", "m1", "e-m1", "p1", "s1", "s2", "s3", "s4")
LOGGED = ("pa", "pa", "pb", "stray")
SOURCES = ("runs", "runs", "runs", "trainer", "trainer", "deep")
RUNS = ("run1", "run2")
ALONE = "run3"  # in one pipeline only, so that a charge may name it
PARENTS = ["run1", "run2", "run3", "pa/run1", "pb/run2", "pa/run1/joint", "stray/run2/train"]
PARTS = ("x.f1", "x.f2", "x.f3", "joint", "joint", "prep", "odd", "train")
FEATURES, MODELS, PRODUCTS = ("f1", "f2", "f3"), ("m1", "m2"), ("p1", "p2")
STAGES, PIPELINES = ("s1", "s2", "s3", "s4"), ("pa", "pb")
PATTERNS = (
    Produce(part=r"x\.(?P<view>f\d)", feature="{view}"),
    Produce(part="prep|odd", shared=True),
    Produce(part="joint", feature="f1"),
    Produce(part="train", model="m1"),
)
COLUMNS = ("f1", "f2__a", "f3:b", "f9", "f2_c", "age")
THINGS = ("resources", "pipelines", "stages", "features", "models", "products")
MEASURES = ("work_s", "work_s", "values", "rows", "columns", "declared", "made")
DAY_ONE = datetime(2026, 5, 1)
MANY = 10**12
COSTS = (0, 1, -1, MANY, 100 * MANY, MANY // 100, -5 * MANY, 10**21, 10**21 - 1)


class Maker:
    """Make the parts of one world."""

    def __init__(self, seed: int, sign: int) -> None:
        self.random = random.Random(seed)
        self.pick = self.random.choice
        self.sign = sign
        self.unit = self.pick(["slots", "slots", "machines", "weighted"])
        # Of vCPU, memory and GPU apart, drawn by itself.
        self.units = random.Random(f"units {seed}")
        self.apart = self.unit == "weighted" and self.units.random() < 0.6

    def chance(self, part: float) -> bool:
        return self.random.random() < part

    def cost(self) -> Decimal:
        units = self.pick([*COSTS, *(self.random.randint(-(10**15), 10**17) for _ in range(9))])
        return Decimal(abs(units) if self.sign else units).scaleb(-12)

    def moment(self) -> datetime:
        step = self.pick([3600, 3600, 6 * 3600, 900, None])
        if step is None:
            return DAY_ONE + timedelta(microseconds=self.random.randint(0, 50 * 3600 * 10**6))
        hours = self.pick([6, 12, 60])
        return DAY_ONE + timedelta(seconds=step * self.random.randint(0, hours * 3600 // step))

    def dates(self) -> dict[str, date | None]:
        first, last = self.pick(
            [(None, None)] * 5 + [(date(2026, 5, 2), None), (None, date(2026, 5, 1))]
        )
        return {"valid_from": first, "valid_until": last}

    def rule(self, *ids: str) -> tuple[Rule, ...]:
        place = f"c.yaml:{self.random.randint(1, 99)}"
        more = {"priority": self.pick([0, 0, 0, 1]), "place": place, **self.dates()}
        if ids and not self.chance(0.08):
            tags = {"Team": ("a", "B")} if self.chance(0.1) else {}
            return (Rule(resource_id=ids, tags=tags, **more),)
        kind = self.pick(["tag", "service", "region", "none", "none"])
        if kind == "none":
            return ()
        tags = {"Team": (self.pick(["a", "B"]),)} if kind == "tag" else {}
        service = (self.pick(["s1", "S?"]),) if kind == "service" else ()
        return (
            Rule(tags=tags, service=service, region=("*",) if kind == "region" else (), **more),
        )

    def capacity(self) -> Capacity | None:
        amount = self.pick([Decimal(1), Decimal(2), Decimal(4), Decimal("0.5"), None])
        if amount is None:
            return None
        if self.unit == "weighted":
            return Capacity(vcpu=amount, memory_gb=Decimal(4))
        return Capacity(slots=amount) if self.unit == "slots" else Capacity(machines=amount)

    def overlap(self) -> str | None:
        found = None
        if self.chance(0.4):
            found = self.pick(["capacity", "occupancy", "occupancy_by_slots", "duration"])
        by_unit = self.apart and self.units.random() < 0.8
        return "capacity_by_unit" if by_unit and found in (None, "capacity") else found

    def made_of(self, size: Decimal | None) -> Row:
        """Say what an attempt had of each unit, where all of a world do, or nearly all."""
        if not self.apart:
            return {}
        size = Decimal(3) if size is None else size
        if self.units.random() < 0.02:
            return {"size": size, "size_unit": "weighted"}
        held = {
            "vcpu": self.units.choice([None, Decimal(0), Decimal(1), Decimal("2.5"), Decimal(9)]),
            "memory_gb": self.units.choice([Decimal(0), Decimal(1), Decimal("0.333333")]),
            "gpu": self.units.choice([None, None, None, Decimal(1)]),
        }
        return {"size": size, "size_unit": "weighted", **held}

    def edges(self, most: int, **ends: tuple[str, ...]) -> tuple[Edge, ...]:
        all_ends = [(kind, name) for kind, names in ends.items() for name in names]
        weighted, counted = self.chance(0.6), self.chance(0.4)
        return tuple(
            Edge(
                **{kind: name},
                weight=self.pick([1, 2, 3, Decimal("0.5"), 0]) if weighted else None,
                reads=self.pick([5, 7, 0]) if counted else None,
                **self.dates(),
            )
            for kind, name in self.random.sample(all_ends, self.random.randint(0, most))
        )

    def weights(self) -> tuple[Weight, ...]:
        """Weigh a target alike on all days, or on each side of a day, or on one side only."""
        one, other = (self.pick([Decimal(1), Decimal(3), Decimal(0)]) for _ in range(2))
        if self.chance(0.6):
            return (Weight(weight=one),)
        both = (
            Weight(weight=one, valid_until=date(2026, 5, 1)),
            Weight(weight=other, valid_from=date(2026, 5, 2)),
        )
        return self.pick([both, both, both[1:]])

    def catalogue(self) -> Catalogue:
        names = (*FEATURES, *MODELS, *PRODUCTS)
        weight: dict[str, tuple[Weight, ...]] = dict.fromkeys(names, ())
        if self.chance(0.3):
            weight = {name: self.weights() for name in names}
        return Catalogue(
            resources=(self.resource("r1", "id-1", "other"), self.resource("id-2", "id-2")),
            pipelines=tuple(self.pipeline(name) for name in PIPELINES),
            stages=tuple(
                self.sliced(
                    Stage(
                        name=name,
                        billed_by=self.rule(name),
                        split=self.pick(["need", "use"]),
                        feeds=self.edges(
                            4,
                            stage=STAGES,
                            pipeline=PIPELINES,
                            feature=FEATURES,
                            model=MODELS,
                            product=PRODUCTS,
                        ),
                    )
                )
                for name in STAGES
            ),
            features=tuple(
                Feature(
                    name=name,
                    billed_by=self.rule(name),
                    weight=weight[name],
                    uses=self.edges(1, feature=FEATURES),
                    pipeline=self.pick([None, None, *PIPELINES]),
                )
                for name in FEATURES
            ),
            models=tuple(
                Model(
                    name=name,
                    billed_by=self.rule(name),
                    weight=weight[name],
                    uses=self.edges(self.pick([0, 3]), feature=FEATURES, model=MODELS),
                    endpoints=(Endpoint(name=f"e-{name}", billed_by=self.rule(f"e-{name}")),),
                )
                for name in MODELS
            ),
            products=tuple(
                Product(
                    name=name,
                    weight=weight[name],
                    uses=self.edges(3, feature=FEATURES, model=MODELS, product=PRODUCTS),
                )
                for name in PRODUCTS
            ),
        )

    def sliced(self, stage: Stage) -> Stage:
        """Let some stages be needed in slices, by sizes or by columns."""
        if stage.split == "use" or not self.chance(0.5):
            return stage
        if self.chance(0.6):
            sizes = [Decimal(0), Decimal(10), Decimal(30), Decimal(100), Decimal("0.5")]
            return replace(
                stage, feeds=tuple(replace(e, size=self.pick(sizes)) for e in stage.feeds)
            )
        columns = {"a": Decimal(1), "b": Decimal(4), "c": Decimal("0.5"), "d": Decimal(0)}
        feeds = tuple(
            replace(e, columns=tuple(self.random.sample(sorted(columns), self.pick([1, 2]))))
            for e in stage.feeds
        )
        return replace(stage, feeds=feeds, columns=self.pick([{}, columns]) if feeds else {})

    def cascade(self, catalogue: Catalogue) -> dict[str, Any]:
        """Let stages that serve each other step down in some order, at times."""
        by_use = [stage.name for stage in catalogue.stages if stage.split == "use"]
        if not self.chance(0.3):
            return {}
        order = tuple(self.random.sample(by_use, len(by_use)))
        return {"cascade": "step_down", "cascade_order": order}

    def resource(self, name: str, *ids: str) -> Resource:
        machines = {"slots": Capacity(slots=Decimal(2)), "weighted": Capacity(vcpu=Decimal(1))}
        return Resource(
            name=name,
            billed_by=self.rule(*ids),
            capacity=self.capacity(),
            overlap=self.overlap(),
            practical=self.pick([None, None, Decimal("0.8"), Decimal("0.333333"), Decimal(1)]),
            machine=self.pick([None, machines.get(self.unit)]),
            runs=tuple(
                RunsOn(pipeline=pipeline, part=self.pick([None, "x.*", "prep|joint"]))
                for pipeline in self.random.sample(["pa", "pb", "stray"], self.pick([0, 0, 1, 2]))
            ),
        )

    def pipeline(self, name: str) -> Pipeline:
        return Pipeline(
            name=name,
            billed_by=self.rule(self.pick(["id-3", "id-3", "own"])) if self.chance(0.5) else (),
            capacity=self.capacity() if self.chance(0.3) else None,
            practical=self.pick([None, None, None, Decimal("0.5")]),
            overlap=self.overlap(),
            produces=self.pick([PATTERNS, PATTERNS, PATTERNS[1:2], ()]),
        )

    def charges(self, most: int) -> tuple[Row, ...]:
        return tuple(self.charge(line) for line in range(1, most + 1))

    def charge(self, line: int) -> Row:
        start = self.moment()
        seconds = self.pick([3600, 7200, 86400, 86400, 100_000, 3 * 86400, 900, 0, 1])
        quantity = self.pick([None, None, Decimal(1), Decimal("2.5"), Decimal(-1), Decimal(30)])
        details = '{"CoreCount":"2","MemorySize":"8 GiB"}' if self.chance(0.3) else None
        return charge(
            line,
            None,
            billed=self.cost(),
            effective=self.cost(),
            source=self.pick(["bill", "bill", "bill2"]),
            x_load=self.pick(["l", "k"]),
            x_class=self.pick(["work", "work", "work", "tax", "credit"]),
            BillingCurrency=self.pick(["USD", "USD", "EUR"]),
            ChargePeriodStart=start,
            ChargePeriodEnd=start + timedelta(seconds=seconds),
            ServiceName=self.pick(["S1", "S2", "S3", "S3", None]),
            ResourceId=self.pick([*IDS, *IDS, *OWNED, "run1", ALONE, ALONE]),
            AllocatedResourceId=self.pick([None] * 9 + ["id-1"]),
            RegionId=self.pick([None, None, "eu"]),
            x_tags=self.pick([None, None, '["team=a"]', '["team=b", "cost=1"]']),
            ConsumedQuantity=quantity,
            ConsumedUnit=self.pick(["hour", "Hour", "GB"]) if quantity else None,
            SkuPriceDetails=details,
        )

    def attempts(self, most: int) -> tuple[Row, ...]:
        return tuple(self.attempt(line) for line in range(1, most + 1))

    def attempt(self, line: int) -> Row:
        start = self.moment()
        seconds = self.pick([7200, 3600, 3600, 900, 14400, 86400, 100_000, 0, 1, None])
        run = self.pick([*RUNS, *RUNS, *RUNS, ALONE])
        size = self.pick(
            [None, None, Decimal(1), Decimal(1), Decimal(2), Decimal("0.25"), Decimal(0)]
        )
        unit = self.unit if self.chance(0.97) else "other"
        source = self.pick(SOURCES) if run != ALONE else "runs"
        return attempt(
            line,
            self.pick(LOGGED) if run != ALONE else "pa",
            run,
            str(start),
            None if seconds is None else str(start + timedelta(seconds=seconds)),
            part=self.pick(PARTS),
            source=source,
            slice=self.pick([None, None, None, 0, 1]),
            parent=self.pick([None] * 6 + PARENTS),
            state=self.pick(["succeeded"] * 4 + ["failed", "running", "killed", "skipped"]),
            resource_id=self.pick([*IDS, *IDS, "r1"] if source == "runs" else [None] * 5 + [*IDS]),
            size=size,
            size_unit=None if size is None else unit,
            busy_s=self.pick([None] * 6 + [Decimal(0), Decimal(1800), Decimal("0.000007")]),
            **{"try": self.pick([1, 1, 1, 2])},
        ) | self.made_of(size)

    def outputs(self, most: int) -> tuple[Row, ...]:
        """Measure two or three things of some parts, most of them in one way."""
        found = []
        for _ in range(self.random.randint(0, most)):
            run = self.pick([*RUNS, *RUNS, ALONE])
            pipeline = self.pick(LOGGED) if run != ALONE else "pa"
            part = self.pick(["joint", "joint", "joint", "x.f1", "odd"])
            measure = self.pick(MEASURES)
            source = self.pick(SOURCES)
            targets = ("feature:f1", "feature:f2", "feature:f3", "model:m1", "feature:unknown")
            for target in self.random.sample(targets, self.random.randint(1, 3)):
                amount = self.pick([Decimal(1), Decimal(3), Decimal("2.5"), Decimal(0)])
                more = {"part": part, "measure": measure, "quantity": amount, "source": source}
                found.append(output(pipeline, run, target, **more))
        return tuple(found)

    def activity(self, most: int) -> tuple[Row, ...]:
        origins = ("stage:s1", "stage:s2", "s3", "s4", "feature:f1", "feature:f2", "f3", "pa", "m1")
        takers = ("f1", "feature:f2", "m1", "m2", "p1", "p2", "stage:s2", "s1", "pipeline:pa", "pb")
        return tuple(
            took(
                self.pick([*takers, None, "nobody"]),
                self.pick(origins),
                self.pick([0, 1, 2, 3, 10, Decimal("0.000001")]),
                hour=str(DAY_ONE + timedelta(hours=self.random.randint(0, 70))),
                measure=self.pick(["reads", "reads", "tokens"]),
            )
            for _ in range(self.pick([0, 3, most, 3 * most]))
        )

    def links(self, most: int) -> tuple[Row, ...]:
        """Tell of versions of models: by views, and by columns that may be features."""
        found = []
        for _ in range(self.random.randint(0, most)):
            seen = str(DAY_ONE + timedelta(hours=self.pick([-50, 3, 20, 30, 40, 60])))
            seen_as = self.pick(["feast.feature_refs", "feast.feature_views", "signature"])
            names = ("f1", "f2", "f3", "f9") if seen_as != "signature" else COLUMNS
            model, version = self.pick(["m1", "m2", "m3"]), self.pick(["1", "2", "10"])
            for name in self.random.sample(names, self.random.randint(1, 2)):
                found.append(link(name, model, version, seen, seen_as=seen_as))
        return tuple(found)


def make_world(seed: int, *, lines: int = 12, sign: int = 0) -> World:
    """Make the world of a seed; with `sign` no cost is negative."""
    maker = Maker(seed, sign)
    catalogue = maker.catalogue()
    exclude = Exclusion(service=("s2",), tags={"team": ("b",)}, reason="resold", place="y.yaml:9")
    return World(
        catalogue=catalogue,
        charges=maker.charges(lines),
        attempts=maker.attempts(10),
        outputs=maker.outputs(6),
        activity=maker.activity(8),
        links=maker.links(4),
        allocation=Allocation(
            shared_parts=maker.pick(["even", "by_work"]),
            overlap=maker.overlap() or "capacity",
            **maker.cascade(catalogue),
        ),
        sources=(Source(name="bill", type="x", path="x", exclude=maker.pick([(), (exclude,)])),),
    )


def some_world(seed: int) -> World:
    """Make a world, and of every second one leave a row or a thing in 25 out."""
    world = make_world(seed)
    if seed % 2:
        return world
    chance = random.Random(seed)

    def kept(values: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(value for value in values if chance.random() < 0.96)

    things = {kind: kept(getattr(world.catalogue, kind)) for kind in THINGS}
    return replace(
        world,
        catalogue=replace(world.catalogue, **things),
        **{table: kept(getattr(world, table)) for table in RAW},
    )
