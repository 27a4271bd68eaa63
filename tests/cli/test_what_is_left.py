"""`costlens check` on a build: what its lines and runs leave to be named, dearest first."""

import pytest
from company import Company

CATALOGUE = """
pipelines:
  - name: shop_features
    produces: [{part: extract, feature: fv_orders}]
features:
  - {name: fv_orders}
  - {name: fv_lost}
  - {name: fv_paid, billed_by: [{tags: {view: paid}}]}
"""


def run(pipeline: str, number: int, start: str, stop: str) -> dict[str, object]:
    return {
        "run_id": f"{pipeline}-{number}",
        "pipeline": pipeline,
        "part": "extract",
        "start": f"2026-05-01T{start}:00Z",
        "end": f"2026-05-01T{stop}:00Z",
    }


def told(company: Company, word: str) -> list[str]:
    """Give what check says of a kind: the message, and the hint below it."""
    ran = company.run("check")
    assert ran.code == 0, ran.err
    lines = [line.removeprefix("info: ") for line in ran.err.splitlines()]
    return [
        f"{line} => {lines[at + 1].strip()}" if lines[at + 1 :] else line
        for at, line in enumerate(lines)
        if word in line and not line.startswith(" ")
    ]


def shop(company: Company) -> Company:
    company.catalogue(CATALOGUE)
    company.bill(
        {"cost": "7", "Tags": {"view": "paid"}},
        {"cost": "5.25", "Tags": {"Job": "prod SHOP-Features v2", "team": "a"}},
        {"cost": "2", "Tags": {"Job": "prod SHOP-Features v2"}, "ResourceId": "vm/nightly_report"},
        {"cost": "40", "ResourceId": "arn:aws:x:cluster/nightly.report/1"},
        {"cost": "90", "ResourceId": "shop_featureset", "Tags": {"a": "shop"}},
        {"cost": "-1", "ResourceName": "fv lost"},
    )
    company.runs(
        run("shop_features", 1, "01:00", "02:00"),
        run("nightly report", 1, "01:00", "01:10"),
        run("nightly report", 2, "02:00", "02:10"),
        run("tiny", 1, "01:00", "01:00"),
        run("long", 1, "01:00", "05:00"),
    )
    company.refresh()
    return company


def test_runs_that_no_rule_places_are_listed_by_their_seconds(company: Company) -> None:
    assert told(shop(company), "no rule places") == [
        "runs: no rule places 1 run of long, 14,400 seconds => "
        "add it to the catalogue, under pipelines: - {name: long}",
        "runs: no rule places 2 runs of nightly report, 1,200 seconds => "
        "add it to the catalogue, under pipelines: - "
        "{name: nightly_report, runs: {match: {pipeline: nightly report}}}",
        "runs: no rule places 1 run of tiny, 0 seconds => "
        "add it to the catalogue, under pipelines: - {name: tiny}",
    ]


@pytest.mark.slow
def test_features_that_no_run_makes_are_listed_by_what_came_to_them(company: Company) -> None:
    assert told(shop(company), "no run makes") == [
        "catalog/all.yaml:8: no run makes the feature fv_paid; 7 USD came to it otherwise => "
        'add to the pipeline that does, under produces: - {part: "PART", feature: fv_paid}',
        "catalog/all.yaml:7: no run makes the feature fv_lost => "
        'add to the pipeline that does, under produces: - {part: "PART", feature: fv_lost}',
    ]


@pytest.mark.slow
def test_charges_that_hold_a_name_are_listed_by_their_money(company: Company) -> None:
    assert told(shop(company), "looks like") == [
        "42 USD of 2026-05 that no rule picks, on 2 lines, looks like the pipeline nightly report: "
        "40 of it by the resource arn:aws:x:cluster/nightly.report/1 => if so, add to the pipeline "
        "nightly report: billed_by: [{resource_id: arn:aws:x:cluster/nightly.report/1}]",
        "5.25 USD of 2026-05 that no rule picks, on 1 line, looks like the pipeline shop_features: "
        "the tag Job=prod SHOP-Features v2 => if so, add to the pipeline shop_features: "
        "billed_by: [{tags: {Job: prod SHOP-Features v2}}]",
        "-1 USD of 2026-05 that no rule picks, on 1 line, looks like the feature fv_lost: "
        "the resource fv lost => its rule may name what else they have in common: "
        "under the feature fv_lost",
    ]


def test_the_lines_that_check_says_to_add_leave_nothing_to_say(company: Company) -> None:
    shop(company)
    company.catalogue(
        """
pipelines:
  - name: nightly_report
    runs: {match: {pipeline: nightly report}}
    billed_by: [{resource_id: arn:aws:x:cluster/nightly.report/1}]
  - {name: tiny}
  - {name: long, billed_by: [{tags: {Job: prod SHOP-Features v2}}]}
""",
        file="more.yaml",
    )
    assert told(company, "no rule places") == []
    assert [line.split(",")[0] for line in told(company, "looks like")] == [
        "-1 USD of 2026-05 that no rule picks"
    ]


def test_of_many_the_rest_is_counted(company: Company) -> None:
    company.bill({"cost": "1"})
    company.runs(*(run(f"p{n:02}", 1, "01:00", f"01:{n:02}") for n in range(13)))
    company.refresh()
    found = told(company, "rule place")
    assert len(found) == 11
    assert "1 run of p12, 720 seconds" in found[0]
    assert found[-1].startswith("and 3 more pipelines whose runs no rule places, each of less")


def test_a_workspace_without_a_build_has_nothing_left_to_name(company: Company) -> None:
    company.catalogue(CATALOGUE)
    company.bill({"cost": "1"})
    ran = company.run("check")
    assert (ran.code, ran.err) == (0, "")
