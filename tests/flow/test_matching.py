"""Each charge finds one owner, and a resource's charges the attempts that ran on it."""

from decimal import Decimal

import pytest
from gathered import Asked, Gathered, line, run

WORLD = Gathered()

# Resources

WORLD.add(
    """
    resources:
      - name: m1cluster
        billed_by: [{resource_id: m1-cluster}]
        capacity: {slots: 1}
        runs: [{pipeline: m1q, part: "train.*"}]
    pipelines: [{name: m1q}]
    """,
    bill=[line(24, "m1-cluster")],
    runs=[
        run("m1p.a", 0, 6, feature="m1_named", resource_id="m1-cluster"),
        run("m1q.b", 6, 12, part="train.x", feature="m1_listed"),
        run("m1q.c", 12, 18, part="other", feature="m1_neither"),
    ],
)


def test_overlap_splits_a_resource_over_every_attempt_that_names_it_whichever_its_pipeline(
    asked: Asked,
) -> None:
    assert asked.costs("m1_") == {"m1_named": 6, "m1_listed": 6}
    assert asked.outcomes("resource:m1cluster") == {"idle": 12}


WORLD.add(
    """
    pipelines:
      - {name: m2p, billed_by: [{tags: {m2: mine}}], capacity: {slots: 2}}
    """,
    bill=[line(24, Tags={"m2": "mine"})],
    runs=[
        run("m2p.a", 0, 12, feature="m2_own", slots=1),
        run("m2q.a", 0, 24, feature="m2_other", slots=1),
    ],
)


def test_billed_by_with_capacity_on_a_pipeline_is_a_resource_it_alone_uses(asked: Asked) -> None:
    assert asked.costs("m2_") == {"m2_own": 6}
    assert asked.outcomes("pipeline:m2p") == {"allocated": 6, "idle": 18}


WORLD.add(
    """
    pipelines:
      - {name: m2x, billed_by: [{tags: {m2: unused}}], capacity: {slots: 2}}
    features: [{name: m2x_f, pipeline: m2x}]
    """,
    bill=[line(24, Tags={"m2": "unused"})],
)


def test_a_pipeline_with_capacity_and_no_run_is_idle_in_full(asked: Asked) -> None:
    assert asked.outcomes("pipeline:m2x") == {"idle": 24}


WORLD.add(
    """
    pipelines:
      - name: m3p
        billed_by: [{tags: {m3: logs}}, {service: M3 NAT}]
    features: [{name: m3_f, pipeline: m3p}]
    """,
    bill=[line(5, Tags={"m3": "logs"}), line(7, ServiceName="M3 NAT")],
    runs=[run("m3p.a", 0, 1, feature="m3_f")],
)


def test_charges_of_a_pipeline_matched_by_tag_or_scope_go_whole_to_its_shared_stage(
    asked: Asked,
) -> None:
    assert asked.stages("pipeline:m3p", "stage", "outcome") == {
        ("pipeline:m3p/shared", "allocated"): 12
    }
    assert asked.cost()["m3_f"] == 12


WORLD.add(
    """
    stages:
      - {name: m4_table, billed_by: [{resource_id: m4-table}], feeds: [{feature: m4_f}]}
      - {name: m4_people, billed_by: [{service: M4 people}]}
    features: [{name: m4_f}]
    models:
      - {name: m4_m, endpoints: [{name: m4-end, billed_by: [{resource_id: m4-end}]}]}
    """,
    bill=[line(3, "m4-table"), line(4, "m4-end"), line(5, ServiceName="M4 people")],
)


def test_tables_endpoints_and_stages_without_runs_are_never_idle(asked: Asked) -> None:
    assert asked.outcomes("stage:m4_table") == {"allocated": 3}
    assert asked.outcomes("endpoint:m4_m/m4-end") == {"allocated": 4}
    assert asked.outcomes("stage:m4_people") == {"unneeded": 5}


WORLD.add(
    "resources: [{name: m5, billed_by: [{resource_id: m5-declared}], capacity: {slots: 3}}]",
    bill=[line(8, "m5-declared"), line(9, "m5-undeclared"), line(10, "m5-nobodys")],
    runs=[run("m5.a", 48, 49, feature="m5_f", resource_id="m5-undeclared")],
)


def test_a_known_resource_with_no_run_in_a_charges_period_is_idle_in_full_not_unmatched(
    asked: Asked,
) -> None:
    assert asked.outcomes("resource:m5") == {"idle": 17}
    assert asked.stages("resource:m5", "stage", "class") == {
        ("resource:m5", "idle"): 8,
        ("resource:m5-undeclared", "idle"): 9,
    }


