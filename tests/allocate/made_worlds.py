"""Worlds made by hand: they hold what random worlds hold seldom."""

from datetime import date
from decimal import Decimal

from worlds import Row, World, attempt, by_id, charge, link, output, took

from costlens.config.dated import Weight
from costlens.config.values import (
    Capacity,
    Catalogue,
    Edge,
    Feature,
    Model,
    Pipeline,
    Produce,
    Resource,
    Stage,
)


def rich_world() -> World:
    """Hold what random worlds hold seldom: reads of several days, a stage that feeds a pipeline,
    parts of one run measured differently, rules of unlike priority, a weight that ends."""
    day = ("2026-05-01 00:00:00", "2026-05-02 00:00:00")
    second = {"ChargePeriodStart": day[1], "ChargePeriodEnd": "2026-05-03 00:00:00"}
    parts = {"a": "r1", "b": "r1", "c": "r2", "d": "r2"}
    made = [("r2", "c", "work_s", 1, 3), ("r2", "d", "rows", 5, 1)]
    return World(
        charges=(
            charge(1, 100, ResourceId="f1"),
            charge(2, 100, ResourceId="f1", **second),
            charge(3, 100, ResourceId="s1"),
            charge(4, 100, ResourceId="c", ConsumedQuantity=30, ConsumedUnit="hour"),
            charge(5, 100, ResourceId="x"),
            charge(6, 4, ResourceId="dated"),
            charge(7, 4, ResourceId="dated", **second),
        ),
        attempts=(
            *(
                attempt(
                    i, "p", run, *day, part=part, resource_id="c", size=i + 1, size_unit="machines"
                )
                for i, (part, run) in enumerate(parts.items())
            ),
            # Tried once more, though nothing failed.
            attempt(
                4,
                "p",
                "r2",
                *day,
                part="d",
                resource_id="c",
                size=1,
                size_unit="machines",
                **{"try": 2},
            ),
        ),
        outputs=tuple(
            output("p", run, f"feature:{name}", part=part, measure=measure, quantity=amount)
            for run, part, measure, *amounts in made
            for name, amount in zip(("f1", "f2"), amounts, strict=True)
        ),
        activity=tuple(
            took(f"model:{model}", "feature:f1", reads, hour=hour)
            for model, hour, reads in [
                ("m1", day[0], 1),
                ("m2", day[0], 3),
                ("m1", day[1], 3),
                ("m2", day[1], 2),
            ]
        ),
        catalogue=Catalogue(
            resources=(Resource(name="c", billed_by=by_id("c")),),
            pipelines=(
                Pipeline(
                    name="p",
                    produces=(Produce(part="a", feature="f1"), Produce(part="b", feature="f2")),
                ),
            ),
            stages=(
                Stage(
                    name="s1",
                    billed_by=by_id("s1"),
                    split="use",
                    feeds=(Edge(pipeline="p", weight=1),),
                ),
                Stage(
                    name="dated",
                    billed_by=by_id("dated"),
                    feeds=(Edge(feature="f8"), Edge(feature="f9")),
                ),
            ),
            features=(
                Feature(name="f1", billed_by=(*by_id("f1"), *by_id("x", priority=1))),
                Feature(
                    name="f8",
                    weight=(Weight(weight=Decimal(3), valid_until=date(2026, 5, 1)),),
                ),
                Feature(name="f9", weight=(Weight(weight=Decimal(1)),)),
                Feature(name="f2", billed_by=by_id("x")),
            ),
            models=(Model(name="m1"), Model(name="m2")),
        ),
    )


def nested_world() -> World:
    """Hold runs of one tool in tasks of another: by time in two tasks side by side, by name in one
    of two parts, by name in a run of which two parts are met for unlike times."""

    def task(line: int, run: str, part: str, first: int, last: int, **more: object) -> Row:
        start, stop = f"2026-05-01 {first:02}:00:00", f"2026-05-01 {last:02}:00:00"
        return attempt(line, "p", run, start, stop, part=part, size_unit="slots", **more)

    def trained(line: int, pipeline: str, run: str, first: int, last: int, **more: object) -> Row:
        start, stop = f"2026-05-01 {first:02}:00:00", f"2026-05-01 {last:02}:00:00"
        return attempt(line, pipeline, run, start, stop, source="trainer", **more)

    return World(
        charges=(charge(1, 240, ResourceId="c"), charge(2, 100, ResourceId="d")),
        attempts=(
            task(1, "r1", "a", 0, 6, resource_id="c", size=2),
            task(2, "r1", "b", 1, 5, resource_id="c", size=1),
            trained(3, "p", "m1", 2, 4),
            task(4, "r2", "a", 7, 12, resource_id="c", size=1),
            task(5, "r2", "b", 7, 12, resource_id="c", size=1),
            trained(6, "lab", "m2", 8, 13, parent="p/r2/a"),
            task(7, "r3", "a", 14, 19, resource_id="c", size=3),
            task(8, "r3", "b", 18, 23, resource_id="d", size=1),
            trained(9, "lab", "m3", 15, 19, parent="p/r3"),
            task(10, "r4", "a", 20, 23, resource_id="c", size=1),
            task(11, "r4", "b", 20, 23, resource_id="c", size=1),
            trained(12, "lab", "m4", 20, 21, part="x", parent="p/r4/a"),
            trained(13, "lab", "m4", 22, 23, part="y", parent="p/r4/b"),
            task(14, "r5", "z", 21, 22, parent="p/r4/a"),
        ),
        outputs=tuple(
            output(pipeline, run, target, part=part, source=source)
            for source, pipeline, run, part, target in [
                *(("runs", "p", f"r{n}", "a", f"feature:a{n}") for n in (1, 2, 3, 4)),
                *(("runs", "p", f"r{n}", "b", f"feature:b{n}") for n in (1, 2, 3, 4)),
                ("runs", "p", "r5", "z", "feature:z"),
                *(("trainer", "lab", "m4", part, f"model:{part}") for part in "xy"),
                ("trainer", "p", "m1", "run", "model:m1"),
                ("trainer", "lab", "m2", "run", "model:m2"),
                ("trainer", "lab", "m3", "run", "model:m3"),
            ]
        ),
        catalogue=Catalogue(
            resources=(
                Resource(name="c", billed_by=by_id("c"), capacity=Capacity(slots=Decimal(5))),
                Resource(name="d", billed_by=by_id("d"), capacity=Capacity(slots=Decimal(2))),
            ),
            pipelines=(Pipeline(name="p"),),
        ),
    )


