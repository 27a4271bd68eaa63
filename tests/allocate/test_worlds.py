"""Random small worlds: the engine against the reference, and what must hold whatever the world."""

import hashlib
import os
import random
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from compare import differences
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from random_worlds import make_world, worlds
from smallest import smallest
from worlds import (
    LEVELS,
    Con,
    World,
    attempt,
    by_id,
    by_target,
    charge,
    ledger,
    load,
    open_engine,
    rows,
    run,
    shuffled,
)

from costlens.config.values import Capacity, Catalogue, Resource

SEEDS = range(int(os.environ.get("WORLDS", "40")))
STEPS = ("bundles", "pools", "placements", "stage_costs")


@pytest.fixture(scope="module")
def con() -> Con:
    return open_engine()


def disagrees(con: Con, world: World) -> list[str]:
    return differences(run(con, world), world)


@pytest.mark.few(16)
@pytest.mark.parametrize("seed", SEEDS)
def test_the_engine_agrees_with_the_reference(con: Con, seed: int) -> None:
    world = make_world(seed)
    if disagrees(con, world):
        world = smallest(world, lambda less: bool(less.charges and disagrees(con, less)))
        pytest.fail("\n".join([*disagrees(con, world), repr(world)]))


@settings(max_examples=examples(8))
@given(world=worlds())
def test_the_engine_agrees_with_the_reference_on_what_is_left_of_worlds(
    con: Con, world: World
) -> None:
    assert disagrees(con, world) == []


@pytest.mark.few(4)
@pytest.mark.parametrize("seed", range(100, 112))
def test_money_is_the_bills_after_every_step_in_both_bases(con: Con, seed: int) -> None:
    world = make_world(seed)
    run(con, world)
    bill: dict[tuple[str, str], list[Decimal]] = {}
    for line in world.charges:
        sums = bill.setdefault((line["source"], line["BillingCurrency"]), [Decimal(0), Decimal(0)])
        sums[0] += line["BilledCost"]
        sums[1] += line["EffectiveCost"]
    wanted = {(*key, *sums) for key, sums in bill.items()}
    summed = "select source, currency, sum(billed), sum(effective) from {} group by all"
    for step in STEPS:
        assert set(rows(con, summed.format(step))) == wanted, step
    for level in LEVELS:
        where = f"(from ledger where level = '{level}')"
        assert set(rows(con, summed.format(where))) == wanted, level
    by_day = (
        "select day, source, currency, service, class, sum(billed), sum(effective) "
        "from {} group by all"
    )
    stages = set(rows(con, by_day.format("stage_costs")))
    for level in LEVELS:
        assert set(rows(con, by_day.format(f"(from ledger where level = '{level}')"))) == stages


@pytest.mark.few(4)
@pytest.mark.parametrize("seed", range(120, 128))
def test_the_order_of_rows_changes_nothing(con: Con, seed: int) -> None:
    world = make_world(seed)
    before = ledger(run(con, world))
    chance = random.Random(seed)
    mixed = shuffled(world, lambda rows: chance.sample(rows, len(rows)))
    assert ledger(run(con, mixed)) == before
    assert ledger(run(con, shuffled(world, reversed))) == before


@pytest.mark.parametrize("seed", range(140, 143))
def test_threads_change_nothing(seed: int) -> None:
    world = make_world(seed, lines=40)
    found = [ledger(run(open_engine(threads), world)) for threads in (1, 2, 4, 8)]
    assert found[1:] == found[:1] * 3


def test_another_process_with_another_hash_seed_makes_the_same_ledger() -> None:
    script = (
        "from hashlib import sha256\nfrom random_worlds import make_world\nfrom worlds import *\n"
        "print(sha256(repr(ledger(run(open_engine(), make_world(7)))).encode()).hexdigest())"
    )
    here = Path(__file__).parent
    root = here.parent.parent
    path = os.pathsep.join([str(here), str(root)])
    found = [
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for hash_seed in ("1", "2")
    ]
    own = hashlib.sha256(repr(ledger(run(open_engine(), make_world(7)))).encode()).hexdigest()
    assert found == [own, own]


@pytest.mark.few(4)
@pytest.mark.parametrize("seed", range(160, 168))
def test_no_grade_is_better_than_its_worst_hop_and_grades_add_up_to_the_bill(
    con: Con, seed: int
) -> None:
    run(con, make_world(seed))
    hops = "(select grade, unnest(hops).grade as hop from placements)"
    better = f"select count(*) from {hops} where grade < hop"
    assert rows(con, better) == [(0,)]
    assert rows(
        con, "select count(*) from placements where (outcome = 'unmatched') <> (grade = 'U')"
    ) == [(0,)]
    ranked = "select grade, currency, sum(billed), sum(effective) from stage_costs group by all"
    for level in LEVELS:
        total = "select currency, sum(billed), sum(effective) from {} group by all order by all"
        graded = f"(select grade, currency, billed, effective from ledger where level = '{level}')"
        assert rows(con, total.format(graded)) == rows(
            con, total.format(f"({ranked}) as t(g, currency, billed, effective)")
        )


