"""Cost flows down to those who need it: by consumption, by reads, by level; and how it is shown."""

from decimal import Decimal

import pytest
from company import Company
from gathered import Asked, Gathered, at, line, run

WORLD = Gathered()
UNIT = Decimal("0.000000000001")
JUNE = {
    "BillingPeriodStart": "2026-06-01T00:00:00Z",
    "BillingPeriodEnd": "2026-07-01T00:00:00Z",
    "ChargePeriodStart": "2026-06-01T00:00:00Z",
    "ChargePeriodEnd": "2026-06-02T00:00:00Z",
}


def read(target: str, consumer: str, quantity: int, hour: float = 0) -> dict[str, object]:
    return {
        "target": target,
        "consumer": consumer,
        "hour": at(hour),
        "measure": "reads",
        "quantity": quantity,
    }


# Cascade

WORLD.add(
    """
    stages:
      - {name: f1u, billed_by: [{resource_id: f1u}], split: use,
         feeds: [{stage: f1v, weight: 1}, {stage: f1w, weight: 1}]}
      - {name: f1v, split: use,
         feeds: [{feature: f1_a, weight: 1}, {feature: f1_b, weight: 1},
                 {feature: f1_c, weight: 1}]}
      - {name: f1w, split: use,
         feeds: [{feature: f1_a, weight: 1}, {feature: f1_b, weight: 1},
                 {feature: f1_c, weight: 1}]}
    features: [{name: f1_a}, {name: f1_b}, {name: f1_c}]
    """,
    bill=[line("0.00000000001", "f1u")],
)


def test_the_cascade_splits_each_origin_amount_once_and_never_hop_by_hop(asked: Asked) -> None:
    # Hop by hop it would be 5 and 5, then 2, 2, 1 twice: 4, 4, 2.
    assert asked.costs("f1_") == {"f1_a": 4 * UNIT, "f1_b": 3 * UNIT, "f1_c": 3 * UNIT}


WORLD.add(
    """
    stages:
      - {name: f2x, billed_by: [{resource_id: f2x}], feeds: [{stage: f2w}]}
      - {name: f2w, billed_by: [{resource_id: f2w}], split: use,
         feeds: [{feature: f2_a, weight: 3}, {feature: f2_b, weight: 1},
                 {feature: f2_c, weight: 0}]}
    features: [{name: f2_a}, {name: f2_b}, {name: f2_c}]
    """,
    bill=[line(12, "f2x"), line(4, "f2w")],
)


def test_a_use_edge_with_weight_is_a_need_edge_and_one_of_weight_0_is_no_need(asked: Asked) -> None:
    assert asked.costs("f2_") == {"f2_a": 12, "f2_b": 4}


def test_what_is_handed_on_by_use_would_be_saved_and_what_is_needed_together_would_not(
    asked: Asked,
) -> None:
    assert asked.three("f2_a") == (3, 12, 15)
    assert asked.three("f2_b") == (1, 4, 13)


WORLD.add(
    """
    stages:
      - {name: f3w, billed_by: [{resource_id: f3w}], split: use,
         feeds: [{pipeline: f3p, weight: 1}, {feature: f3_z, weight: 1}]}
    pipelines: [{name: f3p}]
    features: [{name: f3_z}]
    """,
    bill=[
        line(24, "f3w"),
        line(24, "f3w", start=24),
        line(6, "f3p.a"),
        line(2, "f3p.b"),
    ],
    runs=[
        run("f3p.a", 0, 1, part="one", feature="f3_a"),
        run("f3p.b", 0, 1, part="two", feature="f3_b"),
    ],
)


def test_cost_landing_on_a_pipeline_goes_to_its_stages_by_that_days_own_cost_or_to_shared(
    asked: Asked,
) -> None:
    assert asked.stages("pipeline:f3p", "day", "stage") == {
        ("2026-05-01", "pipeline:f3p/one"): 6 + 9,
        ("2026-05-01", "pipeline:f3p/two"): 2 + 3,
        ("2026-05-02", "pipeline:f3p/shared"): 12,
    }
    assert asked.costs("f3_") == {"f3_a": 15 + 6, "f3_b": 5 + 6, "f3_z": 24}


