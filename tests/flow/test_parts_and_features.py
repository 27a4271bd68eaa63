"""What the parts of a run make, and how their cost comes to features."""

from decimal import Decimal

import pytest
from company import Company
from gathered import Asked, Gathered, line, run

WORLD = Gathered()
UNIT = Decimal("0.000000000001")

# Measured separately

WORLD.add(
    bill=[line(12, "p1.a"), line(12, "p1v.a")],
    runs=[
        run("p1.a", 0, 1, part="build", feature="p1_f", work_seconds=30),
        run("p1.a", 0, 1, part="build", feature="p1_g", work_seconds=10),
        run("p1v.a", 0, 1, part="build", feature="p1v_f", values_out=5),
        run("p1v.a", 0, 1, part="build", feature="p1v_g", values_out=1),
    ],
)


def test_features_measured_separately_get_one_stage_each(asked: Asked) -> None:
    assert asked.three("p1_f") == (9, 9, 9)
    assert asked.three("p1_g") == (3, 3, 3)
    assert asked.three("p1v_f") == (10, 10, 10)
    assert asked.three("p1v_g") == (2, 2, 2)
    assert asked.stages("pipeline:p1", "stage") == {
        ("pipeline:p1/build/p1_f",): 9,
        ("pipeline:p1/build/p1_g",): 3,
        ("pipeline:p1v/build/p1v_f",): 10,
        ("pipeline:p1v/build/p1v_g",): 2,
    }


WORLD.add(
    bill=[line(12, "p2c.a"), line(12, "p2d.a"), line(12, "p2e.a")],
    runs=[
        run("p2c.a", 0, 1, part="build", feature="p2c_f", columns_out=5),
        run("p2c.a", 0, 1, part="build", feature="p2c_g", columns_out=1),
        run("p2d.a", 0, 1, part="build", feature="p2d_f", weight=3),
        run("p2d.a", 0, 1, part="build", feature="p2d_g", weight=1),
        run("p2e.a", 0, 1, part="build", features="p2e_f;p2e_g"),
    ],
)


@pytest.mark.parametrize(
    ("kind", "costs", "grade"),
    [("p2c", (10, 2), "C"), ("p2d", (9, 3), "D"), ("p2e", (6, 6), "E")],
    ids=["lineage columns", "declared", "even"],
)
def test_a_weaker_weight_makes_one_stage_that_is_avoidable_only_when_all_its_features_go(
    asked: Asked, kind: str, costs: tuple[int, int], grade: str
) -> None:
    assert asked.stages(f"pipeline:{kind}", "stage") == {(f"pipeline:{kind}/build",): 12}
    assert asked.three(f"{kind}_f") == (0, costs[0], 12)
    assert asked.three(f"{kind}_g") == (0, costs[1], 12)
    assert asked.grade(f"{kind}_f") == grade


WORLD.add(
    bill=[line(12, "p2m.a"), line(24, "p2m.b")],
    runs=[
        run("p2m.a", 0, 1, part="build", features="p2m_f;p2m_g", columns_out=2),
        run("p2m.b", 0, 1, part="check", feature="p2m_f"),
    ],
)


def test_the_weights_of_a_weak_part_come_from_that_part_alone(asked: Asked) -> None:
    assert asked.three("p2m_f") == (24, 30, 36)
    assert asked.three("p2m_g") == (0, 6, 12)


WORLD.add(
    bill=[line(24, "p3.a"), line(24, "p3x.a")],
    runs=[
        run("p3.a", 0, 1, part="one", feature="p3_f", work_seconds=30, rows_out=5),
        run("p3.a", 0, 1, part="one", feature="p3_g", work_seconds=10, rows_out=1),
        run("p3.a", 0, 1, part="two", feature="p3_f", rows_out=2),
        run("p3.a", 0, 1, part="two", feature="p3_g", rows_out=1),
        run("p3x.a", 0, 1, part="one", feature="p3x_f", work_seconds=30),
        run("p3x.a", 0, 1, part="one", feature="p3x_g", work_seconds=10),
        run("p3x.a", 0, 1, part="two", feature="p3x_f", columns_out=3),
        run("p3x.a", 0, 1, part="two", feature="p3x_g", columns_out=1),
    ],
)


def test_one_run_is_split_by_one_kind_of_weight_and_kinds_are_never_mixed(asked: Asked) -> None:
    # All of the first run has rows, so rows split it; the second run shares no kind, so it is even.
    assert asked.costs("p3_") == {"p3_f": 10 + 8, "p3_g": 2 + 4}
    assert asked.costs("p3x_") == {"p3x_f": 12, "p3x_g": 12}