# Rules

WORLD.add(
    """
    features:
      - name: m6_scope
        billed_by: [{service: M6 A, region: [m6-1, m6-2]}]
      - name: m6_tags
        billed_by: [{tags: {m6x: [one, two], m6y: one}}]
    """,
    bill=[
        line(1, ServiceName="M6 A", RegionId="m6-1"),
        line(2, ServiceName="M6 A", RegionId="m6-2"),
        line(4, ServiceName="M6 A", RegionId="m6-3"),
        line(8, ServiceName="M6 B", RegionId="m6-1"),
        line(1, Tags={"m6x": "one", "m6y": "one"}),
        line(2, Tags={"m6x": "two", "m6y": "one"}),
        line(4, Tags={"m6x": "two"}),
        line(8, Tags={"m6x": "one", "m6y": "two"}),
    ],
)


def test_keys_in_one_rule_and_values_in_a_list_or(asked: Asked) -> None:
    assert asked.costs("m6_") == {"m6_scope": 3, "m6_tags": 3}


WORLD.add(
    """
    features:
      - {name: m7_id, billed_by: [{service: M7, resource_id: "m7-*"}]}
      - {name: m7_tag, billed_by: [{service: M7, tags: {m7: a}, priority: 9}]}
      - {name: m7_scope, billed_by: [{service: M7, region: r, priority: 99}]}
    """,
    bill=[
        line(1, "m7-i", ServiceName="M7", RegionId="r", Tags={"m7": "a"}),
        line(2, ServiceName="M7", RegionId="r", Tags={"m7": "a"}),
        line(4, ServiceName="M7", RegionId="r"),
    ],
)


def test_a_rules_tier_is_that_of_its_most_specific_key_and_priority_never_beats_a_tier(
    asked: Asked,
) -> None:
    assert asked.costs("m7_") == {"m7_id": 1, "m7_tag": 2, "m7_scope": 4}


WORLD.add(
    """
    features:
      - {name: m8_low, billed_by: [{tags: {m8: a}}]}
      - {name: m8_high, billed_by: [{tags: {m8: "*"}, priority: 1}]}
    """,
    bill=[line(3, Tags={"m8": "a"})],
)


def test_within_a_tier_the_explicit_priority_wins(asked: Asked) -> None:
    assert asked.costs("m8_") == {"m8_high": 3}


WORLD.add(
    """
    features:
      - name: m8r_f
        billed_by: [{resource_id: "arn:aws:m8r:*"}, {resource_id: m8r.b}]
    """,
    bill=[line(3, "arn:aws:m8r:job/1"), line(4, "m8r.b")],
    runs=[
        run("m8r.a", 0, 1, feature="m8r_by_arn", resource_id="arn:aws:m8r:job/1"),
        run("m8r.b", 0, 1, feature="m8r_by_run"),
    ],
)


def test_an_exact_run_id_or_arn_wins_over_any_rule(asked: Asked) -> None:
    assert asked.costs("m8r_") == {"m8r_by_arn": 3, "m8r_by_run": 4}
    assert asked.stages("pipeline:m8r", "grade") == {("A",): 7}


WORLD.add(
    """
    features:
      - name: m9_a
        billed_by: [{tags: {m9a: x}}]
      - name: m9_b
        billed_by: [{tags: {m9b: x}}]
    """,
    bill=[
        line(3, Tags={"m9a": "x", "m9b": "x"}),
        line("4.5", Tags={"m9a": "x", "m9b": "x"}, ServiceName="M9", start=24),
    ],
)


def test_two_owners_left_are_unmatched_with_one_finding_of_both_places_and_the_money(
    asked: Asked,
) -> None:
    assert asked.costs("m9_") == {}
    (found,) = asked.findings("contested", WORLD_M9)
    (one, other) = found["place"].split(" and ")
    assert one.startswith(f"catalog/{WORLD_M9}:")
    assert other.startswith(f"catalog/{WORLD_M9}:")
    assert one != other
    assert Decimal(found["amount"]) == Decimal("7.5")
    reasons = asked.ask("query", "select reason, sum(effective) as cost from placements group by 1")
    assert {r["reason"]: Decimal(r["cost"]) for r in reasons}["contested"] == Decimal("7.5")


