"""The traps of this field, and the golden numbers of its other tools: see CONTRIBUTING.md."""

from decimal import Decimal
from fractions import Fraction

import pytest
from company import Company
from gathered import Asked, Gathered, at, line, run

WORLD = Gathered()
UNIT = Decimal("0.000000000001")


def read(target: str, consumer: str, quantity: int, hour: float = 0) -> dict[str, object]:
    return {
        "target": target,
        "consumer": consumer,
        "hour": at(hour),
        "measure": "reads",
        "quantity": quantity,
    }


# Tags

WORLD.add(
    """
    features:
      - {name: t1_f, billed_by: [{tags: {t1: "*"}}]}
    """,
    bill=[
        line(cost, ServiceName="T1", Tags=tags)
        for cost, tags in {1: "", 2: "{}", 4: "null", 8: '{"t1": null}', 16: '{"t1": "x"}'}.items()
    ],
)


def test_null_empty_and_no_tags_are_untagged(asked: Asked) -> None:
    assert asked.costs("t1_") == {"t1_f": 16}
    assert asked.stages("(unmatched)", "service")["T1",] == 15


WORLD.add(bill=[line(3, ServiceName="T1 broken", Tags="{t1: x")])


def test_malformed_tags_are_untagged_and_reported(asked: Asked) -> None:
    assert asked.stages("(unmatched)", "service")["T1 broken",] == 3
    assert [row for row in asked.ask("findings") if "Tags" in row["message"]]


WORLD.add(
    """
    features:
      - {name: t2_f, billed_by: [{tags: {T2App: Shop}}]}
      - {name: t2_a, billed_by: [{tags: {t2env: a}}]}
      - {name: t2_b, billed_by: [{tags: {t2env: b}}]}
    """,
    bill=[
        line(1, Tags={"t2app": "shop"}),
        line(2, Tags={"T2APP": "SHOP"}),
        line(4, ServiceName="T2", Tags={"t2env": "a", "T2Env": "b"}),
    ],
)


def test_tag_keys_and_values_match_whatever_their_case(asked: Asked) -> None:
    assert asked.cost()["t2_f"] == 3


def test_two_spellings_of_a_key_on_one_line_are_reported_and_the_line_counts_once(
    asked: Asked,
) -> None:
    assert "t2_a" not in asked.cost()
    assert "t2_b" not in asked.cost()
    assert asked.stages("(unmatched)", "service")["T2",] == 4
    assert [row for row in asked.ask("findings") if "t2env" in row["message"].lower()]


# Zero

WORLD.add(
    """
    stages:
      - {name: t3use, billed_by: [{resource_id: t3use}], split: use,
         feeds: [{feature: t3_a, weight: 1}, {feature: t3_b, weight: 3}]}
      - {name: t3lost, billed_by: [{resource_id: t3lost}], split: use,
         feeds: [{feature: t3_a}, {feature: t3_b}]}
      - {name: t3none, billed_by: [{resource_id: t3none}], split: use,
         feeds: [{feature: t3_a, weight: 0}, {feature: t3_b, weight: 0}]}
      - {name: t3need, billed_by: [{resource_id: t3need}],
         feeds: [{feature: t3_c}, {feature: t3_d}]}
    resources: [{name: t3r, billed_by: [{resource_id: t3r}]}]
    features: [{name: t3_a}, {name: t3_b}, {name: t3_c}, {name: t3_d}]
    """,
    bill=[
        line(12, "t3use"),
        line(100, "t3lost"),
        line(50, "t3none"),
        line(6, "t3need"),
        line(7, "t3r"),
        line(10, "t3v.a"),
    ],
    runs=[
        run("t3.a", 1, 1, feature="t3_e", resource_id="t3r"),
        run("t3v.a", 0, 1, feature="t3_v", values_out=0),
        run("t3v.a", 0, 1, feature="t3_w", values_out=0),
    ],
    activity=[
        read(f"stage:{stage}", f"feature:t3_{name}", 0)
        for stage, names in {"t3use": "ab", "t3lost": "ab", "t3need": "cd"}.items()
        for name in names
    ],
)


def test_where_nobody_used_anything_the_next_rung_splits_or_the_whole_stays_a_line(
    asked: Asked,
) -> None:
    assert asked.costs("t3_") == {"t3_a": 3, "t3_b": 9, "t3_c": 3, "t3_d": 3, "t3_v": 5, "t3_w": 5}
    assert asked.outcomes("stage:t3lost") == {"stranded": 100}
    assert asked.outcomes("stage:t3none") == {"stranded": 50}