def told_world() -> World:
    """Hold what only run logs tell: tables that feed features, and what hands those to a model."""
    day = ("2026-05-01 00:00:00", "2026-05-02 00:00:00")
    tables = {"raw": "g", "raw2": "h", "raw3": "i"}

    def feeds(from_node: str, to_node: str) -> Row:
        told = {"from_node": from_node, "to_node": to_node, "kind": "feeds", "version": None}
        return link("", "", "", day[0], seen_as="openlineage") | told

    return World(
        charges=tuple(
            charge(n, 10**n, ResourceId=f"job-{table}") for n, table in enumerate(tables, start=1)
        ),
        attempts=tuple(
            attempt(n, f"p{n}", "r", *day, resource_id=f"job-{table}")
            for n, table in enumerate(tables, start=1)
        ),
        outputs=tuple(
            output(f"p{n}", "r", f"table:{table}") for n, table in enumerate(tables, start=1)
        ),
        links=(
            *(feeds(f"table:{table}", f"feature:{feature}") for table, feature in tables.items()),
            feeds("feature:g", "service:s"),
            feeds("feature:h", "service:s"),
            feeds("service:s", "model:m"),
            # A column that no feature and no view is called by.
            link("g_total", "n", "1", day[0], seen_as="signature"),
        ),
        catalogue=Catalogue(features=(Feature(name="g"),)),
    )


def parted_world() -> World:
    """Hold machines whose vCPU, memory and GPU are shared apart: stated by the bill, by two services
    and for two machine types, or declared, with more vCPU asked for than there is; a guest that is
    made of what its host is; a GPU where none is known of; one attempt that does not say."""
    half = {"ChargePeriodEnd": "2026-05-01 12:00:00"}
    rest = {"ChargePeriodStart": "2026-05-01 12:00:00", "ChargePeriodEnd": "2026-05-02 00:00:00"}
    small = '{"CoreCount":"4","MemorySize":"16 GiB"}'
    large = '{"CoreCount":"8","MemorySize":"32 GiB","GpuCount":"1"}'
    hours = {"ResourceId": "stated", "ConsumedUnit": "hour", **half}

    def on(line: int, place: str, first: int, last: int, **made_of: object) -> Row:
        start, stop = f"2026-05-01 {first:02}:00:00", f"2026-05-01 {last:02}:00:00"
        amounts = {unit: Decimal(str(amount)) for unit, amount in made_of.items()}
        weights = {"vcpu": 9, "memory_gb": 1, "gpu": 90}
        size = sum(weights[unit] * amount for unit, amount in amounts.items()) or Decimal(1)
        how = {"size": size, "size_unit": "weighted", "resource_id": place, **amounts}
        return attempt(line, f"p{line}", "r", start, stop, **how)

    return World(
        charges=(
            charge(1, 520, ConsumedQuantity=12, SkuPriceDetails=small, **hours),
            charge(2, 70, ConsumedQuantity=6, SkuPriceDetails=large, **hours),
            charge(
                3, 10, ConsumedQuantity=9, SkuPriceDetails=small, **hours | {"ServiceName": "Fee"}
            ),
            charge(4, Decimal("0.000000000007"), x_class="tax", **hours),
            charge(5, 90, ResourceId="stated", **rest),
            charge(6, 52, ResourceId="declared"),
            charge(7, 52, ResourceId="unsaid"),
        ),
        attempts=(
            on(1, "stated", 0, 12, vcpu=6, memory_gb=2),
            on(2, "stated", 3, 12, vcpu=3, memory_gb=4, gpu="0.5"),
            on(3, "declared", 0, 20, vcpu=4, memory_gb=2),
            on(4, "declared", 0, 18, vcpu=2, memory_gb="1.2", gpu=1),
            attempt(
                5,
                "guest",
                "r",
                "2026-05-01 06:00:00",
                "2026-05-01 12:00:00",
                source="trainer",
                parent="p4/r",
            ),
            on(6, "unsaid", 0, 12, vcpu=6, memory_gb=2),
            on(7, "unsaid", 0, 12),
        ),
        outputs=tuple(
            output(pipeline, "r", f"feature:{pipeline}", source=source)
            for source, pipeline in [
                *(("runs", f"p{line}") for line in (1, 2, 3, 4, 6, 7)),
                ("trainer", "guest"),
            ]
        ),
        catalogue=Catalogue(
            resources=tuple(
                Resource(
                    name=name,
                    billed_by=by_id(name),
                    overlap="capacity_by_unit",
                    practical=Decimal("0.8") if name == "declared" else None,
                    capacity=None
                    if name == "stated"
                    else Capacity(vcpu=Decimal(4), memory_gb=Decimal(16)),
                )
                for name in ("stated", "declared", "unsaid")
            ),
        ),
    )
