"""What dropping, measuring and other rules would change: examples C8 and C11 through the command."""

from decimal import Decimal
from fractions import Fraction

import pytest
from company import Company, Ran

UNIT = Fraction(1, 10**12)
C8 = {"scan": 120, "clean": 60, "join_tx": 90, "agg_web": 40, "f1": 10, "f2": 5, "f3": 8, "f4": 20}
STAGES = """
stages:
  - {name: scan, billed_by: [{resource_id: scan}], feeds: [{stage: clean}]}
  - {name: clean, billed_by: [{resource_id: clean}], feeds: [{stage: join_tx}, {stage: agg_web}]}
  - name: join_tx
    billed_by: [{resource_id: join_tx}]
    feeds: [{feature: f1}, {feature: f2}, {feature: f4}]
  - {name: agg_web, billed_by: [{resource_id: agg_web}], feeds: [{feature: f3}, {feature: f4}]}
features:
"""
# A model that takes nothing from the features, and costs more by itself than the other ever could.
MODELS = """
models:
  - {name: big, billed_by: [{resource_id: big}]}
  - {name: small, billed_by: [{resource_id: small}]}
"""


def pipeline(company: Company, weights: dict[str, int] | None = None, scale: str = "1") -> Company:
    """Write example C8, or C11 with weights, and refresh it."""
    costs = {**C8, "big": 97, "small": 50}
    company.bill(
        *({"cost": str(cost * Decimal(scale)), "ResourceId": name} for name, cost in costs.items())
    )
    features = "".join(
        f"  - {{name: {f}, billed_by: [{{resource_id: {f}}}]"
        + (f", weight: {weights[f]}}}\n" if weights else "}\n")
        for f in ("f1", "f2", "f3", "f4")
    )
    company.catalogue(STAGES + features + MODELS)
    company.refresh()
    return company


@pytest.fixture(scope="module")
def even(tmp_path_factory: pytest.TempPathFactory) -> Company:
    return pipeline(Company(folder=tmp_path_factory.mktemp("c8")))


def avoidable(company: Company, *words: str) -> dict[str, dict[str, str]]:
    return {row["name"]: row for row in company.ask("avoidable", *words)}


def column(rows: dict[str, dict[str, str]], name: str) -> dict[str, Decimal | None]:
    return {key: Decimal(row[name]) if row[name] else None for key, row in rows.items()}


def test_avoidable_cost_of_a_set_is_more_than_that_of_its_members(even: Company) -> None:
    two = avoidable(even, "feature:f1", "feature:f2")
    assert column(two, "avoidable") == {
        "feature:f1": 10,
        "feature:f2": 5,
        "(only together)": 0,
        "(all of them)": 15,
    }
    three = avoidable(even, "feature:f1", "feature:f2", "feature:f4")
    assert column(three, "avoidable") == {
        "feature:f4": 20,
        "feature:f1": 10,
        "feature:f2": 5,
        "(only together)": 90,
        "(all of them)": 125,
    }
    assert column(three, "allocated") == {
        "feature:f4": 115,
        "feature:f1": 85,
        "feature:f2": 80,
        "(only together)": None,
        "(all of them)": 280,
    }


def test_all_features_together_save_all_that_features_need(even: Company) -> None:
    rows = avoidable(even, *(f"feature:f{n}" for n in range(1, 5)))
    assert column(rows, "avoidable") == {
        "feature:f1": 10,
        "feature:f2": 5,
        "feature:f3": 8,
        "feature:f4": 20,
        "(only together)": 310,
        "(all of them)": 353,
    }
    assert column(rows, "stand_alone") == {
        "feature:f1": 280,
        "feature:f2": 275,
        "feature:f3": 228,
        "feature:f4": 330,
        "(only together)": None,
        "(all of them)": 353,
    }


def test_what_no_lineage_leads_to_a_level_stands_beside_avoidable(even: Company) -> None:
    (row,) = even.ask("avoidable", "feature:f1")
    assert row["lineage_share"] == "0.706"  # 353 of 500
    (row,) = even.ask("avoidable", "model:small")
    assert row["lineage_share"] == "0.294"


