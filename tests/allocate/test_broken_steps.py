"""The proof bites: a step that is wrong in a small way makes the reference disagree."""

from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from compare import differences
from random_worlds import make_world
from worlds import Row, World, attempt, by_id, by_target, charge, open_engine, output, run, took

import costlens.money
from costlens.allocate import steps
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

MONEY = Path(costlens.money.__file__).with_suffix(".sql")
WORLDS = range(40)


def rich_world() -> World:
    """Hold what random worlds hold seldom: reads of several days, a stage that feeds a pipeline,
    parts of one run measured differently, two rules of unlike priority."""
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
        ),
        attempts=tuple(
            attempt(i, "p", run, *day, part=part, resource_id="c", size=i + 1, size_unit="machines")
            for i, (part, run) in enumerate(parts.items())
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
            ),
            features=(
                Feature(name="f1", billed_by=(*by_id("f1"), *by_id("x", priority=1))),
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


def test_the_engine_agrees_on_the_worlds_made_by_hand() -> None:
    assert not wrong(rich_world())
    assert not wrong(nested_world())


def test_what_runs_within_a_task_is_paid_once_and_by_itself() -> None:
    """Slot hours, a currency unit each on c (120 of them) times 2, by hand."""
    con = run(open_engine(), nested_world())
    costs = by_target(con, "model")
    # m1 holds the one slot of task b for two hours; m2 goes on for an hour after its task; m3 has
    # the three slots of the task it is in longest.
    assert (costs["m1"], costs["m2"], costs["m3"]) == (2 * 2, 5 * 2, 4 * 3 * 2)
    features = by_target(con, "feature")
    assert features["a1"] == 6 * 2 * 2
    assert features["b1"] == (4 - 2) * 2
    assert features["a2"] == (5 - 4) * 2
    assert features["b2"] == 5 * 2
    assert features["a3"] == (5 - 4) * 3 * 2


def wrong(world: World) -> bool:
    try:
        return differences(run(open_engine(), world), world) != []
    except (duckdb.Error, KeyError, ValueError):
        return True


@pytest.mark.few(12)
@pytest.mark.parametrize(
    ("step", "right", "broken"),
    [
        pytest.param("overlapped", "where work > 0\n", "where work < 0\n", id="idle is dropped"),
        pytest.param(
            "logged", "or try < last_try then", "or try > last_try then", id="a retry is no waste"
        ),
        pytest.param(
            "logged", "in ('failed', 'killed')", "in ('failed')", id="killed time is no waste"
        ),
        pytest.param("segments", "('skipped', 'cached')", "('cached')", id="skipped time counts"),
        pytest.param(
            "segments",
            "where i.start < o.until and i.until > o.start",
            "where false",
            id="nested time counts twice",
        ),
        pytest.param(
            "winners",
            "order by tier, priority desc",
            "order by tier, priority",
            id="lower priority wins",
        ),
        pytest.param(
            "winners",
            "partition by key, stretch order by tier",
            "partition by key, stretch order by -tier",
            id="the weakest tier wins",
        ),
        pytest.param(
            "pools",
            "least(span_stop, day_start",
            "greatest(span_stop, day_start",
            id="days are cut wrongly",
        ),
        pytest.param(
            "own_costs", "p.outcome is null", "p.outcome is not null", id="own cost is forgotten"
        ),
        pytest.param(
            "need_weights",
            "as day_reads,\n        coalesce",
            "as day_reads_, null as day_reads,\n        coalesce",
            id="reads of the day are forgotten",
        ),
        pytest.param(
            "reach", "r.met = e.from_node", "r.node = e.from_node", id="need stops after one edge"
        ),
        pytest.param(
            "use_weights",
            "min(rung) as rung",
            "max(rung) as rung",
            id="declared goes before measured",
        ),
        pytest.param(
            "ledger",
            "(s.place <= e.billed_rest)",
            "(s.place < e.billed_rest)",
            id="a unit is lost in an even split",
        ),
        pytest.param(
            "pool_capacity",
            "when s.stated > 0",
            "when s.stated < 0",
            id="stated machine time is ignored",
        ),
        pytest.param(
            "span_work",
            "z.mixed or t.size_milli is null then 1000 else t.size_milli",
            "true then 1000",
            id="sizes are ignored",
        ),
        pytest.param(
            "time_nests",
            "partition by attempt order by length",
            "partition by attempt order by -length",
            id="the widest holds a run",
        ),
        pytest.param(
            "time_nests", "c.held > coalesce", "c.held < coalesce", id="the inner source holds"
        ),
        pytest.param(
            "run_nests", "u.source <> n.source or", "false or", id="other sources are not met"
        ),
        pytest.param(
            "run_nests", "n.part is not null and", "false and", id="its own source is not met"
        ),
        pytest.param(
            "segments",
            "and (n.parent is null or n.parent = i.parent)",
            "",
            id="a part holds a run of which one attempt is in it",
        ),
        pytest.param(
            "segments",
            "and (n.part is null or n.part = o.part)",
            "",
            id="a part's guest takes the time of every part",
        ),
        pytest.param("hosts", "(-shared_us, ", "(shared_us, ", id="the least shared is the host"),
        pytest.param(
            "hosts", "not l.placed as lodges", "false as lodges", id="guests have no place"
        ),
        pytest.param("tries", "coalesce(l.size, h.size)::d", "l.size::d", id="guests have no size"),
        pytest.param(
            "seen_uses", "when not d.is_first then", "when true then", id="no first version"
        ),
        pytest.param(
            "version_uses", "|| '__'", "|| '_'", id="a column is a view by any first part"
        ),
        pytest.param(
            "need_weights",
            "and (w.valid_to is null or w.valid_to > d.first_day)",
            "",
            id="a weight outlives its days",
        ),
        pytest.param(
            "overlapped",
            "c.capacity - greatest(c.practical, c.used) as work",
            "c.capacity - c.used as work",
            id="what is idle is reserved as well",
        ),
        pytest.param(
            "slice_edges", "b.size <= e.size", "b.size = e.size", id="a slice is one reader's"
        ),
        pytest.param("slices", "where e.is_own", "", id="a size outlives the edge that says it"),
        pytest.param(
            "slices", "bound - lag(bound, 1, 0)", "bound - lag(bound, 9, 0)", id="slices overlap"
        ),
        pytest.param("slices", "coalesce(c.size, 1)", "1", id="columns have no size"),
        pytest.param(
            "use_weights", "b.step > a.step", "b.step <> a.step", id="a later stage gives back"
        ),
        pytest.param(
            "rule_days",
            "select valid_to from weights",
            "select null",
            id="a weight ends with no stretch",
        ),
        pytest.param(
            "run_weights",
            "bool_and(has_work_s)",
            "bool_or(has_work_s)",
            id="one part decides for all",
        ),
    ],
)
def test_a_broken_step_is_noticed(
    monkeypatch: pytest.MonkeyPatch, step: str, right: str, broken: str
) -> None:
    text = steps.sql(step)
    assert right in text, "the step has changed: break it elsewhere"
    whole = steps.sql
    monkeypatch.setattr(
        steps, "sql", lambda name: text.replace(right, broken) if name == step else whole(name)
    )
    assert (
        wrong(rich_world())
        or wrong(nested_world())
        or any(wrong(make_world(seed)) for seed in WORLDS)
    )


@pytest.mark.parametrize(
    ("right", "broken"),
    [
        ("(billed_rank <= billed_missing)", "(billed_rank < billed_missing)"),
        ("order by effective_rest desc", "order by effective_rest"),
        ("sign(billed) *", "1 *"),
    ],
)
def test_a_broken_split_is_noticed(right: str, broken: str) -> None:
    from test_splits import reference, split

    text = MONEY.read_text()
    assert right in text
    con = open_engine()
    for statement in con.extract_statements(text.replace(right, broken)):
        con.execute(statement)
    cases = [(-10, 100, [1, 2, 4]), (-7, 7, [70, 30, 11])]
    assert any(
        split(con, a, b, weights)
        != list(zip(reference(a, weights), reference(b, weights), strict=True))
        for a, b, weights in cases
    )
