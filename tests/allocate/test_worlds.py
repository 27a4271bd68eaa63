"""Random small worlds: the engine against the reference, and what must hold whatever the world.

Hundreds of worlds are split at once, side by side. That takes 0.02 s of a processor a world, and the
reference 0.05 s more: 10,000 of each kind, as `make test-all` tries, take about an hour of one.
"""

import hashlib
import os
import random
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from compare import differences, disagreements, reference
from hypothesis import settings
from many import apart, number, together
from random_worlds import make_world, some_world
from smallest import smallest
from test_worked_examples import needed
from worlds import (
    LEVELS,
    Con,
    World,
    attempt,
    by_id,
    by_target,
    charge,
    ledger,
    open_engine,
    rows,
    run,
    shuffled,
)

from costlens.config.values import Allocation, Capacity, Catalogue, Resource

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
EACH = 200 if NIGHTLY else 30  # worlds at a time
BATCHES = settings().max_examples // EACH if NIGHTLY else 1
STEPS = ("bundles", "pools", "placements", "stage_costs")
OVERLAPS = ("capacity", "occupancy", "occupancy_by_slots", "duration")


@pytest.fixture(scope="module")
def con() -> Con:
    return open_engine()


def seeds(batch: int) -> list[int]:
    """Give the seeds of a batch, by night other ones every time; a failure names them."""
    first = random.SystemRandom().randrange(10**8 - EACH) if NIGHTLY else EACH * batch
    return list(range(first, first + EACH))


