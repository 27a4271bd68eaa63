"""Each line type of an AWS report, by hand, in both bases; and what the report's reader is told."""

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest
from aws_report import Line, line, write_csv, write_parquet
from company import Company

RI = {"reservation_reservation_arn": "arn:ri/1"}
SP = {"savings_plan_savings_plan_arn": "arn:sp/1"}
MONTH = {
    "usage_start_date": "2026-05-01 00:00:00",
    "usage_end_date": "2026-05-31 23:59:59",
}

# What lines are, and the rows they become: class, category, billed, effective.
CASES: dict[str, tuple[list[Line], list[tuple[str, str, str, str]]]] = {
    "usage": ([line("Usage", "1.5")], [("work", "Usage", "1.5", "1.5")]),
    "reservation": (
        [
            line("DiscountedUsage", "0", reservation_effective_cost="0.30", **RI),
            line("DiscountedUsage", "0", reservation_effective_cost="0.25", **RI),
            line(
                "RIFee",
                "0.40",
                reservation_amortized_upfront_fee_for_billing_period="0.25",
                reservation_unused_amortized_upfront_fee_for_billing_period="0.04",
                reservation_unused_recurring_fee="0.06",
                **RI,
                **MONTH,
            ),
        ],
        [
            ("work", "Usage", "0", "0.30"),
            ("work", "Usage", "0", "0.25"),
            ("other", "Purchase", "0.40", "0"),
            ("commitment_unused", "Usage", "0", "0.10"),
        ],
    ),
    "reservation that does not say what was unused": (
        [
            line("DiscountedUsage", "0", reservation_effective_cost="0.55", **RI),
            line(
                "RIFee",
                "0.40",
                reservation_amortized_upfront_fee_for_billing_period="0.25",
                **RI,
                **MONTH,
            ),
        ],
        [
            ("work", "Usage", "0", "0.55"),
            ("other", "Purchase", "0.40", "0"),
            ("commitment_unused", "Usage", "0", "0.10"),
        ],
    ),
    "upfront fee of a reservation": (
        [line("Fee", "120", **RI)],
        [("other", "Purchase", "120", "0")],
    ),
    "fee of the marketplace": (
        [line("Fee", "12", product_code="8ut2", bill_billing_entity="AWS Marketplace")],
        [("work", "Purchase", "12", "12")],
    ),
    "support": (
        [line("Fee", "29", product_code="AWSSupportBusiness")],
        [("support", "Purchase", "29", "29")],
    ),
    "savings plan": (
        [
            line(
                "SavingsPlanCoveredUsage", "2", savings_plan_savings_plan_effective_cost="1.3", **SP
            ),
            line("SavingsPlanNegation", "-2", **SP),
            line(
                "SavingsPlanRecurringFee",
                "1.5",
                savings_plan_total_commitment_to_date="1.5",
                savings_plan_used_commitment="1.3",
                **SP,
            ),
        ],
        [
            ("work", "Usage", "0", "1.3"),
            ("work", "Usage", "0", "0"),
            ("other", "Purchase", "1.5", "0"),
            ("commitment_unused", "Usage", "0", "0.2"),
        ],
    ),
    "savings plan partly paid before": (
        [
            line(
                "SavingsPlanCoveredUsage", "2", savings_plan_savings_plan_effective_cost="1.3", **SP
            ),
            line("SavingsPlanNegation", "-2", **SP),
            line(
                "SavingsPlanRecurringFee",
                "1.0",
                savings_plan_amortized_upfront_commitment_for_billing_period="0.5",
                savings_plan_total_commitment_to_date="1.5",
                savings_plan_used_commitment="1.3",
                **SP,
            ),
        ],
        [
            ("work", "Usage", "0", "1.3"),
            ("work", "Usage", "0", "0"),
            ("other", "Purchase", "1.0", "0"),
            ("commitment_unused", "Usage", "0", "0.2"),
        ],
    ),
    "savings plan of two hours that does not say what was unused": (
        [
            line(
                "SavingsPlanCoveredUsage", "2", savings_plan_savings_plan_effective_cost="1.3", **SP
            ),
            line("SavingsPlanNegation", "-2", **SP),
            line("SavingsPlanRecurringFee", "1", **SP),
            line("SavingsPlanRecurringFee", "1", **SP),
        ],
        [
            ("work", "Usage", "0", "1.3"),
            ("work", "Usage", "0", "0"),
            ("other", "Purchase", "1", "0"),
            ("other", "Purchase", "1", "0"),
            ("commitment_unused", "Usage", "0", "0.7"),
        ],
    ),
    "savings plan at a private price": (
        [
            line(
                "SavingsPlanCoveredUsage",
                "2",
                net_unblended_cost="1.8",
                savings_plan_savings_plan_effective_cost="1.3",
                savings_plan_net_savings_plan_effective_cost="1.17",
                **SP,
            ),
            line("SavingsPlanNegation", "-2", net_unblended_cost="-1.8", **SP),
            line(
                "SavingsPlanRecurringFee",
                "1.5",
                net_unblended_cost="1.35",
                savings_plan_total_commitment_to_date="1.5",
                savings_plan_used_commitment="1.3",
                **SP,
            ),
        ],
        [
            ("work", "Usage", "0", "1.17"),
            ("work", "Usage", "0", "0"),
            ("other", "Purchase", "1.35", "0"),
            ("commitment_unused", "Usage", "0", "0.18"),
        ],
    ),
    "upfront fee of a savings plan, and its refund": (
        [
            line("SavingsPlanUpfrontFee", "500", **SP),
            line(
                "Refund",
                "-50",
                line_item_line_item_description="Refund for one-time fee for Savings Plan ID: 1",
            ),
        ],
        [("other", "Purchase", "500", "0"), ("other", "Purchase", "-50", "0")],
    ),
    "refund of usage": ([line("Refund", "-3")], [("work", "Usage", "-3", "-3")]),
    "refund of a tax": ([line("Refund", "-3", tax_type="VAT")], [("tax", "Tax", "-3", "-3")]),
    "discounts": (
        [line("Usage", "10"), line("EdpDiscount", "-1"), line("BundledDiscount", "-0.5")],
        [
            ("work", "Usage", "10", "10"),
            ("work", "Usage", "-1", "-1"),
            ("work", "Usage", "-0.5", "-0.5"),
        ],
    ),
    "discounts that the net costs hold already": (
        [line("Usage", "10", net_unblended_cost="9"), line("EdpDiscount", "-1"), line("Tax", "2")],
        [
            ("work", "Usage", "9", "9"),
            ("work", "Usage", "0", "0"),
            ("tax", "Tax", "2", "2"),
        ],
    ),
    "credit": ([line("Credit", "-5")], [("credit", "Credit", "-5", "-5")]),
    "tax": ([line("Tax", "1.9", **MONTH)], [("tax", "Tax", "1.9", "1.9")]),
    "subscription": ([line("FlatRateSubscription", "24")], [("work", "Usage", "24", "24")]),
    "pods of an instance": (
        [
            line("Usage", "3"),
            line("Usage", "0", operation="EKSPod-EC2", split_line_item_split_cost="2"),
            line("Usage", "", operation="ECSTask-EC2", split_line_item_split_cost="1"),
        ],
        [("work", "Usage", "3", "3")],
    ),
    "pods without instances": (
        [line("Usage", "0.3", operation="FargatePod")],
        [("work", "Usage", "0.3", "0.3")],
    ),
}