WORLD.add(
    bill=[line(12, "p3z.a")],
    runs=[
        run("p3z.a", 0, 1, part="one", feature="p3z_f", work_seconds=30),
        run("p3z.a", 0, 1, part="one", feature="p3z_g", work_seconds=0),
    ],
)


def test_a_true_zero_pays_nothing(asked: Asked) -> None:
    assert asked.costs("p3z_") == {"p3z_f": 12, "p3z_g": 0}


# Shared parts

SHARED = """
    pipelines:
      - name: p4
        produces:
          - {part: "make_(?P<name>p4_.)", feature: "{name}"}
          - {part: "extract|publish", shared: true}
    features:
      - {name: p4_f}
      - {name: p4_g}
      - {name: p4_h, pipeline: p4}
"""
SHARED_BILL = [line(12, "p4.both"), line(6, "p4.one"), line(9, "p4.none")]
SHARED_RUNS = [
    run("p4.both", 0, 1, part="extract"),
    run("p4.both", 1, 4, part="make_p4_f"),
    run("p4.both", 4, 6, part="make_p4_g"),
    run("p4.one", 6, 8, part="publish"),
    run("p4.one", 8, 9, part="make_p4_f"),
]
WORLD.add(SHARED, bill=SHARED_BILL[:2], runs=SHARED_RUNS)


def test_a_shared_part_is_needed_evenly_by_the_features_mapped_in_that_same_run(
    asked: Asked,
) -> None:
    # p4.both: 2 shared, 6 and 4 of their own; p4.one: 4 shared with nobody, 2 of its own.
    assert asked.three("p4_f") == (12, 13, 14)
    assert asked.three("p4_g") == (4, 5, 6)
    assert "p4_h" not in asked.cost()


WORLD.add(
    """
    pipelines:
      - {name: p5, produces: [{part: "extract", shared: true}, {part: "never", feature: p5_g}]}
    features: [{name: p5_f, pipeline: p5}, {name: p5_g}, {name: p5_h}]
    """,
    bill=[line(9, "p5.a")],
    runs=[run("p5.a", 0, 1, part="extract")],
)


def test_where_a_run_mapped_nothing_its_shared_part_serves_the_pipelines_declared_features(
    asked: Asked,
) -> None:
    assert asked.three("p5_f") == (0, Decimal("4.5"), 9)
    assert asked.three("p5_g") == (0, Decimal("4.5"), 9)
    assert "p5_h" not in asked.cost()


def test_by_work_shares_a_part_by_the_work_of_the_features_it_serves(company: Company) -> None:
    company.settings["allocation"] = {"shared_parts": "by_work"}
    company.bill(*SHARED_BILL[:2])
    company.runs(*SHARED_RUNS)
    company.catalogue(SHARED)
    company.refresh()
    # The 2 of p4.both are shared as 3 hours to 2.
    assert company.cost() == {
        "p4_f": 12 + Decimal("1.2"),
        "p4_g": 4 + Decimal("0.8"),
    }


def test_by_work_counts_billed_seconds_where_a_run_log_has_them(company: Company) -> None:
    company.settings["allocation"] = {"shared_parts": "by_work"}
    company.bill(line(14, "cluster", hours=2))
    company.runs(
        run("p.a", 0, 1, part="extract", resource_id="cluster", billable_seconds=600),
        run("p.a", 0, 1, part="view:f", resource_id="cluster", billable_seconds=600),
        run("p.a", 0, 2, part="view:g", resource_id="cluster", billable_seconds=200),
    )
    company.catalogue(
        r"""
        resources:
          - {name: cluster, billed_by: [{resource_id: cluster}], capacity: {machines: 1}}
        pipelines:
          - name: p
            produces:
              - {part: 'view:(?P<view>\w+)', feature: "{view}"}
              - {part: extract, shared: true}
        features: [{name: f}, {name: g}]
        """
    )
    company.refresh()
    # 1,400 of 7,200 seconds were used: the extract's 600 go as 600 to 200.
    second = Decimal(14) / 7200
    assert {name: round(cost / second, 6) for name, cost in company.cost().items()} == {
        "f": 600 + 450,
        "g": 200 + 150,
        "(idle)": 7200 - 1400,
    }


# Patterns

