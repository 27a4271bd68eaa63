"""Split cost allocation data: pods and tasks in place of the machine that they ran on, to the last unit."""

import csv
import json
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from aws_report import Line, charges, line, report, rows_of, write_csv, write_parquet
from company import Company
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st

D = Decimal
SP = {"savings_plan_savings_plan_arn": "arn:sp/1"}
RI = {"reservation_reservation_arn": "arn:ri/1"}
Row = dict[str, Any]  # any: what DuckDB gives


def machine(name: str, cost: str, kind: str = "Usage", **more: object) -> Line:
    """Give an hour of an instance."""
    plain = {"usage_type": "BoxUsage:m5.xlarge", "operation": "RunInstances", "usage_amount": "1"}
    return line(kind, cost, resource_id=name, **{**plain, **more})


def pod(name: str, parent: str, split: str, unused: str = "0", **more: object) -> Line:
    """Give what a pod took of an instance in an hour, of its processors or of its memory."""
    plain = {
        "product_code": "AmazonEKS",
        "usage_type": "EKS-EC2-vCPU-Hours",
        "operation": "EKSPod-EC2",
        "usage_amount": "0.5",
        "pricing_unit": "vCPU-Hours",
    }
    return line(
        "Usage",
        "0",
        resource_id=name,
        split_line_item_parent_resource_id=parent,
        split_line_item_split_cost=split,
        split_line_item_unused_cost=unused,
        **{**plain, **more},
    )


# Hours of machines; and of each row the resource, billed and effective, in the report's order.
HOURS: dict[str, tuple[list[Line], list[tuple[str, str, str]]]] = {
    "paid by the hour, partly covered": (
        [
            machine("i-a", "1"),
            pod("pod/a1", "i-a", "0.30", "0.05"),
            pod("pod/a1", "i-a", "0.10", "0.02", usage_type="EKS-EC2-GB-Hours"),
            pod("pod/a2", "i-a", "0.20", "0.03"),
        ],
        [
            ("i-a", "0.3", "0.3"),
            ("pod/a1", "0.35", "0.35"),
            ("pod/a1", "0.12", "0.12"),
            ("pod/a2", "0.23", "0.23"),
        ],
    ),
    "a reservation's, wholly covered": (
        [
            machine("i-b", "0", "DiscountedUsage", reservation_effective_cost="0.60", **RI),
            pod("pod/b1", "i-b", "0.40"),
            pod("task/b2", "i-b", "0.15", "0.05", operation="ECSTask-EC2"),
        ],
        [("i-b", "0", "0"), ("pod/b1", "0", "0.4"), ("task/b2", "0", "0.2")],
    ),
    # 0.7 effective, 0.4 of it billed; 0.56 are covered, so each line keeps a fifth.
    "a plan's for a part, by the hour for the rest": (
        [
            machine(
                "i-c",
                "0.5",
                "SavingsPlanCoveredUsage",
                savings_plan_savings_plan_effective_cost="0.3",
                **SP,
            ),
            line("SavingsPlanNegation", "-0.5", usage_type="BoxUsage:m5.xlarge", **SP),
            machine("i-c", "0.4"),
            pod("pod/c1", "i-c", "0.35"),
            pod("pod/c2", "i-c", "0.21"),
        ],
        [
            ("i-c", "0", "0.06"),
            ("", "0", "0"),
            ("i-c", "0.08", "0.08"),
            ("pod/c1", "0.2", "0.35"),
            ("pod/c2", "0.12", "0.21"),
        ],
    ),
    "said to be more than it cost": (
        [machine("i-d", "1"), *(pod(f"pod/d{n}", "i-d", "2") for n in (1, 2, 3))],
        [
            ("i-d", "0", "0"),
            ("pod/d1", "0.333333333333", "0.333333333333"),
            ("pod/d2", "0.333333333333", "0.333333333333"),
            ("pod/d3", "0.333333333334", "0.333333333334"),
        ],
    ),
    "whose traffic, surcharge and discount are no part of it": (
        [
            machine("i-e", "1"),
            machine("i-e", "0.2", usage_type="DataTransfer-Out-Bytes"),
            machine("i-e", "0.1", usage_type="EBSOptimized:m5.xlarge", operation="Hourly"),
            machine("i-e", "-0.05", "EdpDiscount"),
            pod("pod/e", "i-e", "0.9"),
        ],
        [
            ("i-e", "0.1", "0.1"),
            ("i-e", "0.2", "0.2"),
            ("i-e", "0.1", "0.1"),
            ("i-e", "-0.05", "-0.05"),
            ("pod/e", "0.9", "0.9"),
        ],
    ),
    "that stands in no line": ([pod("pod/f", "i-gone", "0.4")], [("pod/f", "0", "0")]),
    "that cost nothing": (
        [machine("i-g", "0"), pod("pod/g", "i-g", "0.4")],
        [("i-g", "0", "0"), ("pod/g", "0", "0")],
    ),
    "of another hour than the pod's": (
        [
            machine("i-h", "1"),
            pod(
                "pod/h",
                "i-h",
                "0.4",
                usage_start_date="2026-05-04 06:00:00",
                usage_end_date="2026-05-04 07:00:00",
            ),
        ],
        [("i-h", "1", "1"), ("pod/h", "0", "0")],
    ),
    "that no pod was on": ([machine("i-k", "1")], [("i-k", "1", "1")]),
    "a pod with a price of its own": (
        [
            line(
                "Usage",
                "0.3",
                resource_id="pod/l",
                operation="FargatePod",
                product_code="AmazonEKS",
            )
        ],
        [("pod/l", "0.3", "0.3")],
    ),
}
LINES = [one for lines, _ in HOURS.values() for one in lines]