WORLD.add(
    """
    stages:
      - {name: f4w, billed_by: [{resource_id: f4w}], split: use,
         feeds: [{feature: f4_a, weight: 1}, {feature: f4_b, weight: 3}]}
      - {name: f4s, billed_by: [{resource_id: f4s}], split: use,
         feeds: [{feature: f4_a}, {feature: f4_b}]}
      - {name: f4t, billed_by: [{resource_id: f4t}], split: use, feeds: [{stage: f4t2, weight: 1}]}
      - {name: f4t2, split: use, feeds: [{stage: f4t, weight: 1}]}
    features: [{name: f4_a}, {name: f4_b}]
    """,
    bill=[
        line(12, "f4w"),
        line(12, "f4w", start=24),
        line(12, "f4w", start=48),
        line(12, "f4w", **JUNE),
        line(7, "f4s", **JUNE),
        line(9, "f4s"),
        line(11, "f4t"),
    ],
    activity=[
        read("stage:f4w", "feature:f4_a", 1),
        read("stage:f4w", "feature:f4_b", 1),
        read("stage:f4w", "feature:f4_a", 3, 24),
        read("stage:f4s", "feature:f4_a", 1, 24),
    ],
)


def test_a_day_without_consumption_uses_its_months_else_declared_weights_else_is_stranded(
    asked: Asked,
) -> None:
    day = {d: asked.ledger("feature:f4_b", "day").get((d,), 0) for d in DAYS}
    # By the day 1 to 1, then 3 to 0; by the month 4 to 1; as declared 1 to 3.
    assert day == dict(zip(DAYS, (6, 0, Decimal("2.4"), 9), strict=True))
    assert asked.outcomes("stage:f4s") == {"stranded": 7}
    assert asked.findings("stranded", "f4s")[0]["amount"] == "7"


DAYS = ("2026-05-01", "2026-05-02", "2026-05-03", "2026-06-01")


def test_stages_that_only_feed_each_other_are_stranded_not_dropped(asked: Asked) -> None:
    assert asked.outcomes("stage:f4t") == {"stranded": 11}


# Need

WORLD.add(
    """
    stages:
      - {name: n1, billed_by: [{resource_id: n1}], feeds: [{feature: n1_f}, {feature: n1_g}]}
      - {name: n2, billed_by: [{resource_id: n2}], feeds: [{feature: n2_f}]}
      - {name: n3, billed_by: [{resource_id: n3}], feeds: [{feature: n3_f}]}
    features: [{name: n1_f}, {name: n1_g}, {name: n2_f}, {name: n3_f}]
    models:
      - {name: n1_m, uses: [{feature: n1_f}, {feature: n1_g}]}
      - {name: n1_n, uses: [{feature: n1_f}]}
      - {name: n2_m, uses: [{feature: n2_f, weight: 2}]}
      - {name: n2_n, uses: [{feature: n2_f, weight: 1}]}
      - {name: n3_m, uses: [{feature: n3_f}]}
      - {name: n3_n, uses: [{feature: n3_f}]}
    """,
    bill=[line(12, "n1"), line(12, "n2"), line(12, "n3")],
    activity=[
        read("feature:n1_f", "model:n1_m", 10),
        read("feature:n1_g", "model:n1_m", 20),
        read("feature:n1_f", "model:n1_n", 10),
        read("feature:n2_f", "model:n2_m", 1000),
        read("feature:n3_f", "model:n3_m", 1000),
    ],
)


def test_a_target_weighs_the_reads_into_it_from_all_that_is_reachable_from_the_stage(
    asked: Asked,
) -> None:
    assert asked.costs("n1_", "model") == {"n1_m": 9, "n1_n": 3}
    assert asked.row("n1_m", "model")["grade"] == "B"


def test_where_one_target_lacks_reads_the_whole_split_takes_the_next_rung(asked: Asked) -> None:
    assert asked.costs("n2_", "model") == {"n2_m": 8, "n2_n": 4}
    assert asked.row("n2_m", "model")["grade"] == "D"
    assert asked.costs("n3_", "model") == {"n3_m": 6, "n3_n": 6}
    assert asked.row("n3_m", "model")["grade"] == "E"