def test_targets_of_two_levels_are_dropped_together_and_their_shares_never_added(
    even: Company,
) -> None:
    rows = avoidable(even, "feature:f1", "model:big")
    assert column(rows, "avoidable") == {
        "model:big": 97,
        "feature:f1": 10,
        "(only together)": 0,
        "(all of them)": 107,
    }
    assert rows["(all of them)"]["allocated"] == ""
    assert rows["(all of them)"]["lineage_share"] == "1"


@pytest.fixture(scope="module")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """One feature: a table, half of a cluster, an endpoint that a commitment covers, and a share
    of a service that one covers in part."""
    company = Company(folder=tmp_path_factory.mktemp("committed"))
    covered = {"CommitmentDiscountId": "plan", "CommitmentDiscountStatus": "Used"}
    company.bill(
        {"cost": "7", "ResourceId": "table", "ServiceName": "Storage"},
        {"cost": "24", "ResourceId": "cluster", "ServiceName": "Compute"},
        {"cost": "30", "ResourceId": "endpoint", "ServiceName": "Serving", **covered},
        {"cost": "11", "ResourceId": "cache", "ServiceName": "Cache", **covered},
        {"cost": "5", "ResourceId": "other", "ServiceName": "Cache"},
    )
    company.runs(
        {
            "run_id": "1",
            "pipeline": "p",
            "start": "2026-05-01T00:00:00Z",
            "end": "2026-05-01T12:00:00Z",
            "resource_id": "cluster",
            "size": "1",
            "size_unit": "slots",
        }
    )
    company.catalogue(
        "pipelines: [{name: p, produces: [{part: run, feature: f}]}]\n"
        "resources: [{name: cluster, billed_by: [{resource_id: cluster}], capacity: {slots: 1}}]\n"
        "stages:\n"
        "  - {name: table, billed_by: [{resource_id: table}], feeds: [{feature: f}]}\n"
        "  - {name: endpoint, billed_by: [{resource_id: endpoint}], feeds: [{feature: f}]}\n"
        "  - {name: cache, billed_by: [{resource_id: cache}], feeds: [{feature: f}]}\n"
        "features: [{name: f}]\n"
    )
    company.refresh()
    return company


@pytest.mark.parametrize(
    ("horizon", "saved", "stays", "unknown"),
    [("now", 7, 42, 11), ("resize", 19, 30, 11), ("commitment", 60, 0, 0)],
)
def test_what_is_saved_depends_on_how_far_one_looks(
    committed: Company, horizon: str, saved: int, stays: int, unknown: int
) -> None:
    (row,) = committed.ask("avoidable", "feature:f", "--horizon", horizon)
    assert [Decimal(row[name]) for name in ("avoidable", "stays", "unknown")] == [
        saved,
        stays,
        unknown,
    ]


def test_targets_that_nobody_knows_are_named_all_at_once(even: Company) -> None:
    ran: Ran = even.run("avoidable", "feature:f11", "model:none", "feature:f1")
    assert (ran.code, ran.out) == (1, "")
    assert "no feature is called f11" in ran.err
    assert "did you mean f1?" in ran.err
    assert "no model is called none" in ran.err


def test_the_sample_company_saves_by_set_what_the_cost_table_says_of_one(sample: Company) -> None:
    costs = {row["name"]: row for row in sample.ask("cost")}
    names = [name for name in costs if not name.startswith("(")]
    rows = avoidable(sample, *(f"feature:{name}" for name in names))
    for name in names:
        row = rows[f"feature:{name}"]
        assert {key: Decimal(row[key]) for key in ("avoidable", "allocated", "stand_alone")} == {
            key: Decimal(costs[name][key]) for key in ("avoidable", "allocated", "stand_alone")
        }


@pytest.fixture(scope="module")
def weighted(tmp_path_factory: pytest.TempPathFactory) -> Company:
    return pipeline(
        Company(folder=tmp_path_factory.mktemp("c11")), {"f1": 2, "f2": 1, "f3": 1, "f4": 1}
    )