def costs(rows: Iterable[Row]) -> list[tuple[str, Decimal, Decimal]]:
    return [(row["ResourceId"] or "", row["BilledCost"], row["EffectiveCost"]) for row in rows]


def sums(rows: Iterable[Row]) -> dict[str, Decimal]:
    kinds = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")
    found = list(rows)
    return {kind: sum((row[kind] for row in found), D(0)) for kind in kinds}


@pytest.fixture(scope="module")
def replaced(tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    path = write_parquet(tmp_path_factory.mktemp("bill") / "cur.parquet", LINES)
    return rows_of(path, split_costs="replace")


@pytest.mark.parametrize("name", HOURS)
def test_pods_and_their_machine_come_to_what_the_hour_cost_by_hand(
    replaced: list[Row], name: str
) -> None:
    first = 1 + sum(len(HOURS[other][0]) for other in list(HOURS)[: list(HOURS).index(name)])
    lines, expected = HOURS[name]
    mine = [row for row in replaced if first <= row["x_line"] < first + len(lines)]
    assert costs(mine) == [(who, D(billed), D(cost)) for who, billed, cost in expected]


def test_left_out_they_are_no_rows_and_the_totals_are_the_same(
    replaced: list[Row], tmp_path: Path
) -> None:
    left_out = rows_of(write_parquet(tmp_path / "cur.parquet", LINES))
    assert len(left_out) == len(replaced) - 14
    assert sums(left_out) == sums(replaced)
    assert not any("pod/a" in (row["ResourceId"] or "") for row in left_out)


def test_pods_have_the_service_and_the_terms_of_their_machine(replaced: list[Row]) -> None:
    by = {row["ResourceId"]: row for row in replaced}
    assert {row["ServiceName"] for row in replaced if "/" in (row["ResourceId"] or "")} == {
        "Amazon EC2",
        "Amazon EKS",  # on Fargate: that is no part of a machine
    }
    columns = ("PricingCategory", "CommitmentDiscountStatus", "CommitmentDiscountId")
    assert [by["pod/b1"][column] for column in columns] == ["Committed", "Used", "arn:ri/1"]
    assert [by["pod/a2"][column] for column in columns] == ["Standard", None, None]
    assert [by["pod/c1"][column] for column in columns] == [None, None, None]  # of both
    assert (by["pod/a2"]["ConsumedQuantity"], by["pod/a2"]["ConsumedUnit"]) == (
        D("0.5"),
        "vCPU-Hours",
    )
    # What is left of the machine is as much of its hour.
    assert [r["ConsumedQuantity"] for r in replaced if r["ResourceId"] == "i-a"] == [D("0.3")]
    assert by["i-b"]["ConsumedQuantity"] == 0


def test_net_costs_count_where_the_report_has_them(tmp_path: Path) -> None:
    lines = [
        machine("i-a", "1", net_unblended_cost="0.9"),
        pod(
            "pod/a",
            "i-a",
            "0.5",
            "0.1",
            net_unblended_cost="0",
            split_line_item_net_split_cost="0.45",
            split_line_item_net_unused_cost="0.09",
        ),
    ]
    rows = rows_of(write_parquet(tmp_path / "cur.parquet", lines), split_costs="replace")
    assert costs(rows) == [("i-a", D("0.36"), D("0.36")), ("pod/a", D("0.54"), D("0.54"))]


LEGACY = {
    "identity/LineItemId": None,
    "bill/BillingPeriodStartDate": "bill_billing_period_start_date",
    "bill/PayerAccountId": "bill_payer_account_id",
    "lineItem/UsageAccountId": "line_item_usage_account_id",
    "lineItem/CurrencyCode": "line_item_currency_code",
    "lineItem/LineItemType": "line_item_line_item_type",
    "lineItem/ProductCode": "line_item_product_code",
    "lineItem/UsageStartDate": "line_item_usage_start_date",
    "lineItem/UsageEndDate": "line_item_usage_end_date",
    "lineItem/UnblendedCost": "line_item_unblended_cost",
    "lineItem/UsageType": "line_item_usage_type",
    "lineItem/Operation": "line_item_operation",
    "lineItem/ResourceId": "line_item_resource_id",
    "lineItem/UsageAmount": "line_item_usage_amount",
    "pricing/unit": "pricing_unit",
    "reservation/ReservationARN": "reservation_reservation_arn",
    "reservation/EffectiveCost": "reservation_effective_cost",
    "savingsPlan/SavingsPlanARN": "savings_plan_savings_plan_arn",
    "savingsPlan/SavingsPlanEffectiveCost": "savings_plan_savings_plan_effective_cost",
    "splitLineItem/ParentResourceId": "split_line_item_parent_resource_id",
    "splitLineItem/SplitCost": "split_line_item_split_cost",
    "splitLineItem/UnusedCost": "split_line_item_unused_cost",
}


def test_a_legacy_report_gives_the_same_rows(replaced: list[Row], tmp_path: Path) -> None:
    path = tmp_path / "cur.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(LEGACY)
        writer.writerows([[one.get(name or "", "") for name in LEGACY.values()] for one in LINES])
    assert costs(rows_of(path, split_costs="replace")) == costs(replaced)


EKS = {"cluster-name": "ml", "namespace": "churn", "workload-name": "train", "node": "ip-10"}
EKS_TAGS = {
    "2.0": {"resource_tags": {f"aws_eks_{k.replace('-', '_')}": v for k, v in EKS.items()}},
    "2.0, all tags": {"tags": {f"resourceTags/aws:eks:{k}": v for k, v in EKS.items()}},
    "legacy CSV": {f"resourceTags/aws:eks:{k}": v for k, v in EKS.items()},
    "legacy Parquet": {f"resource_tags_aws_eks_{k.replace('-', '_')}": v for k, v in EKS.items()},
}


@pytest.mark.parametrize("tags", EKS_TAGS.values(), ids=EKS_TAGS)
def test_the_tags_of_a_pod_have_one_name_in_every_form_of_the_report(
    tmp_path: Path, tags: dict[str, object]
) -> None:
    lines = [machine("i-a", "1"), {**pod("pod/a", "i-a", "0.6"), **tags}]
    _, row = rows_of(write_csv(tmp_path / "cur.csv", lines), split_costs="replace")
    assert json.loads(row["Tags"]) == {f"aws:eks:{key}": value for key, value in EKS.items()}


@pytest.mark.slow
def test_a_models_pods_cost_it_what_they_took_and_the_setting_reads_the_bill_again(
    company: Company,
) -> None:
    tags = {"resource_tags": {"aws_eks_namespace": "churn"}}
    lines = [
        machine("i-a", "1"),
        pod("arn:aws:eks:pod/a1", "i-a", "0.30", "0.05", **tags),
        pod("arn:aws:eks:pod/a2", "i-a", "0.20", "0.03"),
        *HOURS["said to be more than it cost"][0],
        *HOURS["that stands in no line"][0],
    ]
    company.catalogue(
        "models:\n"
        '  - {name: churn, billed_by: [{tags: {"aws:eks:namespace": churn}}]}\n'
        '  - {name: other, billed_by: [{resource_id: "*:pod/a2"}]}\n'
    )
    report(company, *lines, form="parquet")
    told = company.refresh().err
    assert "6 lines of split cost allocation data are left out of 2026-05" in told
    assert sum(company.cost("model").values()) == 2
    company.sources[0]["split_costs"] = "replace"
    report(company, *lines, form="parquet", split_costs="replace")
    told = company.refresh().err
    costs_of = company.cost("model")
    assert (costs_of["churn"], costs_of["other"]) == (D("0.35"), D("0.23"))
    assert sum(costs_of.values()) == 2
    assert all(D(row["difference"]) == 0 for row in company.ask("statement"))
    assert len(charges(company, "x_line")) == 8
    assert "5 lines of split cost allocation data have their part of 2 instances" in told
    assert "come to 5 USD more than their instances cost in 2026-05" in told
    assert (
        "cur.parquet, row 8: 1 lines of split cost allocation data come to 0.4 USD of 1 instances "
        "that cost nothing then in this report of 2026-05" in told
    )


def test_a_source_says_what_becomes_of_split_lines_in_known_words_and_only_for_aws(
    company: Company,
) -> None:
    report(company, machine("i-a", "1"), split_costs="replaced")
    ran = company.run("check")
    assert ran.code == 1
    assert '"split_costs" cannot be "replaced"\n    did you mean "replace"?' in ran.err
    company.sources.clear()
    company.bill({"cost": "1"}, split_costs="replace")
    ran = company.run("check")
    assert ran.code == 1
    assert "split_costs: the pack focus has no such choice" in ran.err


Hour = tuple[list[tuple[str, Decimal, Decimal]], list[tuple[Decimal, Decimal]], bool]
MONEY = st.decimals("0", "3", places=12)
LINE = st.tuples(
    st.sampled_from(["Usage", "DiscountedUsage", "SavingsPlanCoveredUsage"]), MONEY, MONEY
)
HOUR = st.tuples(
    st.lists(LINE, max_size=3), st.lists(st.tuples(MONEY, MONEY), max_size=4), st.booleans()
)


def lines_of(number: int, hour: Hour) -> list[Line]:
    """Write an hour as a report has it, its lines and its pods in either order."""
    lines, pods, pods_first = hour
    name = f"i-{number}"
    made = [
        machine(
            name,
            str(cost if kind != "DiscountedUsage" else 0),
            kind,
            reservation_effective_cost=str(effective) if kind == "DiscountedUsage" else "",
            savings_plan_savings_plan_effective_cost=str(effective) if "Plan" in kind else "",
            savings_plan_savings_plan_arn="arn:sp/1" if "Plan" in kind else "",
        )
        for kind, cost, effective in lines
    ]
    negated = [
        line("SavingsPlanNegation", f"-{cost}", **SP) for kind, cost, _ in lines if "Plan" in kind
    ]
    parts = [pod(f"pod/{n}", name, str(a), str(b)) for n, (a, b) in enumerate(pods)]
    return [*parts, *made, *negated] if pods_first else [*made, *negated, *parts]


@settings(max_examples=examples(3))
@given(hours=st.lists(HOUR, min_size=1, max_size=25))
def test_the_setting_moves_money_within_an_hour_of_a_machine_and_loses_none(
    tmp_path_factory: pytest.TempPathFactory, hours: list[Hour]
) -> None:
    path = tmp_path_factory.mktemp("bill") / "cur.csv"
    groups = [lines_of(number, hour) for number, hour in enumerate(hours)]
    if not any(groups):
        return
    write_csv(path, [one for group in groups for one in group])
    as_they_are = {row["x_line"]: row for row in rows_of(path)}
    rows = {row["x_line"]: row for row in rows_of(path, split_costs="replace")}
    first = 1
    for group, (lines, pods, _) in zip(groups, hours, strict=True):
        numbers = range(first, first + len(group))
        first += len(group)
        mine = [rows[n] for n in numbers]
        before = [as_they_are[n] for n in numbers if n in as_they_are]
        assert sums(mine) == sums(before)
        assert all(row["BilledCost"] >= 0 and row["EffectiveCost"] >= 0 for row in mine)
        parts = [row for row in mine if "pod/" in (row["ResourceId"] or "")]
        assert len(parts) == len(pods)
        whole = sums(before)["EffectiveCost"]
        told = [a + b for a, b in pods]
        most = max(whole, sum(told, D(0)))
        if not lines or not whole or not sum(told, D(0)):
            assert not any(row["EffectiveCost"] or row["BilledCost"] for row in parts)
            continue
        for row, share in zip(parts, told, strict=True):
            for column in ("BilledCost", "EffectiveCost"):
                fair = Fraction(sums(before)[column]) * Fraction(share) / Fraction(most)
                assert abs(Fraction(row[column]) - fair) < Fraction(1, 10**12)
            if whole == most:
                assert row["EffectiveCost"] == share
