"""Owners, weights and sizes of the catalogue, and what each is worth on its day: in exact sums."""

from decimal import Decimal

import pytest
from company import Company
from gathered import Asked, Gathered, line, run

WORLD = Gathered()


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    return WORLD.refresh(Company(folder=tmp_path_factory.mktemp("by_the_day")))


WORLD.add(
    """
    teams: [{name: d1_a}, {name: d1_b}]
    pipelines:
      - {name: d1_p, owner: d1_a, billed_by: [{resource_id: d1_p}]}
    stages:
      - name: d1_s
        owner: [{team: d1_a, until: 2026-05-01}, {team: d1_b, from: 2026-05-02, until: 2026-05-02}]
        billed_by: [{resource_id: d1_s}]
    products:
      - name: d1_t
        owner: [{team: d1_b, from: 2026-05-02}, {team: d1_a, until: 2026-05-01}]
        billed_by: [{resource_id: d1_t}]
    """,
    bill=[
        *(line(cost, "d1_s", start=24 * day) for day, cost in enumerate((1, 2, 4))),
        *(line(cost, "d1_p", start=24 * day) for day, cost in enumerate((8, 16, 32))),
        *(line(cost, "d1_t", start=24 * day) for day, cost in enumerate((100, 200, 400))),
    ],
)


def test_a_days_cost_belongs_to_the_owner_of_that_day(asked: Asked) -> None:
    owners = {key[0]: cost for key, cost in asked.stages("stage:d1_s", "owner").items()}
    assert owners == {"d1_a": 1, "d1_b": 2, "": 4}
    assert asked.stages("pipeline:d1_p", "owner") == {("d1_a",): 56}
    # 100 of the product on its first day, 200 and 400 on the two after it.
    assert asked.costs("d1_", "team") == {"d1_a": 100, "d1_b": 600}
    assert asked.company.run("report", "--month", "2026-05").code == 0
    (paid,) = asked.company.folder.glob("reports/2026-05/chargeback_by_team.csv")
    rows = [row.split(",") for row in paid.read_text().splitlines()]
    team, products, own = (rows[0].index(name) for name in ("team", "products", "own_stages"))
    assert {
        row[team]: (Decimal(row[products]), Decimal(row[own]))
        for row in rows
        if row[team].startswith("d1")
    } == {"d1_a": (100, 57), "d1_b": (600, 2)}


def test_the_owner_of_the_last_days_is_the_one_that_is_shown(asked: Asked) -> None:
    found = asked.ask("query", "select * from catalogue where name = 'd1_t' order by valid_from")
    assert [(r["owner"], r["valid_from"], r["valid_to"]) for r in found] in (
        [("d1_a", "", "2026-05-02"), ("d1_b", "2026-05-02", "")],
        [("d1_b", "2026-05-02", ""), ("d1_a", "", "2026-05-02")],
    )


WORLD.add(
    """
    stages:
      - {name: d2, billed_by: [{resource_id: d2}], feeds: [{feature: d2_f}, {feature: d2_g}]}
      - name: d3
        billed_by: [{resource_id: d3}]
        split: use
        feeds:
          - {feature: d3_f, weight: 1, until: 2026-05-01}
          - {feature: d3_f, weight: 2, from: 2026-05-02}
          - {feature: d3_g, weight: 3}
    features:
      - {name: d2_f, weight: [{weight: 3, until: 2026-05-01}, {weight: 1, from: 2026-05-02}]}
      - {name: d2_g, weight: [{weight: 1, until: 2026-05-02}]}
      - {name: d3_f}
      - {name: d3_g}
    """,
    bill=[
        *(line(40, "d2", start=24 * day) for day in range(3)),
        line(20, "d3"),
        line(20, "d3", start=24),
    ],
)


def test_a_weight_counts_on_its_days_and_a_day_without_one_is_split_evenly(asked: Asked) -> None:
    days = {("2026-05-01", "D"): 30, ("2026-05-02", "D"): 20, ("2026-05-03", "E"): 20}
    assert asked.ledger("feature:d2_f", "day", "grade") == days


def test_declared_consumption_counts_on_its_days(asked: Asked) -> None:
    assert asked.ledger("feature:d3_f", "day") == {("2026-05-01",): 5, ("2026-05-02",): 8}
    assert asked.ledger("feature:d3_g", "day") == {("2026-05-01",): 15, ("2026-05-02",): 12}


WORLD.add(
    """
    teams: [{name: d4_t}]
    stages:
      - name: d4
        owner: d4_t
        billed_by: [{resource_id: d4*}]
        feeds:
          - {feature: d4_f, size: 10}
          - {feature: d4_g, size: 30, until: 2026-05-01}
          - {feature: d4_h, size: 100}
    resources:
      - {name: d5, billed_by: [{resource_id: d5}], capacity: {slots: 2}, practical: 0.75}
    pipelines: [{name: d5_p, produces: [{part: build, feature: d5_f}]}]
    features: [{name: d4_f}, {name: d4_g}, {name: d4_h}, {name: d5_f}]
    """,
    bill=[line("0.1", "d4.a"), line("99.9", "d4.b"), line(100, "d4", start=24), line(24, "d5")],
    runs=[run("d5_p.1", 0, 24, part="build", resource_id="d5", slots=1)],
)


def test_a_scan_is_split_by_what_each_reader_needed_on_that_day(asked: Asked) -> None:
    """C14 on the first day; on the second nobody needs 30, so the step from 10 to 100 is one."""
    third = Decimal("3.333333333333")
    assert asked.ledger("feature:d4_g", "day") == {("2026-05-01",): third + 10}
    assert asked.ledger("feature:d4_h", "day", "grade") == {
        ("2026-05-01", "D"): 70,
        ("2026-05-01", "E"): third + 10,
        ("2026-05-02", "D"): 90,
        ("2026-05-02", "E"): 5,
    }
    assert asked.three("d4_h") == (160, third + 80 + 95, 200)
    assert asked.stages("stage:d4#30", "owner") == {("d4_t",): 20}


def test_the_lines_of_a_sliced_stage_re_add_to_each_reader(asked: Asked) -> None:
    parts = asked.company.ask("explain", "feature:d4_g", "--lines")
    assert sum(Decimal(row["amount"]) for row in parts) == asked.cost()["d4_g"]
    assert {row["line"].split(":")[0] for row in parts} == {"bill"}


def test_what_cannot_be_used_in_practice_is_a_row_of_its_own(asked: Asked) -> None:
    """Of 2 slots 1.5 can be used, and 1 was: 12 of 24 worked, 6 idle, 6 reserved."""
    assert asked.cost()["d5_f"] == 12
    assert asked.stages("resource:d5", "class", "outcome") == {
        ("idle", "idle"): 6,
        ("reserved", "idle"): 6,
    }