C8_METHODS = {
    "need_even": ["85", "80", "73", "115"],
    "even": ["353/4"] * 4,
    "by_stand_alone": ["14120/159", "97075/1113", "26828/371", "38830/371"],
    "scrb": ["9440/107", "8905/107", "7676/107", "11750/107"],
}


def test_each_rule_gives_the_figures_of_the_example_to_the_last_unit(even: Company) -> None:
    rows = {row["name"]: row for row in even.ask("sensitivity")}
    assert list(rows) == ["f4", "f1", "f2", "f3"]
    for method, figures in {**C8_METHODS, "allocated": C8_METHODS["need_even"]}.items():
        got = {name: Fraction(rows[name][method]) for name in sorted(rows)}
        assert sum(got.values()) == 353
        for figure, amount in zip(figures, got.values(), strict=True):
            assert abs(amount - Fraction(figure)) < UNIT, method
    assert rows["f1"]["lowest"] == "85"
    assert rows["f1"]["highest"] == rows["f1"]["by_stand_alone"]
    assert Fraction(rows["f1"]["range"]) == Fraction(rows["f1"]["highest"]) - 85


def test_every_rule_shares_out_the_same_money_however_large(
    company: Company, sample: Company
) -> None:
    asked = pipeline(company, scale="1000000000.000000000001")
    for one in (asked, sample):
        for level in ("feature", "model"):
            rows = one.ask("sensitivity", "--by", level)
            sums = {
                sum(Decimal(row[method]) for row in rows) for method in [*C8_METHODS, "allocated"]
            }
            assert len(sums) == 1, level
    assert sum(Decimal(row["scrb"]) for row in asked.ask("sensitivity")) == Decimal(
        "353000000000.000000000353"
    )


def test_weights_flip_the_top_rank_and_kendalls_tau_says_so(weighted: Company) -> None:
    rows = {row["name"]: row for row in weighted.ask("sensitivity")}
    assert {name: Fraction(row["allocated"]) for name, row in rows.items()} == {
        "f1": 127,
        "f2": Fraction(127, 2),
        "f3": 64,
        "f4": Fraction(197, 2),
    }
    assert [rows["f1"][name] for name in ("rank", "best_rank", "worst_rank")] == ["1", "1", "2"]
    methods = {row["method"]: row for row in weighted.ask("sensitivity", "--methods")}
    to_c8 = methods["need_even"]
    assert (to_c8["agreeing"], to_c8["flipped"], to_c8["tied"]) == ("4", "2", "0")
    assert Decimal(to_c8["kendall_tau"]) == round(Decimal(1) / 3, 4)
    assert Decimal(to_c8["moved_share"]) == round(Decimal(42) / 353, 4)
    assert Decimal(methods["allocated"]["kendall_tau"]) == 1
    assert Decimal(methods["even"]["kendall_tau"]) == 0


def test_a_rank_is_certain_where_one_saves_more_than_the_other_costs_alone(even: Company) -> None:
    assert even.ask("sensitivity", "--pairs") == []
    assert even.ask("sensitivity", "--pairs", "--by", "model") == [
        {
            "name": "big",
            "other": "small",
            "currency": "USD",
            "avoidable": "97",
            "stand_alone_of_other": "50",
            "margin": "47",
        }
    ]


def test_what_is_split_evenly_and_dear_is_to_be_measured_first(even: Company) -> None:
    rows = even.ask("measure-next")
    assert [(r["name"], r["step"], r["measure"], r["grade"], r["priority"]) for r in rows] == [
        ("stage:scan", "need", "even", "E", "360"),
        ("stage:join_tx", "need", "even", "E", "270"),
        ("stage:clean", "need", "even", "E", "180"),
        ("stage:agg_web", "need", "even", "E", "120"),
    ]
    assert {row["band_share"] for row in rows} == {""}  # nothing measured to go by


def test_declared_weights_are_nearer_to_measured_and_have_a_band(weighted: Company) -> None:
    rows = {row["name"]: row for row in weighted.ask("measure-next")}
    assert {name: (r["grade"], r["priority"], r["band_share"]) for name, r in rows.items()} == {
        "stage:scan": ("D", "240", "0.15"),  # 2/5 and three times 1/5, against four quarters
        "stage:join_tx": ("D", "180", "0.1667"),
        "stage:clean": ("D", "120", "0.15"),
        "stage:agg_web": ("D", "80", "0"),
    }