WORLD_M9 = f"{len(WORLD.catalogues) - 1:02}.yaml"

WORLD.add(
    """
    resources: [{name: m10r, billed_by: [{tags: {m10: resource}}]}]
    pipelines: [{name: m10p, billed_by: [{tags: {m10: pipeline}}]}]
    stages: [{name: m10s, billed_by: [{tags: {m10: stage}}], feeds: [{feature: m10_f}]}]
    features: [{name: m10_f, pipeline: m10p, billed_by: [{tags: {m10: feature}}]}]
    models:
      - name: m10_m
        uses: [{feature: m10_f}]
        billed_by: [{tags: {m10: model}}]
        endpoints: [{name: m10e, billed_by: [{tags: {m10: endpoint}}]}]
      - {name: m10_m2, uses: [{feature: m10_f}]}
    products:
      - {name: m10_p, uses: [{model: m10_m}], billed_by: [{tags: {m10: product}}]}
    """,
    bill=[
        line(cost, Tags={"m10": kind})
        for kind, cost in {
            "resource": 1,
            "pipeline": 2,
            "stage": 4,
            "feature": 8,
            "model": 16,
            "endpoint": 32,
            "product": 64,
        }.items()
    ],
)


def test_any_named_thing_may_have_billed_by(asked: Asked) -> None:
    found = asked.stages("", "stage")
    assert {
        stage: found[stage,]
        for stage in (
            "resource:m10r",
            "pipeline:m10p/shared",
            "stage:m10s",
            "feature:m10_f",
            "model:m10_m",
            "endpoint:m10_m/m10e",
            "product:m10_p",
        )
    } == {
        "resource:m10r": 1,
        "pipeline:m10p/shared": 2,
        "stage:m10s": 4,
        "feature:m10_f": 8,
        "model:m10_m": 16,
        "endpoint:m10_m/m10e": 32,
        "product:m10_p": 64,
    }


def test_billed_by_on_a_target_is_a_stage_that_at_its_level_only_this_target_needs(
    asked: Asked,
) -> None:
    assert asked.three("m10_f") == (14, 14, 14)
    # The model's own and its endpoint's are its alone; of what the feature needs it has a half.
    assert asked.three("m10_m", "model") == (48, 55, 62)
    assert asked.three("m10_m2", "model") == (0, 7, 14)
    assert asked.three("m10_p", "product") == (126, 126, 126)


CLASSES = [
    ("work", {}),
    ("tax", {"ChargeCategory": "Tax"}),
    ("credit", {"ChargeCategory": "Credit"}),
    ("support", {"ServiceName": "AWS Support (Business)"}),
    ("other", {"ChargeCategory": "Adjustment"}),
    ("commitment_unused", {"CommitmentDiscountStatus": "Unused", "CommitmentDiscountId": "m11"}),
]

WORLD.add(
    """
    resources: [{name: m11, billed_by: [{resource_id: m11-cluster}], capacity: {slots: 1}}]
    stages: [{name: m11s, billed_by: [{resource_id: m11-table}], feeds: [{feature: m11_f}]}]
    features: [{name: m11_f}]
    """,
    bill=[
        line(cost, resource_id, **more)
        for resource_id in ("m11-cluster", "m11-table")
        for cost, (_, more) in zip((24, 12, -8, 4, 16, 32), CLASSES, strict=True)
    ],
    runs=[
        run("m11.a", 0, 12, feature="m11_f", resource_id="m11-cluster"),
        run("m11.b", 12, 18, feature="m11_f", resource_id="m11-cluster", status="failed"),
    ],
)


def test_class_follows_the_charge_wherever_the_charge_goes(asked: Asked) -> None:
    assert asked.stages("stage:m11s", "class") == {
        ("work",): 24,
        ("tax",): 12,
        ("credit",): -8,
        ("support",): 4,
        ("other",): 16,
        ("commitment_unused",): 32,
    }
    assert asked.stages("pipeline:m11", "class") == {
        ("work",): 12,
        ("waste",): 6,
        ("tax",): 9,
        ("credit",): -6,
        ("support",): 3,
        ("other",): 12,
        ("commitment_unused",): 24,
    }
    assert asked.stages("resource:m11", "outcome", "class") == {
        ("idle", "idle"): 6,
        ("idle", "tax"): 3,
        ("idle", "credit"): -2,
        ("idle", "support"): 1,
        ("idle", "other"): 4,
        ("idle", "commitment_unused"): 8,
    }


# Capacity