WORLD.add(
    """
    stages:
      - {name: n4, billed_by: [{resource_id: n4}], feeds: [{feature: n4_f}, {feature: n4_g}]}
    features: [{name: n4_f}, {name: n4_g}]
    """,
    bill=[line(12, "n4"), line(12, "n4", start=24), line(12, "n4", start=48)],
    activity=[
        read("stage:n4", "feature:n4_f", 1),
        read("stage:n4", "feature:n4_g", 1),
        read("stage:n4", "feature:n4_f", 3, 24),
        read("stage:n4", "feature:n4_g", 1, 24),
    ],
)


def test_reads_weigh_by_their_day_and_a_day_without_takes_its_months(asked: Asked) -> None:
    assert asked.ledger("feature:n4_f", "day") == {
        ("2026-05-01",): 6,
        ("2026-05-02",): 9,
        ("2026-05-03",): 8,
    }


WORLD.add(
    """
    stages:
      - {name: n5, billed_by: [{resource_id: n5}],
         feeds: [{feature: n5_f, until: 2026-05-01}, {feature: n5_g, from: 2026-05-02}]}
    features:
      - {name: n5_f}
      - {name: n5_g}
      - {name: n5_r, billed_by: [{tags: {n5: x}, until: 2026-05-01}]}
      - {name: n5_s, billed_by: [{tags: {n5: x}, from: 2026-05-02, until: 2026-05-02}]}
    """,
    bill=[
        *(line(cost, "n5", start=start) for cost, start in ((1, 0), (2, 24), (4, 48))),
        *(line(cost, Tags={"n5": "x"}, start=s) for cost, s in ((1, 0), (2, 24), (4, 48))),
    ],
)


def test_rules_and_edges_hold_from_their_first_day_until_their_last_included(asked: Asked) -> None:
    assert asked.costs("n5_") == {"n5_f": 1, "n5_g": 6, "n5_r": 1, "n5_s": 2}


WORLD.add(
    """
    features:
      - {name: n6_f, billed_by: [{resource_id: n6}]}
      - {name: n6_g, uses: [{feature: n6_f}]}
      - {name: n7_f}
      - {name: n7_g, uses: [{feature: n7_f}]}
    """,
    bill=[line(10, "n6"), line(10, "n7.a")],
    runs=[run("n7.a", 0, 1, feature="n7_f")],
)


def test_what_is_billed_to_a_target_is_its_alone_and_what_made_it_all_downstream_need(
    asked: Asked,
) -> None:
    assert asked.costs("n6_") == {"n6_f": 10}
    assert asked.costs("n7_") == {"n7_f": 5, "n7_g": 5}


WORLD.add(
    """
    stages:
      - {name: n8, billed_by: [{resource_id: n8}],
         feeds: [{feature: n8_f, weight: 2}, {feature: n8_g}]}
      - {name: n9, billed_by: [{resource_id: n9}], feeds: [{feature: n9_f}, {feature: n9_g}]}
    features: [{name: n8_f}, {name: n8_g}, {name: n9_f}, {name: n9_g}]
    """,
    bill=[line(10, "n8"), line(10, "n9")],
    activity=[{**read("stage:n9", "", 7)}, {**read("feature:n9_f", "", 9)}],
)


def test_a_declared_weight_that_only_some_have_weighs_nothing(asked: Asked) -> None:
    assert asked.costs("n8_") == {"n8_f": 5, "n8_g": 5}


def test_activity_without_a_consumer_weighs_nobody(asked: Asked) -> None:
    assert asked.costs("n9_") == {"n9_f": 5, "n9_g": 5}
    assert asked.grade("n9_f") == "E"


# Levels

LEVELS = """
stages:
  - {name: alone, billed_by: [{resource_id: alone}]}
  - {name: features, billed_by: [{resource_id: features}], feeds: [{feature: f}]}
  - {name: models, billed_by: [{resource_id: models}], feeds: [{model: m}]}
  - {name: products, billed_by: [{resource_id: products}], feeds: [{product: p}]}
  - {name: idler, billed_by: [{resource_id: stuck}], split: use}
resources: [{name: r, billed_by: [{resource_id: r}]}]
features: [{name: f}]
models: [{name: m}]
products: [{name: p}]
"""


@pytest.fixture(scope="module")
def levels(tmp_path_factory: pytest.TempPathFactory) -> Company:
    company = Company(folder=tmp_path_factory.mktemp("levels"))
    costs = {"alone": 1, "features": 2, "models": 4, "products": 8, "stuck": 16, "r": 32, "?": 64}
    excluded = {"service": "Tea", "reason": "not ours"}
    company.bill(
        *(line(cost, name) for name, cost in costs.items()),
        line(128, "tea", ServiceName="Tea"),
        exclude=[excluded],
    )
    company.catalogue(LEVELS)
    company.refresh()
    return company


