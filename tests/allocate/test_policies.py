"""Policies share out what no target bears as steps of their own, by figures worked out by hand."""

from dataclasses import replace
from decimal import Decimal

import pytest
from company import Company
from random_worlds import make_world
from test_worked_examples import on_cluster
from worlds import PERIOD, Con, World, by_target, charge, open_engine, output, publish, rows, run

from costlens.allocate import steps, trace
from costlens.config.dated import Weight
from costlens.config.values import Allocation, Feature


@pytest.fixture(scope="module")
def con() -> Con:
    return open_engine()


def shared(world: World, **policies: str) -> World:
    return replace(world, allocation=Allocation(**policies))


def step(con: Con, name: str) -> dict[str, Decimal]:
    return dict(
        rows(
            con,
            "select target, sum(effective) from ledger where level = 'feature' "
            f"and step = '{name}' group by all",
        )
    )


CLUSTER = on_cluster({"A": (0, 4, 2), "B": (0, 4, 1), "C": (4, 8, 1)}, 96, 8, 4)
OWN = {"A": 24, "B": 12, "C": 12, "(idle)": 48}


@pytest.mark.parametrize(
    ("mode", "parts"),
    [
        ("share", {"A": 24, "B": 12, "C": 12}),
        ("evenly", {"A": 16, "B": 16, "C": 16}),
        ("weight", {"A": 32, "B": 16}),
        ("by reads", {"B": 12, "C": 36}),
    ],
)
def test_idle_is_shared_as_the_policy_says_and_stands_apart(
    con: Con, mode: str, parts: dict[str, object]
) -> None:
    world = shared(CLUSTER, idle=mode)
    weights = {"A": (Weight(weight=Decimal(2)),), "B": (Weight(weight=Decimal(1)),), "C": ()}
    features = tuple(Feature(name=name, weight=weight) for name, weight in weights.items())
    world = replace(
        world,
        catalogue=replace(world.catalogue, features=features),
        activity=tuple(
            {
                "source": "usage",
                "month": "2026-05",
                "x_load": "l",
                "x_line": 1,
                "target": f"feature:{name}",
                "hour": "2026-05-01 00:00:00",
                "measure": "reads",
                "quantity": reads,
            }
            for name, reads in (("B", 1), ("C", 3))
        ),
    )
    run(con, world)
    given = {name: Decimal(str(part)) for name, part in parts.items()}
    assert step(con, "own") == OWN
    assert step(con, "idle_share") == {**given, "(idle)": Decimal(-48)}
    now = {name: amount for name, amount in by_target(con, "feature").items() if amount}
    assert now == {name: OWN[name] + given.get(name, 0) for name in ("A", "B", "C")}
    assert rows(con, "select distinct class from ledger where step = 'idle_share'") == [("idle",)]


def test_idle_of_what_nobody_used_is_nobodys_by_use(con: Con) -> None:
    alone = charge(99, 7, ResourceId="cluster", ChargePeriodStart="2026-05-03 00:00:00")
    alone |= {"ChargePeriodEnd": "2026-05-04 00:00:00"}
    run(con, shared(replace(CLUSTER, charges=(*CLUSTER.charges, alone)), idle="share"))
    assert by_target(con, "feature")["(idle)"] == 7


def test_tax_is_shared_by_what_each_costs_and_only_what_no_target_bears(con: Con) -> None:
    hours = {"ChargePeriodEnd": "2026-05-01 08:00:00", "ResourceId": "cluster"}
    tax = (
        charge(50, 21, x_class="tax", ServiceName="Tax"),
        charge(51, 10, x_class="tax", ServiceName="Tax", **hours),
    )
    run(con, shared(replace(CLUSTER, charges=(*CLUSTER.charges, *tax)), tax="share"))
    # The tax of the cluster was half borne by those who ran on it; the other half and what nobody
    # picked, 26, goes by what each costs without tax: 24, 12 and 12.
    wanted = {"A": 13, "B": 6.5, "C": 6.5, "(idle)": -5, "(unmatched)": -21}
    assert step(con, "tax_share") == {name: Decimal(str(part)) for name, part in wanted.items()}
    whole = rows(con, "select level, sum(effective) from ledger group by all order by all")
    assert whole == [(level, Decimal(127)) for level in ("feature", "model", "product")]


def test_without_a_taker_nothing_moves(con: Con) -> None:
    run(con, shared(CLUSTER, idle="by clicks", credit="share"))
    assert rows(con, "select distinct step from ledger") == [("own",)]


def test_what_needs_no_feature_takes_its_part(con: Con) -> None:
    outputs = tuple(output(f"p{name}", name, "model:m") for name in "ABC")
    run(con, shared(replace(CLUSTER, outputs=outputs), idle="share"))
    assert by_target(con, "feature")["(no feature)"] == 96
    assert by_target(con, "model")["m"] == 96