WORLD.add(
    """
    resources:
      - {name: m12a, billed_by: [{resource_id: m12-a}], capacity: {machines: 9}}
      - {name: m12b, billed_by: [{resource_id: m12-b}], capacity: {slots: 99}, machine: {slots: 4}}
      - {name: m12c, billed_by: [{resource_id: m12-c}], capacity: {vcpu: 99}}
      - {name: m12d, billed_by: [{resource_id: m12-d}], capacity: {slots: 3}}
      - {name: m12e, billed_by: [{resource_id: m12-e}]}
    """,
    bill=[
        line(24, "m12-a", ConsumedQuantity="48", ConsumedUnit="Hours"),
        line(24, "m12-b", ConsumedQuantity="1440", ConsumedUnit="Minutes"),
        line(
            52,
            "m12-c",
            ConsumedQuantity="24",
            ConsumedUnit="Hours",
            SkuPriceDetails='{"CoreCount": 4, "MemorySize": "16 GiB"}',
        ),
        line(24, "m12-d", ConsumedQuantity="100", ConsumedUnit="GB"),
        line(24, "m12-e"),
    ],
    runs=[
        run("m12.a", 0, 12, feature="m12_a", resource_id="m12-a", instance_count=2),
        run("m12.b", 0, 12, feature="m12_b", resource_id="m12-b", slots=2),
        run("m12.c", 0, 12, feature="m12_c", resource_id="m12-c", vcpu=4, memory_gb=0),
        run("m12.d", 0, 12, feature="m12_d", resource_id="m12-d", slots=3),
        run("m12.e", 0, 6, feature="m12_e", resource_id="m12-e"),
        run("m12.f", 0, 12, feature="m12_f", resource_id="m12-e"),
    ],
)


@pytest.mark.parametrize(
    ("feature", "used", "resource", "idle"),
    [
        ("m12_a", 12, "resource:m12a", 12),  # 24 of 48 machine hours, whatever is declared
        ("m12_b", 6, "resource:m12b", 18),  # 24 of 24 hours on machines of 4 slots
        ("m12_c", 18, "resource:m12c", 34),  # 12 hours of 36 in 24 hours of 9·4 + 16
    ],
)
def test_capacity_is_the_machine_time_a_charge_states_times_the_size_of_a_machine(
    asked: Asked, feature: str, used: int, resource: str, idle: int
) -> None:
    assert asked.cost()[feature] == used
    assert asked.outcomes(resource) == {"idle": idle}


def test_capacity_is_what_is_declared_where_the_charge_states_no_machine_time(asked: Asked) -> None:
    assert asked.cost()["m12_d"] == 12
    assert asked.outcomes("resource:m12d") == {"idle": 12}


def test_without_any_capacity_those_who_ran_pay_and_idle_is_unknown(asked: Asked) -> None:
    assert asked.cost()["m12_e"] == 8
    assert asked.cost()["m12_f"] == 16
    assert asked.outcomes("resource:m12e") == {}
    assert asked.row("m12_e")["idle_share"] == ""
    assert asked.row("m12_d")["idle_share"] == "0.5"


WORLD.add(
    "resources: [{name: m13, billed_by: [{resource_id: m13-c}], capacity: {slots: 4}}]",
    bill=[line(96, "m13-c", hours=8)],
    runs=[
        run("m13.a", 0, 4, feature="m13_a", resource_id="m13-c", slots=3),
        run("m13.b", 2, 6, feature="m13_b", resource_id="m13-c", slots=2),
        run("m13.c", 3, 5, feature="m13_c", resource_id="m13-c", slots=1),
    ],
)


def test_overlap_is_computed_over_the_charges_own_period_and_never_finer(asked: Asked) -> None:
    assert asked.costs("m13_") == {"m13_a": 36, "m13_b": 24, "m13_c": 6}
    assert asked.outcomes("resource:m13") == {"idle": 30}


WORLD.add(
    """
    resources: [{name: m14r, billed_by: [{resource_id: m14-r}], capacity: {slots: 1}}]
    stages: [{name: m14, billed_by: [{resource_id: m14-t}], feeds: [{feature: m14_f}]}]
    features: [{name: m14_f}]
    """,
    bill=[
        line("0.000000000010", "m14-t", hours=72),
        line("0.000000000007", "m14-t", start=12, hours=48),
        line(48, "m14-r", hours=48),
        line(96, "m14-q", hours=48, ConsumedQuantity="96", ConsumedUnit="Hours"),
    ],
    runs=[
        run("m14.a", 24, 36, feature="m14_r", resource_id="m14-r"),
        run("m14.b", 24, 36, feature="m14_q", resource_id="m14-q", instance_count=1),
    ],
)