RESIDUAL = {"(unneeded)": 1, "(stranded)": 16, "(idle)": 32, "(unmatched)": 64, "(excluded)": 128}


def test_unneeded_has_no_target_at_any_level_and_each_level_says_what_is_only_at_others(
    levels: Company,
) -> None:
    assert levels.cost("feature") == {"f": 2, "(no feature)": 12, **RESIDUAL}
    assert levels.cost("model") == {"m": 4, "(no model)": 10, **RESIDUAL}
    assert levels.cost("product") == {"p": 8, "(no product)": 6, **RESIDUAL}


def test_each_of_three_levels_holds_the_whole_bill(levels: Company) -> None:
    for level in ("feature", "model", "product"):
        assert sum(levels.cost(level).values()) == 255


def test_no_total_is_given_of_what_is_avoidable(levels: Company) -> None:
    *_, total = levels.run("cost", "--by", "feature", "--format", "table").out.splitlines()
    assert total.split() == ["total", "USD", "255.00"]


def test_residual_lines_have_neither_avoidable_nor_stand_alone(levels: Company) -> None:
    for row in levels.ask("cost", "--by", "feature"):
        if row["name"].startswith("("):
            assert (row["avoidable"], row["stand_alone"]) == ("", "")


# The figures beside the money

WORLD.add(
    """
    resources:
      - {name: s1, billed_by: [{resource_id: s1}], capacity: {slots: 1}}
      - {name: s2, billed_by: [{resource_id: s2}], capacity: {slots: 1}}
    features: [{name: s_f, billed_by: [{service: S declared}]}]
    """,
    bill=[line(24, "s1"), line(24, "s2"), line(14, ServiceName="S declared")],
    runs=[
        run("s.a", 0, 6, feature="s_f", resource_id="s1", slots=1),
        run("s.b", 6, 8, feature="s_f", resource_id="s1", slots=1, status="failed"),
        run("s.c", 8, 20, feature="s_g", resource_id="s1", slots=1),
        run("s.d", 0, 6, feature="s_f", resource_id="s2", slots=1),
    ],
)


def test_allocated_excludes_idle_and_includes_waste(asked: Asked) -> None:
    assert asked.cost()["s_f"] == 6 + 2 + 6 + 14
    assert asked.ledger("feature:s_f", "class") == {("work",): 26, ("waste",): 2}


def test_the_three_numbers_of_a_shared_machine_are_what_each_used_of_it(asked: Asked) -> None:
    assert asked.three("s_f") == (28, 28, 28)
    assert asked.three("s_g") == (12, 12, 12)


def test_waste_share_is_waste_of_allocated(asked: Asked) -> None:
    assert asked.row("s_f")["waste_share"] == "0.0714"  # 2 of 28
    assert asked.row("s_g")["waste_share"] == "0"


def test_measured_share_is_grades_a_and_b_of_allocated(asked: Asked) -> None:
    assert asked.row("s_f")["measured_share"] == "0.5"
    assert asked.row("s_g")["measured_share"] == "1"


def test_idle_share_is_idle_pro_rata_to_use_of_allocated_and_that_idle(asked: Asked) -> None:
    # Of s1's idle 4 it used 8 in 20, of s2's 18 all: 19.6 of 28 + 19.6.
    assert asked.row("s_f")["idle_share"] == "0.4118"
    assert asked.row("s_g")["idle_share"] == "0.1667"  # 2.4 of 14.4


WORLD.add(
    """
    resources:
      - {name: s3, billed_by: [{resource_id: s3}], capacity: {slots: 1}}
      - {name: s4, billed_by: [{resource_id: s4}]}
    """,
    bill=[line(24, "s3"), line(24, "s4")],
    runs=[
        run("s.e", 0, 12, feature="s_mixed", resource_id="s3"),
        run("s.f", 0, 12, feature="s_mixed", resource_id="s4"),
    ],
)


def test_idle_share_is_unknown_where_the_idle_of_a_resource_it_used_is(asked: Asked) -> None:
    assert asked.row("s_mixed")["idle_share"] == ""