@pytest.mark.few(1)
@pytest.mark.parametrize("seed", range(500, 508))
def test_whatever_the_world_policies_move_money_and_make_none(con: Con, seed: int) -> None:
    world = make_world(seed)
    own = "select * exclude (step) from ledger where step = 'own' order by all"
    run(con, world)
    before = rows(con, own)
    mode = ("share", "evenly", "weight", "by reads")[seed % 4]
    names = ("idle", "unused_commitment", "tax", "credit", "support")
    run(con, replace(world, allocation=replace(world.allocation, **dict.fromkeys(names, mode))))
    assert rows(con, own) == before
    assert not rows(
        con,
        "select step, level, day, source, service, class, currency from ledger "
        "where step <> 'own' group by all having sum(billed) <> 0 or sum(effective) <> 0",
    )
    steps.run(con, ("balance",), period=PERIOD)
    by_step = (
        "select source, currency, columns('sum') from balance where step like '{}' order by all"
    )
    assert len(rows(con, "select distinct step from balance")) == 10
    assert set(rows(con, by_step.format("ledger%"))) == set(rows(con, by_step.format("charges")))


def test_what_policies_gave_stands_in_the_explanation(company: Company) -> None:
    company.settings["allocation"] = {"tax": "share"}
    company.bill(
        {"cost": "6", "ResourceId": "a"},
        {"cost": "2", "ResourceId": "b"},
        {"cost": "1", "ChargeCategory": "Tax"},
    )
    company.catalogue(
        "features: [{name: a, billed_by: [{resource_id: a}]}, {name: b, billed_by: [{resource_id: b}]}]"
    )
    company.refresh()
    assert company.cost() == {"a": Decimal("6.75"), "b": Decimal("2.25"), "(unmatched)": 0}
    for words in ((), ("--lines",)):
        told = company.ask("explain", "feature:a", *words)
        assert [Decimal(row["amount"]) for row in told] == [6, Decimal("0.75")]
        assert "tax_share" in told[1].values()


def test_what_was_measured_anew_is_shared_anew(company: Company) -> None:
    company.settings["allocation"] = {"tax": "by requests"}
    company.bill(
        {"cost": "6", "ResourceId": "a"},
        {"cost": "2", "ResourceId": "b"},
        {"cost": "10", "ChargeCategory": "Tax"},
    )
    company.catalogue(
        "features: [{name: a, billed_by: [{resource_id: a}]}, {name: b, billed_by: [{resource_id: b}]}]"
    )
    for of_b, wanted in ((1, {"a": 11, "b": 7}), (9, {"a": 7, "b": 11})):
        counted = {"hour": "2026-05-31T00:00:00Z", "measure": "requests"}
        company.activity(
            {**counted, "target": "feature:a", "quantity": 1},
            {**counted, "target": "feature:b", "quantity": of_b},
        )
        company.refresh()
        assert company.cost() == {**wanted, "(unmatched)": 0}


def test_the_lines_of_a_policy_re_add_to_the_ledger_and_to_nothing_each(con: Con) -> None:
    """Two lines of an idle cluster, the tax on all, and a table that nobody needs."""
    world = shared(CLUSTER, idle="share", tax="share", support="evenly")
    (cluster,) = CLUSTER.charges
    extra = {"ChargePeriodStart": cluster["ChargePeriodStart"]}
    half = {**cluster, "BilledCost": "31.000000000001", "EffectiveCost": "30.999999999999"}
    world = replace(
        world,
        charges=(
            {**cluster, "x_line": 1},
            {**half, "x_line": 2},
            charge(3, "7.000000000001", x_class="tax", **extra),
            charge(4, "-0.999999999999", x_class="tax", **extra),
            charge(5, "5.000000000003", x_class="support", **extra),
            charge(6, "11", ResourceId="nobody's", **extra),
        ),
    )
    publish(run(con, world))
    keys = "day, source, level, target, service, class, grade, currency, step"
    found: dict[object, Decimal] = {}
    for number in range(1, 7):
        trace.trace_line(con, world.book, trace.LineId(source="bill", period=PERIOD, line=number))
        per_step = rows(
            con,
            "select level, step, sum(billed), sum(effective) from line_shares group by all",
        )
        (cost,) = [row for row in world.charges if row["x_line"] == number]
        own = (Decimal(cost["BilledCost"]), Decimal(cost["EffectiveCost"]))
        for _, name, *sums in per_step:
            assert tuple(sums) == (own if name == "own" else (0, 0)), (number, name)
        assert (len(per_step) > 3) == (number != 6)
        for *key, amount in rows(con, f"select {keys}, effective from line_shares"):
            found[tuple(key)] = found.get(tuple(key), Decimal(0)) + amount
    wanted = {
        tuple(key): amount
        for *key, amount in rows(con, f"select {keys}, sum(effective) from ledger group by all")
    }
    assert {key: amount for key, amount in found.items() if amount} == {
        key: amount for key, amount in wanted.items() if amount
    }