def test_a_run_that_took_no_time_leaves_its_resource_idle(asked: Asked) -> None:
    assert asked.outcomes("resource:t3r") == {"idle": 7}


WORLD.add(
    bill=[line(10, "t3x.a"), line(10, "t3y.outer")],
    runs=[
        run("t3x.a", 1, 1, feature="t3x_f"),
        run("t3y.outer", 0, 4, feature="t3y_outer"),
        run("t3y.inner", 0, 4, feature="t3y_inner", parent_run_id="t3y.outer"),
    ],
)


def test_a_charge_that_names_a_run_is_never_idle_even_if_the_run_took_no_time_of_its_own(
    asked: Asked,
) -> None:
    assert asked.costs("t3x_") == {"t3x_f": 10}
    assert asked.costs("t3y_") == {"t3y_outer": 10}


# Amounts

WORLD.add(
    """
    stages:
      - {name: t4, billed_by: [{resource_id: t4}],
         feeds: [{feature: t4_a, weight: 1}, {feature: t4_b, weight: 3}]}
      - {name: t4n, billed_by: [{resource_id: t4n}],
         feeds: [{feature: t4n_a, weight: 1}, {feature: t4n_b, weight: 3}]}
      - {name: t4s, billed_by: [{resource_id: t4s}], feeds: [{feature: t4s_a}, {feature: t4s_b}]}
      - {name: t4l, billed_by: [{resource_id: t4l}],
         feeds: [{feature: t4l_a, weight: 1}, {feature: t4l_b, weight: 2}]}
    resources: [{name: t4r, billed_by: [{resource_id: t4r}], capacity: {slots: 1}}]
    features:
      [{name: t4_a}, {name: t4_b}, {name: t4n_a}, {name: t4n_b}, {name: t4s_a}, {name: t4s_b},
       {name: t4l_a}, {name: t4l_b}]
    """,
    bill=[
        line(100, "t4"),
        line(-20, "t4", ChargeCategory="Credit"),
        line(-4, "t4n"),
        line("1e-12", "t4s"),
        line("1000000000", "t4l"),
        line("-24", "t4r"),
    ],
    runs=[run("t4.a", 0, 6, feature="t4r_f", resource_id="t4r")],
)


def test_negative_charges_are_split_by_the_same_weights_and_exactly_all_is_handed_out(
    asked: Asked,
) -> None:
    assert asked.costs("t4_") == {"t4_a": 20, "t4_b": 60}
    assert asked.costs("t4n_") == {"t4n_a": -1, "t4n_b": -3}
    assert asked.cost()["t4r_f"] == -6
    assert asked.outcomes("resource:t4r") == {"idle": -18}


def test_the_smallest_and_the_largest_amounts_are_split_to_the_last_unit(asked: Asked) -> None:
    assert asked.costs("t4s_") == {"t4s_a": UNIT, "t4s_b": 0}
    assert asked.costs("t4l_") == {
        "t4l_a": Decimal("333333333.333333333333"),
        "t4l_b": Decimal("666666666.666666666667"),
    }


# Matching

WORLD.add(
    """
    features:
      - {name: t5_id, billed_by: [{resource_id: t5}]}
      - {name: t5_tag, billed_by: [{tags: {t5: x}}, {tags: {t5: "*"}}]}
    """,
    bill=[line(4, "t5", Tags={"t5": "x"}), line(8, Tags={"t5": "x"})],
)


def test_a_line_that_matches_by_id_and_by_tag_counts_once_and_so_does_one_of_two_rules(
    asked: Asked,
) -> None:
    assert asked.costs("t5_") == {"t5_id": 4, "t5_tag": 8}


WORLD.add(
    """
    resources:
      - {name: t6one, billed_by: [{resource_id: i-t6, account: "111"}], runs: [{pipeline: t6one}]}
      - {name: t6two, billed_by: [{resource_id: i-t6, account: "222"}], runs: [{pipeline: t6two}]}
    pipelines: [{name: t6one}, {name: t6two}]
    """,
    bill=[line(10, "i-t6", BillingAccountId="111"), line(20, "i-t6", BillingAccountId="222")],
    runs=[run("t6one.a", 0, 1, feature="t6_one"), run("t6two.a", 0, 1, feature="t6_two")],
)


def test_a_resource_id_reused_on_another_account_is_another_resource(asked: Asked) -> None:
    assert asked.costs("t6_") == {"t6_one": 10, "t6_two": 20}


WORLD.add(
    bill=[line(9, "t7-nobodys", ServiceName="T7")],
    runs=[run("t7.a", 0, 1, feature="t7_f", resource_id="t7-unbilled")],
)