@pytest.mark.parametrize("level", ["feature", "model", "product"])
def test_weak_money_is_counted_once_and_is_all_that_the_ledger_grades_weak(
    sample: Company, level: str
) -> None:
    found: dict[str, Decimal] = {}
    for row in sample.ask("measure-next", "--by", level):
        found[row["grade"]] = found.get(row["grade"], Decimal(0)) + Decimal(row["cost"])
    weak = sample.ask(
        "query",
        "select grade, sum(effective) as cost from ledger where grade > 'B' and step = 'own' "
        f"and level = '{level}' and target not in ('(unneeded)', '(stranded)', '(excluded)') "
        "group by all having sum(effective) <> 0",
    )
    assert found == {row["grade"]: Decimal(row["cost"]) for row in weak}


def test_coverage_says_by_grade_what_is_known_and_what_is_convention(
    even: Company, weighted: Company
) -> None:
    rows = {row["name"]: row for row in even.ask("coverage")}
    # f1 bears its own 10, and a third or a fourth of stages worth 270.
    assert [rows["f1"][name] for name in ("cost", "direct", "even")] == ["85", "10", "75"]
    assert [rows["f1"][name] for name in ("measured", "declared", "unallocated")] == ["0", "0", "0"]
    assert Decimal(rows["f1"]["convention_share"]) == round(Decimal(75) / 85, 4)
    assert rows["(all targets)"]["convention"] == "310"  # of 353
    assert Decimal(rows["(all targets)"]["convention_share"]) == round(Decimal(310) / 353, 4)
    assert (rows["(no feature)"]["cost"], rows["(no feature)"]["convention"]) == ("147", "")
    (declared,) = [row for row in weighted.ask("coverage") if row["name"] == "f1"]
    assert [declared[name] for name in ("cost", "direct", "declared")] == ["127", "10", "117"]
    (bill,) = even.ask("coverage", "--by", "bill")
    assert [bill[name] for name in ("name", "cost", "direct", "measured_share")] == [
        "bill 2026-05",
        "500",
        "500",
        "1",
    ]


def test_a_cost_has_a_range_by_what_measuring_moves(even: Company, weighted: Company) -> None:
    rows = {row["name"]: row for row in weighted.ask("coverage")}
    # 0.15 of 240/2 and 120/2, 0.1667 of 180/2 and 0 of 80/2: 42.003 of 310, or 0.1354.
    weak = {"f1": 117, "f2": Decimal("58.5"), "f3": 56, "f4": Decimal("78.5")}
    band = Decimal("0.1354")
    assert {name: (rows[name]["low"], rows[name]["high"]) for name in weak} == {
        name: (
            str((Decimal(rows[name]["cost"]) - money * band).normalize()),
            str((Decimal(rows[name]["cost"]) + money * band).normalize()),
        )
        for name, money in weak.items()
    }
    assert rows["(all targets)"]["low"] == ""
    # Where all is split evenly and nothing was ever measured, nobody knows.
    assert {row["low"] for row in even.ask("coverage")} == {""}
    value = {row["measure"]: row["amount"] for row in weighted.ask("value", "feature:f1")}
    assert (value["allocated_low"], value["allocated_high"]) == (
        rows["f1"]["low"],
        rows["f1"]["high"],
    )


