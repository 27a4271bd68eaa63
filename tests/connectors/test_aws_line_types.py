"""Each line type of an AWS report, by hand, in both bases."""

from decimal import Decimal
from typing import Any

import pytest
from aws_report import Line, charges, line, report, rows_of, write_csv, write_parquet
from company import Company

from costlens.ingest.lines import SECOND_LINE

Rows = list[dict[str, Any]]  # any: what DuckDB gives

RI = {"reservation_reservation_arn": "arn:ri/1"}
SP = {"savings_plan_savings_plan_arn": "arn:sp/1"}
MARKET = {"product_code": "8ut2", "bill_billing_entity": "AWS Marketplace"}
MONTH = {
    "usage_start_date": "2026-05-01 00:00:00",
    "usage_end_date": "2026-05-31 23:59:59",
}

# What the lines of a month are, and the rows they become: class, category, billed, effective.
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
    "refund of a reservation's fee": (
        [line("Fee", "120", **RI), line("Refund", "-20", **RI)],
        [("other", "Purchase", "120", "0"), ("other", "Purchase", "-20", "0")],
    ),
    "marketplace": (
        [
            line("Fee", "12", **MARKET),
            line("Usage", "0.7", usage_type="USE1-SoftwareUsage:m5.xlarge", **MARKET),
            line("Tax", "2.4", tax_type="VAT", **MARKET),
            line("Refund", "-1", **MARKET),
        ],
        [
            ("work", "Purchase", "12", "12"),
            ("work", "Usage", "0.7", "0.7"),
            ("tax", "Tax", "2.4", "2.4"),
            ("work", "Usage", "-1", "-1"),
        ],
    ),
    "support": (
        [
            line("Fee", "29", product_code="AWSSupportBusiness"),
            line("Usage", "3", product_code="AWSDeveloperSupport"),
            line("Refund", "-9", product_code="OCBPremiumSupport"),
        ],
        [
            ("support", "Purchase", "29", "29"),
            ("support", "Usage", "3", "3"),
            ("support", "Usage", "-9", "-9"),
        ],
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


MONTHS = {
    name: f"{2019 + number // 7}-{(1, 3, 5, 7, 8, 10, 12)[number % 7]:02}"  # of 31 days
    for number, name in enumerate(CASES)
}


def in_month(one: Line, month: str) -> Line:
    """Move a line of May to a month of its own, where no other case meets it."""
    return {k: v.replace("2026-05", month) if isinstance(v, str) else v for k, v in one.items()}


@pytest.fixture(scope="module", params=["csv", "parquet"])
def rows(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Rows:
    path = tmp_path_factory.mktemp("bill") / f"cur.{request.param}"
    write = write_csv if request.param == "csv" else write_parquet
    return rows_of(
        write(path, [in_month(one, MONTHS[name]) for name in CASES for one in CASES[name][0]])
    )


@pytest.mark.parametrize("name", CASES)
def test_a_line_type_comes_to_what_it_is_by_hand_in_both_bases(rows: Rows, name: str) -> None:
    columns = ("x_class", "ChargeCategory", "BilledCost", "EffectiveCost")
    mine = [row for row in rows if f"{row['BillingPeriodStart']:%Y-%m}" == MONTHS[name]]
    got = [
        tuple(row[column] for column in columns)
        for row in sorted(mine, key=lambda row: row["x_line"] >= SECOND_LINE)
    ]
    assert got == [(a, b, Decimal(c), Decimal(d)) for a, b, c, d in CASES[name][1]]


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