def test_runs_without_a_bill_and_a_bill_without_runs_are_two_lists(asked: Asked) -> None:
    (runs,) = asked.findings("runs_without_bill", " t7 ")
    assert runs["message"] == "1 runs of t7 ran on nothing that is billed"
    (spend,) = asked.findings("unmatched", "T7")
    assert Decimal(spend["amount"]) == 9


def test_a_correction_asks_for_no_bill_of_the_runs_of_the_month_it_corrects(
    company: Company,
) -> None:
    june = {
        "BillingPeriodStart": "2026-06-01T00:00:00Z",
        "BillingPeriodEnd": "2026-07-01T00:00:00Z",
    }
    late = {**june, "ChargeClass": "Correction", "BilledCost": -1, "EffectiveCost": -1}
    company.bill(line(9, "t7-may", start=480), file="bill/may.csv")
    company.bill(
        line(-1, "t7-late", start=360, **late), line(4, **june, start=744), file="bill/june.csv"
    )
    company.runs(run("t7.a", 480, 481, resource_id="t7-may"))
    company.catalogue("resources: [{name: t7, billed_by: [{resource_id: t7-may}]}]")
    company.refresh()
    assert [row["code"] for row in company.ask("findings")].count("runs_without_bill") == 0


# Time

WORLD.add(
    """
    resources:
      - {name: t8d, billed_by: [{resource_id: t8d}], capacity: {slots: 1}}
      - {name: t8h, billed_by: [{resource_id: t8h}], capacity: {slots: 1}}
      - {name: t8e, billed_by: [{resource_id: t8e}], capacity: {slots: 1}}
    """,
    bill=[
        line(24, "t8d"),
        line(24, "t8d", start=24),
        *(line(60, "t8h", start=hour, hours=1) for hour in range(3)),
        line(60, "t8e", start=2, hours=1),
    ],
    runs=[
        run("t8.night", 23.5, 24.5, feature="t8d_f", resource_id="t8d"),
        run("t8.first", 0, 1, feature="t8h_first", resource_id="t8h"),
        run("t8.second", 1, 1.5, feature="t8h_second", resource_id="t8h"),
        run("t8.ended", 1, 2, feature="t8e_before", resource_id="t8e"),
        run("t8.began", 3, 4, feature="t8e_after", resource_id="t8e"),
    ],
)


def test_a_run_over_midnight_is_cut_at_the_day_edge(asked: Asked) -> None:
    assert asked.ledger("feature:t8d_f", "day") == {
        ("2026-05-01",): Decimal("0.5"),
        ("2026-05-02",): Decimal("0.5"),
    }


def test_touching_runs_share_nothing(asked: Asked) -> None:
    assert asked.costs("t8h_") == {"t8h_first": 60, "t8h_second": 30}
    assert asked.outcomes("resource:t8h") == {"idle": 90}


def test_a_run_that_ends_as_a_charge_starts_has_no_part_of_it(asked: Asked) -> None:
    assert asked.costs("t8e_") == {}
    assert asked.outcomes("resource:t8e") == {"idle": 60}


WORLD.add(
    """
    resources:
      - {name: t9, billed_by: [{resource_id: t9}], capacity: {slots: 2}}
    """,
    bill=[line(24, "t9")],
    runs=[
        run(f"t9.{n}", 0, 24, feature=f"t9_{n}", resource_id="t9", slots=size)
        for n, size in {"a": 1, "b": 2, "c": 3}.items()
    ],
)


def test_overlapping_runs_never_cost_more_than_the_machine(asked: Asked) -> None:
    assert asked.costs("t9_") == {"t9_a": 4, "t9_b": 8, "t9_c": 12}
    assert asked.outcomes("resource:t9") == {}


WORLD.add(
    bill=[line(5, "t9b.a")],
    runs=[
        run("t9b.a", 0, 1, feature="t9b_f", data_start=at(-900), data_end=at(-876)),
    ],
)


def test_a_backfill_costs_on_the_day_it_ran_and_not_on_the_day_of_its_data(asked: Asked) -> None:
    assert asked.ledger("feature:t9b_f", "day") == {("2026-05-01",): 5}


# What never weighs

WORLD.add(
    """
    stages:
      - {name: t10w, billed_by: [{resource_id: t10w}], split: use,
         feeds: [{pipeline: t10p, weight: 1}]}
    pipelines: [{name: t10p}]
    """,
    bill=[
        line(8, "t10w"),
        line(6, "t10p.a"),
        line(-4, "t10p.a", ChargeCategory="Credit"),
        line(2, "t10p.b"),
        line(10, "t10p.b", ChargeCategory="Tax"),
    ],
    runs=[
        run("t10p.a", 0, 1, part="a", feature="t10_a"),
        run("t10p.b", 0, 1, part="b", feature="t10_b"),
    ],
)


