"""The engine as a library: its documentation is run, and other tables than lists are read."""

import doctest
from decimal import Decimal

import duckdb
import pytest

from costlens.allocate import allocate, library
from costlens.config.values import Allocation
from costlens.errors import CostLensError

BILL = [{"ResourceId": "a", "BilledCost": "1.5", "ChargePeriodStart": "2026-05-01"}]
CATALOGUE = "features: [{name: f, billed_by: [{resource_id: a}]}]"


def test_the_worked_examples_of_the_documentation_give_their_figures() -> None:
    done = doctest.testmod(library)
    assert done.attempted > 8
    assert not done.failed


def test_a_relation_of_any_connection_and_an_arrow_table_are_read_as_they_are() -> None:
    con = duckdb.connect()
    relation = con.sql(
        "select 'a' as ResourceId, 0.1::decimal(38, 12) * n as BilledCost, "
        "date '2026-04-29' + n::integer as ChargePeriodStart from range(4) as r (n)"
    )
    done = allocate(relation, catalogue=CATALOGUE)
    assert done.cost("feature") == {"f": Decimal("0.6")}
    by_month = "billing_period, sum(effective)"
    assert done.ledger.filter("level = 'feature'").aggregate(by_month).order("1").fetchall() == [
        ("2026-04", Decimal("0.1")),
        ("2026-05", Decimal("0.5")),
    ]
    assert allocate(done.con.table("charges"), catalogue=CATALOGUE).cost("model") == {
        "(no model)": Decimal("0.6")
    }


def test_tags_pick_lines_and_policies_hold() -> None:
    bill = [{**BILL[0], "Tags": '{"Team": "Risk", "x": "y"}', "ResourceId": "b"}, *BILL]
    bill.append({**BILL[0], "x_class": "tax", "ResourceId": "t", "BilledCost": "3"})
    catalogue = (
        "features:\n  - {name: f, billed_by: [{resource_id: a}]}\n"
        "  - {name: g, billed_by: [{tags: {team: risk}}]}\n"
    )
    done = allocate(bill, catalogue=catalogue, allocation=Allocation(tax="share"))
    assert done.cost("feature") == {"f": 3, "g": 3, "(unmatched)": 0}


@pytest.mark.parametrize(
    ("bill", "catalogue", "told"),
    [
        ([{**BILL[0], "Cost": 1}], CATALOGUE, "charges has no column Cost"),
        ([{"ResourceId": "a", "BilledCost": 1}], CATALOGUE, "charges lacks ChargePeriodStart"),
        ([{**BILL[0], "BilledCost": "x"}], CATALOGUE, "charges: Conversion Error"),
        (BILL, "features: [{nam: f}]", "nam"),
        (BILL, "features: [", "catalogue:1"),
        (BILL, "models: [{name: m, uses: [{feature: g}]}]", 'there is no feature "g"'),
    ],
)
def test_what_cannot_be_read_is_told(bill: list[dict[str, str]], catalogue: str, told: str) -> None:
    with pytest.raises(CostLensError) as error:
        allocate(bill, catalogue=catalogue)
    assert told in str(error.value)


def test_without_charges_there_is_nothing() -> None:
    assert allocate([]).cost("feature") == {}