def report(company: Company, *lines: Line, form: str = "csv") -> None:
    """Write a report of these lines, and name it."""
    write = write_csv if form == "csv" else write_parquet
    write(company.folder / f"cur.{form}", lines)
    company.source(name="bill", type="aws_cur", path=f"cur.{form}")


def charges(company: Company, columns: str) -> list[dict[str, str]]:
    return company.ask("query", f"select {columns} from charges order by x_line")


@pytest.mark.parametrize("form", [pytest.param("csv", marks=pytest.mark.slow), "parquet"])
@pytest.mark.parametrize("name", CASES)
def test_a_line_type_comes_to_what_it_is_by_hand_in_both_bases(
    company: Company, name: str, form: str
) -> None:
    lines, expected = CASES[name]
    report(company, *lines, form=form)
    company.refresh()
    rows = charges(company, "x_class, ChargeCategory as category, BilledCost, EffectiveCost")
    got = [
        (r["x_class"], r["category"], Decimal(r["BilledCost"]), Decimal(r["EffectiveCost"]))
        for r in rows
    ]
    assert got == [(c, k, Decimal(billed), Decimal(cost)) for c, k, billed, cost in expected]
    assert all(Decimal(row["difference"]) == 0 for row in company.ask("statement"))


def test_effective_is_billed_and_what_was_paid_before_less_what_is_paid_ahead(
    company: Company,
) -> None:
    """The identity of amortised cost, with the totals of a real December: 539.849967."""
    report(
        company,
        line("Usage", "124.606016"),
        line("DiscountedUsage", "0", reservation_effective_cost="230.890000", **RI),
        line(
            "RIFee",
            "152.293976",
            reservation_amortized_upfront_fee_for_billing_period="131.473973",
            reservation_unused_amortized_upfront_fee_for_billing_period="24.477949",
            reservation_unused_recurring_fee="28.400000",
            **RI,
            **MONTH,
        ),
        line("Usage", "131.476", resource_id="i-2"),
        line("Fee", "70", **RI),
        form="parquet",
    )
    company.refresh()
    (row,) = charges_sums(company)
    assert Decimal(row["billed"]) == Decimal("408.375992") + 70
    assert Decimal(row["effective"]) == Decimal("539.849965")
    assert Decimal(row["effective"]) - Decimal(row["billed"]) == Decimal("131.473973") - 70