def test_tax_and_credits_never_weigh(asked: Asked) -> None:
    assert asked.costs("t10_") == {"t10_a": 2 + 6, "t10_b": 12 + 2}


@pytest.mark.slow
def test_a_credit_larger_than_the_cost_leaves_no_negative_weight(company: Company) -> None:
    company.bill(
        line(8, "w"), line(6, "p.a"), line(-9, "p.a", ChargeCategory="Credit"), line(2, "p.b")
    )
    company.runs(run("p.a", 0, 1, part="a", feature="a"), run("p.b", 0, 1, part="b", feature="b"))
    company.catalogue(
        "stages: [{name: w, billed_by: [{resource_id: w}], split: use,"
        " feeds: [{pipeline: p, weight: 1}]}]\npipelines: [{name: p}]"
    )
    company.refresh()
    found = company.cost()
    assert sum(found.values()) == 7
    assert found["a"] >= -3
    assert found["b"] >= 2


def test_a_negative_weight_is_an_error(company: Company) -> None:
    company.bill(line(100, "t"))
    company.activity(read("stage:t", "feature:a", 100), read("stage:t", "feature:b", -20))
    company.catalogue(
        "stages: [{name: t, billed_by: [{resource_id: t}], feeds: [{feature: a}, {feature: b}]}]\n"
        "features: [{name: a}, {name: b}]"
    )
    ran = company.run("refresh")
    assert ran.code == 1
    assert "-20" in ran.err


# Cycles

WORLD.add(
    """
    stages:
      - {name: t11a, billed_by: [{resource_id: t11a}], split: use,
         feeds: [{stage: t11b, weight: 1}]}
      - {name: t11b, billed_by: [{resource_id: t11b}], split: use,
         feeds: [{stage: t11c, weight: 1}]}
      - {name: t11c, billed_by: [{resource_id: t11c}], split: use,
         feeds: [{stage: t11a, weight: 1}, {feature: t11_d, weight: 1}]}
      - {name: t11n, billed_by: [{resource_id: t11n}], feeds: [{stage: t11m}]}
      - {name: t11m, billed_by: [{resource_id: t11m}],
         feeds: [{stage: t11n}, {feature: t11_e}, {feature: t11_f}]}
    features: [{name: t11_d}, {name: t11_e}, {name: t11_f}]
    """,
    bill=[line(30, "t11a"), line(30, "t11b"), line(30, "t11c"), line(4, "t11n"), line(6, "t11m")],
)


def test_all_that_goes_round_in_a_circle_reaches_its_way_out(asked: Asked) -> None:
    assert asked.costs("t11_") == {"t11_d": 90, "t11_e": 5, "t11_f": 5}


WORLD.add(
    """
    stages:
      - {name: t12w, billed_by: [{resource_id: t12w}], split: use,
         feeds: [{pipeline: t12, weight: 1}, {pipeline: t12/x, weight: 1}]}
    pipelines: [{name: t12}, {name: t12/x}]
    """,
    bill=[line(16, "t12w"), line(1, "t12.a"), line(3, "t12.b")],
    runs=[
        run("t12.a", 0, 1, part="make", feature="t12_a"),
        {**run("t12.b", 0, 1, part="make", feature="t12_b"), "pipeline": "t12/x"},
    ],
)


def test_a_pipeline_whose_name_begins_like_anothers_takes_none_of_its_cost(asked: Asked) -> None:
    assert asked.costs("t12_") == {"t12_a": 1 + 8, "t12_b": 3 + 8}


# Golden numbers of other tools