@pytest.mark.few(4)
@pytest.mark.parametrize("seed", range(180, 188))
def test_money_of_one_currency_is_split_as_if_the_other_were_not_there(con: Con, seed: int) -> None:
    """But for rules and days, which both see: so the days are pinned by a line of nothing."""
    world = make_world(seed)
    pin = charge(
        99,
        0,
        source="pin",
        ChargePeriodStart="2026-05-01 00:00:00",
        ChargePeriodEnd="2026-05-09 00:00:00",
    )
    ids = tuple(
        {
            **line,
            "x_line": line["x_line"] + 1000,
            "BilledCost": 0,
            "EffectiveCost": 0,
            "source": "pin",
        }
        for line in world.charges
    )
    both = ledger(run(con, replace(world, charges=(*world.charges, pin, *ids))))
    for currency in ("USD", "EUR"):
        own = tuple(line for line in world.charges if line["BillingCurrency"] == currency)
        alone = ledger(run(con, replace(world, charges=(*own, pin, *ids))))
        assert [r for r in alone if r[6] == currency and r[0] and r[1] != "pin"] == [
            r for r in both if r[6] == currency and r[1] != "pin"
        ]


@pytest.mark.few(4)
@pytest.mark.parametrize("seed", range(200, 210))
def test_avoidable_is_at_most_allocated_is_at_most_stand_alone(con: Con, seed: int) -> None:
    run(con, make_world(seed, sign=1))
    for level in LEVELS:
        found = rows(
            con,
            f"with needed as (select s.target, c.currency, sum(c.effective) as stand_alone, "
            "coalesce(sum(c.effective) filter (s.members = 1), 0) as avoidable from shares as s "
            f"inner join stage_costs as c on c.{level}_set = s.need_set where s.level = '{level}' "
            "group by all), borne as (select target, currency, sum(effective) as allocated "
            f"from ledger where level = '{level}' and target not like '(%' group by all) "
            "select avoidable, allocated, stand_alone "
            "from needed full join borne using (target, currency)",
        )
        assert all(None not in row and row[0] <= row[1] <= row[2] for row in found)


# Time on shared compute (I12)

spans = st.lists(
    st.tuples(st.integers(0, 86_400), st.integers(0, 40_000), st.integers(1, 4)),
    min_size=1,
    max_size=4,
)


def cluster(times: list[tuple[int, int, int]], cuts: list[int], slots: int) -> World:
    """One day of a cluster, billed in pieces cut at some seconds, cost by the second."""
    start = timedelta()
    edges = sorted({0, 86_400, *cuts})
    at = "2026-05-01 00:00:00"

    def moment(second: int) -> str:
        day, rest = divmod(second, 86_400)
        return f"2026-05-{1 + day:02} {start + timedelta(seconds=rest)!s:0>8}"

    return World(
        charges=tuple(
            charge(
                i,
                (b - a) * 6,
                ResourceId="c",
                ChargePeriodStart=moment(a) if a else at,
                ChargePeriodEnd=moment(b),
            )
            for i, (a, b) in enumerate(pairwise(edges))
        ),
        attempts=tuple(
            attempt(
                i,
                f"p{i}",
                f"r{i}",
                moment(a),
                moment(a + length),
                size=size,
                size_unit="slots",
                resource_id="c",
            )
            for i, (a, length, size) in enumerate(times)
        ),
        catalogue=Catalogue(
            resources=(
                Resource(name="c", billed_by=by_id("c"), capacity=Capacity(slots=Decimal(slots))),
            )
        ),
    )


def stages(con: Con) -> dict[str, Decimal]:
    return dict(
        rows(
            con,
            "select stage, sum(effective) from stage_costs group by all having sum(effective) <> 0",
        )
    )


@settings(max_examples=examples(3))
@given(spans, st.lists(st.integers(1, 86_399), max_size=3))
def test_cutting_a_billed_interval_changes_no_cost_while_capacity_suffices(
    con: Con, times: list[tuple[int, int, int]], cuts: list[int]
) -> None:
    whole = stages(run(con, cluster(times, [], 16)))
    cut = stages(run(con, cluster(times, cuts, 16)))
    assert whole.keys() == cut.keys()
    assert all(abs(whole[name] - cut[name]) < Decimal("0.00000000001") for name in whole)


@settings(max_examples=examples(3))
@given(spans, st.lists(st.integers(1, 86_399), max_size=3), st.integers(1, 4))
def test_idle_and_use_are_never_negative_and_add_up(
    con: Con, times: list[tuple[int, int, int]], cuts: list[int], slots: int
) -> None:
    found = stages(run(con, cluster(times, cuts, slots)))
    assert all(cost >= 0 for cost in found.values())
    assert sum(found.values()) == 86_400 * 6


def test_touching_intervals_share_nothing(con: Con) -> None:
    """A run that stops as a billed hour starts, or starts as it stops, pays nothing of it."""
    world = cluster([(0, 3600, 1), (7200, 3600, 1), (3600, 3600, 1)], [3600, 7200], 1)
    load(con, world)
    run(con, replace(world, charges=world.charges[1:2]))
    assert stages(con) == {"pipeline:p2/run": Decimal(3600 * 6)}


def test_a_world_of_another_period_leaves_no_trace(con: Con) -> None:
    world = make_world(3)
    before = ledger(run(con, world))
    other = tuple({**line, "billing_period": "2026-06"} for line in world.charges)
    assert ledger(run(con, replace(world, charges=(*world.charges, *other)))) == before
    assert by_target(con, "feature").keys() >= {"(unmatched)"}