WORLD.add(
    r"""
    pipelines:
      - name: p6
        produces:
          - {part: "build", feature: p6_f}
          - {part: 'view\.(?P<view>\w+)(?i:\.DAILY)?', feature: "p6_{view}"}
    features: [{name: p6_f}]
    """,
    bill=[line(3, "p6.a"), line(5, "p6.b"), line(7, "p6.c"), line(9, "p6.d")],
    runs=[
        run("p6.a", 0, 1, part="build"),
        run("p6.b", 0, 1, part="build_more"),
        run("p6.c", 0, 1, part="view.x.daily"),
        run("p6.d", 0, 1, part="xview.y"),
    ],
)


def test_patterns_match_the_whole_part_name_in_re2(asked: Asked) -> None:
    assert asked.costs("p6_") == {"p6_f": 3, "p6_x": 7}


def test_a_part_no_pattern_matches_is_unneeded_as_unmapped_with_a_finding(asked: Asked) -> None:
    assert asked.stages("pipeline:p6", "stage", "outcome") == {
        ("pipeline:p6/build", "allocated"): 3,
        ("pipeline:p6/build_more", "unneeded"): 5,
        ("pipeline:p6/view.x.daily", "allocated"): 7,
        ("pipeline:p6/xview.y", "unneeded"): 9,
    }
    reasons = asked.ask(
        "query", "select stage, reason from placements where stage like 'pipeline:p6/%' order by 1"
    )
    assert [row["reason"] for row in reasons] == ["", "unmapped", "", "unmapped"]
    found = asked.findings("unmapped", "p6/")
    assert [(row["severity"], Decimal(row["amount"])) for row in found] == [
        ("warning", 9),
        ("warning", 5),
    ]


WORLD.add(
    r"""
    pipelines:
      - name: w6
        produces:
          - {part: 'view:(?P<view>\w+)', feature: "w6_{view}"}
          - {part: extract, shared: true}
    features: [{name: w6_f}, {name: w6_g}]
    """,
    bill=[line(9, "w6.a"), line(6, "w6.b"), line(4, "w6.c")],
    runs=[
        # As a log of paths has it: w6_g is a feature, the tables are not.
        run("w6.a", 0, 1, part="view:f", features="table_7;w6_g", rows_out=6),
        run("w6.b", 0, 1, part="extract", feature="orders_raw"),
        run("w6.b", 1, 1, part="view:f"),
        run("w6.c", 0, 1, part="view:new", feature="w6_new"),
    ],
)


def test_what_a_log_alone_names_does_not_count_where_the_catalogue_says_what_a_part_makes(
    asked: Asked,
) -> None:
    # The 9 are for what the pattern says and what the catalogue knows; w6_f has no rows.
    assert asked.costs("w6_") == {
        "w6_f": Decimal("4.5") + 6,
        "w6_g": Decimal("4.5"),
        "w6_new": 4,
    }
    assert not {"table_7", "orders_raw"} & asked.cost().keys()
    found = asked.ask(
        "query", "select message, place from findings where code = 'output_overruled'"
    )
    assert found == [
        {
            "message": "pipeline:w6 writes feature:orders_raw, feature:table_7, which nothing is "
            "called: what the catalogue says its parts make counts",
            "place": "runs",
        }
    ]


WORLD.add(
    """
    pipelines:
      - {name: p7, produces: [{part: "a.*", feature: p7_f}, {part: ".*", feature: p7_g}]}
    features: [{name: p7_f}, {name: p7_g}]
    models: [{name: p7_m}]
    """,
    bill=[line(3, "p7.a"), line(5, "p7.b"), line(7, "p7m.a")],
    runs=[
        run("p7.a", 0, 1, part="ab"),
        run("p7.b", 0, 1, part="ba"),
        run("p7m.a", 0, 1, part="train", model="p7_m"),
    ],
)


def test_of_several_patterns_the_first_that_matches_wins(asked: Asked) -> None:
    assert asked.costs("p7_") == {"p7_f": 3, "p7_g": 5}


def test_a_part_may_make_a_model_which_no_feature_bears(asked: Asked) -> None:
    assert asked.three("p7_m", "model") == (7, 7, 7)
    assert asked.stages("pipeline:p7m", "outcome", "feature_set") == {("allocated", ""): 7}


def test_nothing_of_all_this_is_lost(asked: Asked) -> None:
    for by in ("feature", "model", "product", "stage"):
        assert sum(asked.cost(by).values()) == asked.bill()