def test_services_that_serve_each_other_are_compared_by_every_method(company: Company) -> None:
    """Examples C1b (Castleford: PM is the dearer, so closed first) and C3, whose direct and step-down
    figures are published or worked out by hand: S2 is closed first, then S3, then S1."""
    costs = {"PM": 6_300_000, "IS": 1_452_150, "S1": 92_400, "S2": 184_800, "S3": 138_600}
    company.bill(
        *(
            {"cost": str(cost), "ResourceId": name}
            for name, cost in {**costs, "P1": 400_000, "P2": 500_000}.items()
        )
    )
    feeds = {
        "PM": {"IS": 2, "Mach": 3, "Asm": 5},
        "IS": {"PM": 1, "Mach": 8, "Asm": 1},
        "S1": {"S2": 1, "S3": 2, "P1": 4, "P2": 3},
        "S2": {"S1": 1, "S3": 2, "P1": 5, "P2": 2},
        "S3": {"S1": 3, "P1": 1, "P2": 6},
    }
    lines = ["stages:"]
    for stage, taken in feeds.items():
        edges = ", ".join(
            f"{{{'stage' if to in feeds else 'product'}: {to}, weight: {weight}}}"
            for to, weight in taken.items()
        )
        lines.append(
            f"  - {{name: {stage}, billed_by: [{{resource_id: {stage}}}], split: use, feeds: [{edges}]}}"
        )
    lines.append("products:")
    lines += [
        f"  - {{name: {name}, billed_by: [{{resource_id: {name}}}]}}"
        for name in ("Mach", "Asm", "P1", "P2")
    ]
    company.catalogue("\n".join(lines))
    company.refresh()
    rows = {row["name"]: row for row in company.ask("sensitivity", "--by", "product")}
    wanted = {
        "allocated": [4_187_025, 3_565_125, 593_500, 722_300],
        "reciprocal": [4_187_025, 3_565_125, 593_500, 722_300],
        "direct": [3_653_300, 4_098_850, 604_600, 711_200],
        "step_down": [4_300_800, 3_451_350, 603_412, 712_388],
    }
    for method, figures in wanted.items():
        got = [Fraction(rows[name][method]) for name in ("Mach", "Asm", "P1", "P2")]
        assert sum(got) == sum(figures)
        for one, figure in zip(got, figures, strict=True):
            assert abs(one - figure) < 9 * UNIT, method
    assert rows["Asm"]["best_rank"] == "1"  # by the direct method it bears more than Mach
    methods = {
        row["method"]: row for row in company.ask("sensitivity", "--by", "product", "--methods")
    }
    assert (methods["direct"]["flipped"], methods["reciprocal"]["flipped"]) == ("1", "0")
    assert methods["reciprocal"]["kendall_tau"] == "1"
    assert Decimal(methods["direct"]["kendall_tau"]) == round(Decimal(4) / 6, 4)


def test_where_two_rungs_are_known_their_distance_is_the_band_of_the_lower(
    company: Company,
) -> None:
    """Part p made a and b in 3:1 work seconds and 1:1 rows, a quarter apart; q has rows alone. Table t
    is read 3:1 by features that weigh 1:1; u is not read."""
    company.bill(
        *({"cost": "8", "ResourceId": name} for name in ("p", "q", "t", "u")),
    )
    made = [("p", "a", 1, 3), ("p", "b", 1, 1), ("q", "a", 5, ""), ("q", "b", 3, "")]
    company.runs(
        *(
            {
                "run_id": pipeline,
                "pipeline": pipeline,
                "start": "2026-05-01T00:00:00Z",
                "end": "2026-05-02T00:00:00Z",
                "resource_id": pipeline,
                "feature": feature,
                "rows_out": rows,
                "work_seconds": seconds,
            }
            for pipeline, feature, rows, seconds in made
        )
    )
    company.activity(
        *(
            {
                "consumer": f"feature:{name}",
                "target": "stage:t",
                "hour": "2026-05-01T00:00:00Z",
                "measure": "reads",
                "quantity": n,
            }
            for name, n in (("a", 3), ("b", 1))
        )
    )
    company.catalogue(
        "pipelines: [{name: p}, {name: q}]\n"
        "stages:\n"
        "  - {name: t, billed_by: [{resource_id: t}], feeds: [{feature: a}, {feature: b}]}\n"
        "  - {name: u, billed_by: [{resource_id: u}], feeds: [{feature: a}, {feature: b}]}\n"
        "features: [{name: a, weight: 1}, {name: b, weight: 1}]\n"
    )
    company.refresh()
    bands = {(r["name"], r["step"]): r["band_share"] for r in company.ask("measure-next")}
    assert bands["q", "outputs"] == "0.25"
    assert bands["stage:u", "need"] == "0.25"