def test_a_charge_longer_than_a_day_is_cut_at_day_edges_by_largest_remainder(asked: Asked) -> None:
    days = asked.stages("stage:m14", "day")
    unit = Decimal("0.000000000001")
    # 10 over three days is 4, 3, 3; 7 over 12, 24 and 12 hours is 1.75, 3.5, 1.75: 2, 3, 2.
    assert days == {("2026-05-01",): 6 * unit, ("2026-05-02",): 6 * unit, ("2026-05-03",): 5 * unit}


def test_each_day_of_a_long_charge_is_split_by_that_days_runs(asked: Asked) -> None:
    assert asked.ledger("feature:m14_r", "day") == {("2026-05-02",): 12}
    assert asked.stages("resource:m14r", "day") == {("2026-05-01",): 24, ("2026-05-02",): 12}


def test_the_machine_time_of_a_long_charge_is_cut_like_its_cost(asked: Asked) -> None:
    assert asked.ledger("feature:m14_q", "day") == {("2026-05-02",): 12}
    assert asked.stages("resource:m14-q", "day") == {("2026-05-01",): 48, ("2026-05-02",): 36}


# One interval, one owner

WORLD.add(
    "resources: [{name: m15, billed_by: [{resource_id: m15-c}], capacity: {slots: 1}}]",
    bill=[line(24, "m15-c")],
    runs=[
        run("m15.outer", 0, 8, feature="m15_outer", resource_id="m15-c"),
        run("m15.inner", 1, 5, feature="m15_inner", resource_id="m15-c", parent_run_id="m15.outer"),
        run("m15.core", 2, 3, feature="m15_core", resource_id="m15-c", parent_run_id="m15.inner"),
        run("m15.late", 4, 6, feature="m15_late", resource_id="m15-c", parent_run_id="m15.outer"),
    ],
)


def test_of_nested_attempts_only_time_not_covered_by_children_counts(asked: Asked) -> None:
    # The children cover 1 to 6 of the outer run; two of them overlap, and each pays its own.
    assert asked.costs("m15_") == {"m15_outer": 3, "m15_inner": 3, "m15_core": 1, "m15_late": 2}
    assert asked.outcomes("resource:m15") == {"idle": 15}


WORLD.add(
    "resources: [{name: m16, billed_by: [{resource_id: m16-c}], capacity: {slots: 1}}]",
    bill=[line(24, "m16-c")],
    runs=[
        run("m16.a", 0, 2, attempt=1, status="failed", feature="m16_f", resource_id="m16-c"),
        run("m16.a", 4, 5, attempt=2, status="success", resource_id="m16-c"),
        run("m16.a", 8, 12, attempt=3, status="success", resource_id="m16-c"),
        run("m16.b", 12, 13, status="killed", feature="m16_f", resource_id="m16-c"),
        run("m16.c", 14, 18, status="skipped", feature="m16_g", resource_id="m16-c"),
    ],
)


def test_tries_are_attempts_of_their_own(asked: Asked) -> None:
    assert asked.cost()["m16_f"] == 2 + 1 + 4 + 1
    assert asked.outcomes("resource:m16") == {"idle": 16}


def test_failed_killed_and_retried_time_is_waste_of_the_same_targets(asked: Asked) -> None:
    assert asked.ledger("feature:m16_f", "class") == {("waste",): 4, ("work",): 4}


def test_an_attempt_that_was_skipped_used_nothing(asked: Asked) -> None:
    assert "m16_g" not in asked.cost()


def test_every_level_and_every_view_of_all_this_holds_the_whole_bill(asked: Asked) -> None:
    views = [
        "feature",
        "model",
        "product",
        "pipeline",
        "stage",
        "team",
        "service",
        "class",
        "grade",
    ]
    assert {view: sum(asked.cost(view).values()) for view in views} == dict.fromkeys(
        views, asked.bill()
    )


def test_avoidable_is_at_most_allocated_which_is_at_most_stand_alone(asked: Asked) -> None:
    for level in ("feature", "model", "product"):
        for row in asked.ask("cost", "--by", level):
            if not row["name"].startswith("("):
                low, mid, high = asked.three(row["name"], level)
                assert low <= mid <= high, row["name"]
