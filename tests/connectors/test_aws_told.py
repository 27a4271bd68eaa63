"""What the reader of an AWS report is told, and what stops it."""

import re
from decimal import Decimal

from aws_report import line, report
from company import Company

RI = {"reservation_reservation_arn": "arn:ri/1"}
SP = {"savings_plan_savings_plan_arn": "arn:sp/1"}


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
    report(
        company,
        line("Usage", "3"),
        line("Usage", "0", operation="EKSPod-EC2", split_line_item_split_cost="2"),
        line("Usage", "", operation="ECSTask-EC2", split_line_item_split_cost="1"),
        line("Surprise", "0.25"),
        line("", "0.5"),
    )
    ran = company.refresh()
    assert 'line type "(none)" is unknown: 0.5 USD on 1 lines of 2026-05' in ran.err
    assert "2 lines of split cost allocation data are left out of 2026-05" in ran.err
    assert re.search(r'line type "Surprise" is unknown: 0\.25 USD on 1 lines? of 2026-05', ran.err)
    assert sum(company.cost("class").values()) == Decimal("3.75")


def test_a_list_price_that_is_no_number_stops_no_bill(company: Company) -> None:
    report(company, line("Usage", "1", pricing_public_on_demand_cost="convertible"))
    assert "ListCost was missing on 1 line of 2026-05" in company.refresh().err


def test_a_focus_file_is_refused_with_what_it_is(company: Company) -> None:
    company.bill({"cost": "1"}, file="bills/focus.csv")
    company.sources.clear()
    company.source(name="bill", type="aws_cur", path="bills/")
    assert "focus.csv:1: is a FOCUS file" in company.run("refresh").err