# Grades

WORLD.add(
    """
    resources:
      - {name: g1, billed_by: [{resource_id: g-slots}], capacity: {slots: 4}}
      - {name: g2, billed_by: [{resource_id: g-machines}], capacity: {machines: 2}}
      - {name: g3, billed_by: [{resource_id: g-vcpu}], capacity: {vcpu: 4}}
      - {name: g4, billed_by: [{service: G scope}], capacity: {slots: 4}, runs: [{pipeline: g4}]}
    pipelines: [{name: g4}]
    stages:
      - {name: g-reads, billed_by: [{resource_id: g-reads}],
         feeds: [{feature: g_reads}, {feature: g_reads2}]}
      - {name: g-known, billed_by: [{resource_id: g-known}],
         feeds: [{feature: g_known, reads: 1}, {feature: g_known2, reads: 2}]}
      - {name: g-weights, billed_by: [{resource_id: g-weights}],
         feeds: [{feature: g_weights, weight: 1}, {feature: g_weights2, weight: 2}]}
      - {name: g-even, billed_by: [{resource_id: g-even}],
         feeds: [{feature: g_even}, {feature: g_even2}]}
      - {name: g-one, billed_by: [{resource_id: g-one}], feeds: [{feature: g_one, weight: 5}]}
      - {name: g-use, billed_by: [{resource_id: g-use}], split: use,
         feeds: [{feature: g_use, weight: 5}, {feature: g_use2, weight: 5}]}
      - {name: g-used, billed_by: [{resource_id: g-used}], split: use}
      - {name: g-use1, billed_by: [{resource_id: g-use1}], split: use,
         feeds: [{feature: g_use1, weight: 5}]}
    features:
      - {name: g_tag, billed_by: [{tags: {g: tag}}]}
      - {name: g_id, billed_by: [{resource_id: g-id}]}
      - {name: g_scope, billed_by: [{service: G, region: g}]}
      - {name: g_reads}
      - {name: g_reads2}
      - {name: g_known}
      - {name: g_known2}
      - {name: g_weights}
      - {name: g_weights2}
      - {name: g_even}
      - {name: g_even2}
      - {name: g_one}
      - {name: g_use}
      - {name: g_use2}
      - {name: g_use1}
      - {name: g_used}
      - {name: g_used2}
    """,
    bill=[
        line(1, Tags={"g": "tag"}),
        line(1, "g-nobodys"),
        line(1, ServiceName="G", RegionId="g"),
        line(1, ServiceName="G scope"),
        *(
            line(1, f"g-{name}")
            for name in [
                "id",
                "slots",
                "machines",
                "vcpu",
                "wall",
                "reads",
                "known",
                "weights",
                "even",
                "one",
                "use",
                "used",
                "use1",
            ]
        ),
        *(line(1, f"g.{name}") for name in ["run", "rows", "bytes", "columns", "work"]),
    ],
    runs=[
        run("g.run", 0, 1, feature="g_run"),
        run("g.a", 0, 1, feature="g_slots", resource_id="g-slots", slots=1),
        run("g.b", 0, 1, feature="g_billable", resource_id="g-slots", billable_seconds=60, slots=1),
        run("g.j", 0, 1, feature="g_unsized", resource_id="g-slots"),
        run("g.c", 0, 1, feature="g_machines", resource_id="g-machines", instance_count=1),
        run("g.d", 0, 1, feature="g_vcpu", resource_id="g-vcpu", vcpu=1),
        run("g.e", 0, 1, feature="g_busy", resource_id="g-vcpu", vcpu=1, cpu_seconds=60),
        run("g.f", 0, 1, feature="g_wall", resource_id="g-wall"),
        run("g4.a", 0, 1, feature="g_worst", slots=1),
        *(
            run(f"g.{name}", 0, 1, feature=f"g_{name}{n}", **{column: n})
            for name, column in {
                "work": "work_seconds",
                "rows": "rows_out",
                "bytes": "bytes_out",
                "columns": "columns_out",
            }.items()
            for n in (1, 2)
        ),
    ],
    activity=[
        *(read("stage:g-reads", f"feature:g_reads{n}", 1) for n in ("", "2")),
        *(read("stage:g-used", f"feature:g_used{n}", 1) for n in ("", "2")),
    ],
)