def charges_sums(company: Company) -> list[dict[str, str]]:
    return company.ask(
        "query", "select sum(BilledCost) as billed, sum(EffectiveCost) as effective from charges"
    )


def test_a_second_row_of_a_line_is_traced_and_says_its_line(company: Company) -> None:
    lines, _ = CASES["savings plan"]
    report(company, *lines)
    company.catalogue(
        "stages: [{name: plans, billed_by: [{resource_id: arn:sp/1}], feeds: [{model: m}]}]\n"
        "models: [{name: m}]\n"
    )
    company.refresh()
    assert company.cost("model")["m"] == Decimal("0.2")
    (traced,) = company.ask("explain", "model:m", "--lines")
    assert traced["line"] == "bill:2026-05:5000000003"
    rows = company.ask("trace", traced["line"])
    assert {row["target"] for row in rows if row["level"] == "model"} == {"m"}


def test_a_fee_ends_with_its_month_and_other_times_are_as_they_are(company: Company) -> None:
    report(company, line("RIFee", "1", **RI, **MONTH), line("Usage", "1"))
    company.refresh()
    assert charges(company, "ChargePeriodEnd::varchar as stop") == [
        {"stop": "2026-06-01 00:00:00"},
        {"stop": "2026-05-04 06:00:00"},
        {"stop": "2026-06-01 00:00:00"},
    ]


def test_what_is_billed_late_for_a_closed_month_is_a_correction(company: Company) -> None:
    april = {
        "usage_start_date": "2026-04-03 00:00:00",
        "usage_end_date": "2026-04-04 00:00:00",
    }
    report(company, line("Refund", "-3", **april), line("Credit", "-1", **april))
    company.refresh()
    assert {row["ChargeClass"] for row in charges(company, "ChargeClass")} == {"Correction"}


@pytest.mark.parametrize(
    "tags",
    [
        {"resource_tags": {"user_team": "risk", "aws_created_by": "me"}},
        {"resourceTags/user:team": "risk", "resourceTags/aws:created_by": "me"},
        {"resource_tags_user_team": "risk", "resource_tags_aws_created_by": "me"},
    ],
    ids=["2.0", "legacy CSV", "legacy Parquet"],
)
def test_tags_have_one_name_in_every_form_of_the_report(
    company: Company, tags: dict[str, object]
) -> None:
    write_csv(company.folder / "cur.csv", [{**line("Usage", "2"), **tags}, line("Usage", "1")])
    company.source(name="bill", type="aws_cur", path="cur.csv")
    company.catalogue("models: [{name: m, billed_by: [{tags: {team: risk}}]}]\n")
    company.refresh()
    assert company.cost("model")["m"] == Decimal(2)
    tagged = json.loads(charges(company, "Tags")[0]["Tags"])
    assert tagged == {"team": "risk", "aws:created_by": "me"}