WORLD.add(
    """
    stages:
      - {name: k1, billed_by: [{resource_id: k1}], split: use,
         feeds: [{feature: k1_a}, {feature: k1_b}]}
      - {name: k8, billed_by: [{resource_id: k8}],
         feeds: [{feature: k8_a}, {feature: k8_b}, {feature: k8_c}]}
    features: [{name: k1_a}, {name: k1_b}, {name: k8_a}, {name: k8_b}, {name: k8_c}]
    resources:
      - {name: k2, billed_by: [{resource_id: k2}], capacity: {gpu: 8, vcpu: 64, memory_gb: 488}}
      - {name: k4, billed_by: [{resource_id: k4}], capacity: {slots: 1}}
    """,
    bill=[
        line(100, "k1"),
        line(10, "k2", hours=1),
        line(100, "k3", hours=1),
        *(line(60, "k4", start=hour, hours=1) for hour in (9, 10, 11)),
        line("36.01", "k5", hours=1),
        line(24, "k6"),
        line("3.20", "k7", hours=1),
        *(line("0.10", "k8") for _ in range(7)),
    ],
    runs=[
        run("k2.a", 0, 1, feature="k2_gpu", resource_id="k2", gpu=1),
        run("k2.b", 0, 1, feature="k2_vcpu", resource_id="k2", vcpu=1),
        run("k2.c", 0, 1, feature="k2_gb", resource_id="k2", memory_gb=1),
        *(
            run(f"k3.{size}", 0, 1, feature=f"k3_{size}", resource_id="k3", vcpu=size)
            for size in (40, 35, 25)
        ),
        run("k4.a", 9.5, 12, feature="k4_query", resource_id="k4"),
        run("k5.a", 0, 1, feature="k5_hour", resource_id="k5"),
        run("k5.b", 0, 1 / 3600, feature="k5_second", resource_id="k5"),
        run("k6.a", 0, 24, feature="k6_a", resource_id="k6"),
        run("k6.b", 0, 24, feature="k6_b", resource_id="k6"),
        run("k7.a", 0, 0.5, feature="k7_in", resource_id="k7"),
        run("k7.b", 0.5, 1, feature="k7_out", resource_id="k7"),
    ],
    activity=[read("stage:k1", "feature:k1_a", 25), read("stage:k1", "feature:k1_b", 75)],
)


def test_koku_hands_a_pool_of_100_on_by_25_and_75(asked: Asked) -> None:
    assert asked.costs("k1_") == {"k1_a": 25, "k1_b": 75}


def test_aws_prices_accelerators_processors_and_memory_of_one_machine_90_to_9_to_1(
    asked: Asked,
) -> None:
    # The published figures are these, rounded: 0.50448, 0.05045 and 0.00561.
    for name, weight in {"k2_gpu": 90, "k2_vcpu": 9, "k2_gb": 1}.items():
        assert abs(Fraction(asked.cost()[name]) - Fraction(10 * weight, 1784)) < Fraction(UNIT)


def test_focus_splits_100_by_processor_hours_and_origin_and_consumers_both_hold_it(
    asked: Asked,
) -> None:
    assert asked.costs("k3_") == {"k3_40": 40, "k3_35": 35, "k3_25": 25}
    assert asked.stages("pipeline:k3", "pipeline") == {("k3",): 100}


def test_snowflakes_query_of_150_minutes_from_half_past_weighs_30_60_and_60(asked: Asked) -> None:
    assert asked.cost()["k4_query"] == 150
    ran = asked.ask(
        "query",
        "select effective from placements where stage = 'pipeline:k4/run' order by span_start",
    )
    assert [Decimal(row["effective"]) for row in ran] == [30, 60, 60]


def test_a_query_of_a_second_does_not_carry_the_hour_another_ran_through(asked: Asked) -> None:
    assert asked.costs("k5_") == {"k5_hour": 36, "k5_second": Decimal("0.01")}


def test_two_runs_over_one_node_cost_the_node_and_not_twice_the_node(asked: Asked) -> None:
    assert asked.costs("k6_") == {"k6_a": 12, "k6_b": 12}


def test_opencosts_hour_of_a_model_that_reads_as_long_as_it_writes(asked: Asked) -> None:
    """12 million tokens in, of which 0.8 were kept, and 3 million out: 0.143, 0.533, and 0.213."""
    found = asked.costs("k7_")
    assert found == {"k7_in": Decimal("1.6"), "k7_out": Decimal("1.6")}
    per_million = [found["k7_in"] / (12 - Decimal("0.8")), found["k7_out"] / 3, Decimal("3.2") / 15]
    assert [f"{price:.3f}" for price in per_million] == ["0.143", "0.533", "0.213"]


def test_seven_tenths_over_three_equal_keys_are_thirds_of_the_sum(asked: Asked) -> None:
    """Line by line in cents it would be 0.28, 0.21 and 0.21."""
    parts = ("0.233333333334", "0.233333333333", "0.233333333333")
    assert list(asked.costs("k8_").values()) == [Decimal(part) for part in parts]
    assert sum(asked.costs("k8_").values()) == Decimal("0.70")


def test_every_level_of_all_this_holds_the_whole_bill(asked: Asked) -> None:
    for level in ("feature", "model", "product"):
        assert sum(asked.cost(level).values()) == asked.bill()