def allocation(batch: int) -> Allocation:
    """Take every policy in turn."""
    return Allocation(
        shared_parts=("even", "by_work")[batch % 2],
        overlap=OVERLAPS[batch // 2 % 4],
        cascade=("reciprocal", "step_down")[batch // 3 % 2],
    )


def blame(found: list[str], worlds: dict[str, World]) -> None:
    """Fail with the smallest world that is still wrong, if there is one that is wrong alone."""
    if not found:
        return
    suspects = [world for mark, world in worlds.items() if any(mark in line for line in found)]
    least = next((smallest(one, is_wrong) for one in suspects if is_wrong(one)), None)
    pytest.fail("\n".join([*found[:20], "the smallest that is wrong alone:", repr(least)]))


def is_wrong(world: World) -> bool:
    return bool(world.charges and differences(run(open_engine(), world), world))


@pytest.mark.parametrize("batch", range(BATCHES))
def test_the_engine_agrees_with_the_reference_and_money_is_the_bills_after_every_step(
    batch: int,
) -> None:
    """I1 to I4, I13. Other threads and another order of rows give the very same ledger: I6, I7."""
    worlds = {number(s): apart(some_world(s), number(s), allocation(batch)) for s in seeds(batch)}
    whole = together(list(worlds.values()))
    con = run(open_engine(), whole)
    blame(disagreements(con, reference(*worlds.values())), worlds)
    assert_conserved(con, whole)
    assert_graded(con)
    chance = random.Random(batch)
    mixed = shuffled(whole, lambda rows: chance.sample(rows, len(rows)))
    found = ledger(con)
    threads = (1, 4, 8)[batch % 3]
    assert ledger(run(open_engine(threads), mixed)) == found


def assert_conserved(con: Con, world: World) -> None:
    """Compare each source's and currency's money with the bill's after every step."""
    bill: dict[tuple[str, str], list[Decimal]] = {}
    for line in world.charges:
        sums = bill.setdefault((line["source"], line["BillingCurrency"]), [Decimal(0), Decimal(0)])
        sums[0] += line["BilledCost"]
        sums[1] += line["EffectiveCost"]
    wanted = {(*key, *sums) for key, sums in bill.items()}
    summed = "select source, currency, sum(billed), sum(effective) from {} group by all"
    by_level = [f"(from ledger where level = '{level}')" for level in LEVELS]
    for step in (*STEPS, *by_level):
        assert set(rows(con, summed.format(step))) == wanted, step
    by_day = (
        "select day, source, currency, service, class, sum(billed), sum(effective) "
        "from {} group by all"
    )
    stages = set(rows(con, by_day.format("stage_costs")))
    for level in by_level:
        assert set(rows(con, by_day.format(level))) == stages, level


def assert_graded(con: Con) -> None:
    """No grade is better than its worst hop, and what nobody owns has none."""
    hops = "(select grade, unnest(hops).grade as hop from placements)"
    assert rows(con, f"select count(*) from {hops} where grade < hop") == [(0,)]
    assert rows(
        con, "select count(*) from placements where (outcome = 'unmatched') <> (grade = 'U')"
    ) == [(0,)]


@pytest.mark.parametrize("batch", range(BATCHES))
def test_one_currency_is_split_as_if_lines_of_the_other_cost_nothing(batch: int) -> None:
    """I15. The lines stay, for they show the engine what there is."""
    whole = together([apart(make_world(s), number(s), allocation(batch)) for s in seeds(batch)])
    both = ledger(run(open_engine(), whole))
    currency = ("USD", "EUR")[batch % 2]
    nothing = {"BilledCost": Decimal(0), "EffectiveCost": Decimal(0)}
    lines = (
        line if line["BillingCurrency"] == currency else {**line, **nothing}
        for line in whole.charges
    )
    alone = ledger(run(open_engine(), replace(whole, charges=tuple(lines))))
    wanted = [row for row in both if row[7] == currency]
    assert wanted
    assert [row for row in alone if row[7] == currency] == wanted


@pytest.mark.parametrize("batch", range(BATCHES))
def test_whoever_is_asked_avoidable_is_at_most_allocated_is_at_most_stand_alone(batch: int) -> None:
    """I9, of every set of targets: no set pays for more than it needs, none is paid for by others."""
    worlds = [make_world(s, sign=1) for s in seeds(batch)]
    whole = together([apart(w, number(i), allocation(batch)) for i, w in enumerate(worlds)])
    con = run(open_engine(), whole)
    for level in LEVELS:
        assert_core(con, level)


def assert_core(con: Con, level: str) -> None:
    """Compare the three of every set of targets, bill by bill."""
    costs = rows(
        con,
        f"select c.source, c.currency, s.targets, sum(c.effective) from stage_costs as c inner join "
        "(select need_set, list(distinct target order by target) as targets from shares "
        f"where level = '{level}' group by need_set) as s on c.{level}_set = s.need_set group by all",
    )
    borne = rows(
        con,
        f"select source, currency, target, sum(effective) from ledger where level = '{level}' "
        "and target not like '(%' group by all",
    )
    bears: dict[tuple[str, str], dict[str, Decimal]] = {}
    for source, currency, target, cost in borne:
        bears.setdefault((source, currency), {})[target] = cost
    needs: dict[tuple[str, str], list[tuple[set[str], Decimal]]] = {}
    for source, currency, targets, cost in costs:
        needs.setdefault((source, currency), []).append((set(targets), cost))
    assert needs.keys() == bears.keys()
    for key, allocated in bears.items():
        for size in range(1, len(allocated) + 1):
            for chosen in map(set, combinations(allocated, size)):
                avoidable = sum(cost for targets, cost in needs[key] if targets <= chosen)
                alone = sum(cost for targets, cost in needs[key] if targets & chosen)
                assert avoidable <= sum(allocated[t] for t in chosen) <= alone, (key, chosen)


def drawing(seed: int) -> tuple[dict[str, int], dict[str, list[str]], dict[str, int]]:
    """Draw stages that are shared once, each with what it costs and feeds; and weights, or none."""
    chance = random.Random(seed)
    stages = [f"s{n}" for n in range(chance.randint(2, 6))]
    features = [f"f{n}" for n in range(chance.randint(2, 5))]
    feeds = {
        stage: chance.sample([*stages[n + 1 :], *features], chance.randint(1, 2))
        for n, stage in enumerate(stages)
    }
    costs = {name: chance.randint(-9, 10**6) for name in (*stages, *features)}
    weighted = chance.random() < 0.5
    return costs, feeds, {f: chance.randint(1, 9) for f in features} if weighted else {}


def drawn_again(
    seed: int, costs: dict[str, int], feeds: dict[str, list[str]]
) -> tuple[dict[str, int], dict[str, list[str]]]:
    """Split a stage in two, and let another feed what it feeds by way of one that costs nothing."""
    chance = random.Random(seed)
    costs, feeds = dict(costs), dict(feeds)
    halved, passed = chance.choice(list(feeds)), chance.choice(list(feeds))
    feeds["t"] = feeds[halved]
    costs["t"] = chance.randint(-9, 10**6)
    costs[halved] -= costs["t"]
    through = chance.choice(feeds[passed])
    feeds["v"] = [through]
    feeds[passed] = ["v", *(to for to in feeds[passed] if to != through)]
    return costs, feeds


@pytest.mark.parametrize("batch", range(BATCHES))
def test_a_graph_that_is_drawn_otherwise_costs_everybody_the_same(con: Con, batch: int) -> None:
    """I10. The two halves of a stage are one with the same need: so equal needs may be merged too."""
    drawn, again = [], []
    for seed in seeds(batch):
        costs, feeds, weights = drawing(seed)
        drawn.append(apart(needed(costs, feeds, **weights), number(seed)))
        other = needed(*drawn_again(seed, costs, feeds), **weights)
        again.append(apart(other, number(seed)))
    query = "select source, target, sum(effective) from ledger where level = 'feature' group by all"
    wanted = set(rows(run(con, together(drawn)), query))
    assert len(wanted) >= 2 * EACH
    assert set(rows(run(con, together(again)), query)) == wanted


# Time on shared compute (I12)

Times = list[tuple[int, int, int]]  # from which second, for how many, on how many slots


def cluster(times: Times, cuts: list[int], slots: int) -> World:
    """One day of a cluster, billed in pieces cut at some seconds, cost by the second."""
    edges = sorted({0, 86_400, *cuts})

    def moment(second: int) -> str:
        day, rest = divmod(second, 86_400)
        return f"2026-05-{1 + day:02} {timedelta(seconds=rest)!s:0>8}"

    return World(
        charges=tuple(
            charge(
                i + 1,
                (b - a) * 6,
                ResourceId="c",
                ChargePeriodStart=moment(a),
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


def spans(seed: int) -> tuple[Times, list[int]]:
    """Draw when things ran, and where their day is cut: anywhere, but often where one began."""
    chance = random.Random(seed)
    times = [
        (chance.randint(0, 86_400), chance.randint(0, 40_000), chance.randint(1, 4))
        for _ in range(chance.randint(1, 4))
    ]
    starts = [start for start, _, _ in times if 0 < start < 86_400]
    cuts = [
        chance.choice([chance.randint(1, 86_399), *starts]) for _ in range(chance.randint(1, 3))
    ]
    return times, cuts


def stages(con: Con) -> dict[tuple[str, str], Decimal]:
    """Read what each stage of each bill cost."""
    return {
        row[:2]: row[2]
        for row in rows(
            con,
            "select source, stage, sum(effective) from stage_costs group by all "
            "having sum(effective) <> 0",
        )
    }


@pytest.mark.parametrize("batch", range(BATCHES))
def test_cutting_a_billed_interval_changes_no_cost_while_capacity_suffices(
    con: Con, batch: int
) -> None:
    drawn = {number(seed): spans(seed) for seed in seeds(batch)}
    whole = together([apart(cluster(times, [], 16), mark) for mark, (times, _) in drawn.items()])
    before = stages(run(con, whole))
    cut = together([apart(cluster(times, cuts, 16), mark) for mark, (times, cuts) in drawn.items()])
    after = stages(run(con, cut))
    assert before.keys() == after.keys()
    assert all(abs(before[name] - after[name]) < Decimal("0.00000000001") for name in before)


@pytest.mark.parametrize("batch", range(BATCHES))
def test_idle_and_use_are_never_negative_and_add_up(con: Con, batch: int) -> None:
    drawn = {number(seed): spans(seed) for seed in seeds(batch)}
    found = stages(
        run(
            con,
            together(
                [
                    apart(cluster(times, cuts, 1 + n % 4), mark)
                    for n, (mark, (times, cuts)) in enumerate(drawn.items())
                ]
            ),
        )
    )
    assert all(cost > 0 for cost in found.values())
    sums = dict.fromkeys(drawn, Decimal(0))
    for (source, _), cost in found.items():
        sums[source.removesuffix("bill")] += cost
    assert set(sums.values()) == {Decimal(86_400 * 6)}


def test_touching_intervals_share_nothing(con: Con) -> None:
    """A run that stops as a billed hour starts, or starts as it stops, pays nothing of it."""
    world = cluster([(0, 3600, 1), (7200, 3600, 1), (3600, 3600, 1)], [3600, 7200], 1)
    run(con, replace(world, charges=world.charges[1:2]))
    assert stages(con) == {("bill", "pipeline:p2/run"): Decimal(3600 * 6)}


# Determinism (I7)


def test_threads_change_nothing() -> None:
    world = together([apart(make_world(s, lines=40), number(s), Allocation()) for s in range(4)])
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


def test_a_world_of_another_period_leaves_no_trace(con: Con) -> None:
    world = make_world(3)
    before = ledger(run(con, world))
    other = tuple({**line, "billing_period": "2026-06"} for line in world.charges)
    assert ledger(run(con, replace(world, charges=(*world.charges, *other)))) == before
    assert by_target(con, "feature").keys() >= {"(unmatched)"}