def test_services_have_the_names_that_people_use(company: Company) -> None:
    report(
        company,
        line("Usage", "1"),
        line("Usage", "1", product_code="ElasticMapReduce"),
        line("Usage", "1", product_code="AmazonSageMaker"),
        line("Usage", "1", product_code="AmazonQuickSight"),
        line("Usage", "1", product_code="8ut2", product={"product_name": "Labels"}),
    )
    company.refresh()
    assert [row["ServiceName"] for row in charges(company, "ServiceName")] == [
        "Amazon EC2",
        "Amazon EMR",
        "Amazon SageMaker",
        "Amazon QuickSight",
        "Labels",
    ]


def test_instance_hours_of_the_report_are_capacity_that_runs_use(company: Company) -> None:
    report(
        company,
        line(
            "Usage",
            "8",
            usage_amount="4",
            pricing_unit="Hrs",
            usage_type="BoxUsage:m5.xlarge",
            resource_id="i-1",
            **{
                "usage_start_date": "2026-05-04 00:00:00",
                "usage_end_date": "2026-05-05 00:00:00",
            },
            product={"vcpu": "4", "memory": "16 GiB"},
        ),
        form="parquet",
    )
    company.runs(
        {
            "run_id": "r1",
            "pipeline": "p",
            "part": "train",
            "model": "m",
            "start": "2026-05-04T00:00:00Z",
            "end": "2026-05-04T01:00:00Z",
            "resource_id": "i-1",
            "vcpu": "4",
            "memory_gb": "16",
        }
    )
    company.catalogue(
        "resources: [{name: box, billed_by: [{resource_id: i-1}], runs: [{pipeline: p}]}]\n"
        "pipelines:\n"
        "  - {name: p, runs: {source: runs, match: {pipeline: p}}, produces: [{part: train, model: m}]}\n"
        "models: [{name: m}]\n"
    )
    company.refresh()
    costs = company.cost("model")
    assert costs["m"] == Decimal(2)  # one of the four machine-hours that were billed
    assert costs["(idle)"] == Decimal(6)


def test_savings_plan_usage_that_is_not_taken_back_is_refused(company: Company) -> None:
    report(
        company,
        line("SavingsPlanCoveredUsage", "2.5", savings_plan_savings_plan_effective_cost="1", **SP),
        line("SavingsPlanNegation", "-2", **SP),
    )
    ran = company.run("refresh")
    assert ran.code == 1
    assert (
        "cur.csv:3: usage that savings plans cover and its negation differ by 0.5 USD in 2026-05"
        in ran.err
    )


def test_use_of_a_reservation_that_another_report_pays_is_said(company: Company) -> None:
    report(company, line("DiscountedUsage", "0", reservation_effective_cost="0.55", **RI))
    ran = company.refresh()
    assert "reservations cost 0.55 USD more by their use than by their fees in 2026-05" in ran.err


def test_split_lines_that_are_left_out_and_unknown_types_are_said(company: Company) -> None:
    lines, _ = CASES["pods of an instance"]
    report(company, *lines, line("Surprise", "0.25"))
    ran = company.refresh()
    assert "2 lines of split cost allocation data are left out of 2026-05" in ran.err
    assert re.search(r'line type "Surprise" is unknown: 0\.25 USD on 1 lines? of 2026-05', ran.err)
    assert sum(company.cost("class").values()) == Decimal("3.25")


def test_a_list_price_that_is_no_number_stops_no_bill(company: Company) -> None:
    report(company, line("Usage", "1", pricing_public_on_demand_cost="convertible"))
    assert "ListCost was missing on 1 line of 2026-05" in company.refresh().err


def test_a_focus_file_is_refused_with_what_it_is(company: Company, tmp_path: Path) -> None:
    company.bill({"cost": "1"}, file="bills/focus.csv")
    company.sources.clear()
    company.source(name="bill", type="aws_cur", path="bills/")
    assert "focus.csv:1: is a FOCUS file" in company.run("refresh").err