@pytest.mark.parametrize(
    ("grade", "feature"),
    [
        ("A", "g_run"),  # tier 1: an exact run id
        ("A", "g_id"),  # tier 2
        ("A", "g_tag"),  # tier 3
        ("D", "g_scope"),  # tier 4
        ("B", "g_slots"),  # wall seconds of declared slots
        ("B", "g_machines"),  # wall seconds of whole machines
        ("B", "g_billable"),  # billable seconds
        ("B", "g_busy"),  # busy seconds
        ("C", "g_unsized"),  # other wall seconds
        ("C", "g_vcpu"),
        ("C", "g_wall"),
        ("B", "g_work1"),  # work seconds of one part
        ("C", "g_rows1"),
        ("C", "g_bytes1"),
        ("C", "g_columns1"),
        ("B", "g_reads"),  # measured
        ("D", "g_known"),  # reads that the catalogue declares
        ("D", "g_weights"),
        ("E", "g_even"),  # even over two or more
        ("A", "g_one"),  # a need-set of one adds nothing
        ("B", "g_used"),  # measured consumption
        ("D", "g_use"),  # declared consumption
        ("A", "g_use1"),  # a consumer alone
        ("D", "g_worst"),  # declared slots on a resource that a scope rule names: the worst hop
        ("U", "(unmatched)"),
    ],
)
def test_every_hop_has_its_grade_and_the_worst_wins(asked: Asked, grade: str, feature: str) -> None:
    assert asked.grade(feature) == grade


# Views

WORLD.add(
    """
    teams: [{name: v_one}, {name: v_two}]
    stages: [{name: v1, owner: v_one, billed_by: [{tags: {v: one}}], feeds: [{feature: v_f}]}]
    pipelines: [{name: v2, owner: v_two, billed_by: [{tags: {v: two}}]}]
    features: [{name: v_f, owner: v_two, pipeline: v2}]
    """,
    bill=[line(3, Tags={"v": "one"}), line(4, Tags={"v": "two"}, ServiceName="V2")],
    runs=[
        run("v2.a", 0, 1, part="make", feature="v_f", resource_id="arn:v2"),
        {**run("v3.a", 0, 1, feature="v_g"), "pipeline": "/Users/ana/churn"},
    ],
)
WORLD.lines += [line(5, "arn:v2", ServiceName="V2"), line(6, "v3.a", ServiceName="V3")]


def test_views_by_team_pipeline_stage_service_and_class_show_what_stages_cost(
    asked: Asked,
) -> None:
    assert asked.costs("v_", "team") == {"v_one": 3, "v_two": 9}
    assert asked.costs("v2", "pipeline") == {"v2": 9}
    assert asked.costs("stage:v1", "stage") == {"stage:v1": 3}
    assert asked.costs("pipeline:v2", "stage") == {"pipeline:v2/shared": 4, "pipeline:v2/make": 5}
    assert asked.costs("V", "service") == {"V2": 9, "V3": 6}


def test_a_pipeline_with_slashes_in_its_name_has_its_whole_name(asked: Asked) -> None:
    assert asked.costs("/Users", "pipeline") == {"/Users/ana/churn": 6}


VIEWS = ["feature", "model", "product", "pipeline", "stage", "team", "service", "class", "grade"]


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_sums_to_the_bill(asked: Asked, view: str) -> None:
    assert sum(asked.cost(view).values()) == asked.bill()


@pytest.mark.parametrize("view", VIEWS)
def test_the_days_of_every_view_sum_to_the_whole_and_a_filter_inflates_nothing(
    asked: Asked, view: str
) -> None:
    whole = asked.cost(view)
    days = [
        ("0001-01-01", "2026-05-02"),
        ("2026-05-02", "2026-05-03"),
        ("2026-05-03", "9999-01-01"),
    ]
    parts = [asked.cost(view, "--start", start, "--stop", stop) for start, stop in days]
    assert whole == {n: sum((p.get(n, Decimal(0)) for p in parts), Decimal(0)) for n in whole}


def test_avoidable_is_at_most_allocated_which_is_at_most_stand_alone(asked: Asked) -> None:
    for level in ("feature", "model", "product"):
        for name in asked.cost(level):
            if not name.startswith("("):
                low, mid, high = asked.three(name, level)
                assert low <= mid <= high, name
