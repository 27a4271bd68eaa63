"""Another tool's own tests: each amount that it prints is worked out again, from its keys.

AmadeusITGroup/cloud-cost-allocation hands the cost of services on by keys, service by service. What
it printed stands in `allocated_cost.csv`: a row for each service that took from another. Here a
service is a stage that is split by use, and what it hands over to another is asked by letting it end
there: so every row of it is compared, in both of its costs, with the amount as printed.

Two things are otherwise here, and on purpose:
- Where all keys of a service are 0 it splits evenly. Here nobody takes anything: the cost is stranded.
- It leaves out a key below 0 and goes on. Here that is an error.
"""

import csv
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from itertools import chain
from pathlib import Path

import pytest
from company import Company

from costlens.allocate import allocate
from costlens.config.values import Catalogue, Edge, Product, Rule, Stage
from costlens.errors import CostLensError

DATA = Path(__file__).parents[1] / "data" / "allocation_oracle"
CASES = ("test3", "test4", "test10")
Row = dict[str, str]
Costs = tuple[Decimal, Decimal]  # amortized, on demand


def printed(case: str) -> list[Row]:
    with (DATA / case / f"{case}_allocated_cost.csv").open() as file:
        return list(csv.DictReader(file))


def service(row: Row) -> str:
    return f"{row['Service']}/{row['Instance']}"


def provider(row: Row) -> str:
    return f"{row['ProviderService']}/{row['ProviderInstance']}"


def costs(row: Row) -> Costs:
    return Decimal(row["AmortizedCost"]), Decimal(row["OnDemandCost"])


def handed_on(rows: list[Row]) -> list[Row]:
    """Pick the rows in which cost changes hands; others name the product that keeps it."""
    return [r for r in rows if r["ProviderService"] and provider(r) != service(r)]


def weights(rows: list[Row]) -> dict[str, dict[str, list[tuple[Row, Decimal]]]]:
    """Give the keys of each service: by selector, and then by who takes how much."""
    found: dict[str, dict[str, list[tuple[Row, Decimal]]]] = defaultdict(lambda: defaultdict(list))
    for row in handed_on(rows):
        key = Decimal(row["ProviderCostAllocationKey"])
        found[provider(row)][row["ProviderTagSelector"]].append((row, key))
    for by_selector in found.values():
        for selector, keys in by_selector.items():
            if not any(key for _, key in keys):
                by_selector[selector] = [(row, Decimal(1)) for row, _ in keys]
    return found


def end(row: Row) -> str:
    return f"{provider(row)} to {service(row)} {row['Product']}".strip()


def stages(case: str, stop: str) -> Iterator[Stage]:
    """Write the services of a case, one of which hands nothing on: what it gave ends as products.

    Where a service has several selectors, no line has the tag that they ask for: then none of them
    picks more than the other, and each is given as much.
    """
    rows = printed(case)
    keys = weights(rows)
    mark = f"{case} {stop} "
    for name in {service(row) for row in rows}:
        feeds = [Edge(stage=f"{mark}{name} {n}", weight=Decimal(1)) for n in range(len(keys[name]))]
        billed = (Rule(resource_id=(mark + name,)),)
        yield Stage(
            name=mark + name,
            split="use" if feeds else "need",
            billed_by=billed,
            feeds=tuple(feeds) or (Edge(product=f"{mark}rest"),),
        )
        for n, taken in enumerate(keys[name].values()):
            ends = (
                Edge(product=mark + end(row), weight=key)
                if name == stop
                else Edge(stage=mark + service(row), weight=key)
                for row, key in taken
            )
            yield Stage(name=f"{mark}{name} {n}", split="use", feeds=tuple(ends))


def test_each_amount_that_the_tool_printed_is_worked_out_to_its_last_digit() -> None:
    stops = [(case, stop) for case in CASES for stop in weights(printed(case))]
    bill = [
        {
            "ResourceId": f"{case} {stop} {service(row)}",
            "EffectiveCost": row["AmortizedCost"],
            "BilledCost": row["OnDemandCost"],
            "ChargePeriodStart": "2026-05-01",
        }
        for case, stop in stops
        for row in printed(case)
        if not row["ProviderService"]
    ]
    made = tuple(chain.from_iterable(stages(case, stop) for case, stop in stops))
    names = sorted(
        {edge.product for stage in made for edge in stage.feeds if edge.product is not None}
    )
    done = allocate(
        bill,
        catalogue=Catalogue(stages=made, products=tuple(Product(name=name) for name in names)),
    )
    amortized, on_demand = (done.cost("product", basis) for basis in ("effective", "billed"))
    wanted = {
        f"{case} {provider(row)} {end(row)}": costs(row)
        for case in CASES
        for row in handed_on(printed(case))
    }
    assert len(wanted) == 31
    nothing = (Decimal(0), Decimal(0))
    assert {
        name: (amortized.get(name, Decimal(0)), on_demand.get(name, Decimal(0))) for name in wanted
    } == wanted
    assert {n for n in amortized if n not in wanted and not n.endswith("rest")} == set()
    assert nothing in wanted.values()


CATALOGUE = """
stages:
  # test3: unused reservations go by the cost of what has their tag, and by a key of 100 to the rest.
  - name: reservation
    billed_by: [{account: test3, service: UnusedReservation}]
    split: use
    feeds:
      - {product: x, weight: 100}
      - {stage: shared1, weight: 100}
      - {stage: instance1, weight: 20}
      - {stage: instance2, weight: 80}
  - name: shared1
    billed_by: [{account: test3, resource_id: ResourceId1}]
    split: use
    feeds: [{product: x, weight: 110}, {stage: instance1, weight: 22}, {stage: instance2, weight: 88}]
  - name: instance1
    billed_by: [{account: test3, resource_id: [ResourceId2, ResourceId3]}]
    split: use
    feeds: [{product: application1, weight: 1}]
  - name: instance2
    billed_by: [{account: test3, resource_id: ResourceId4}]
    split: use
    feeds: [{product: application2, weight: 1}]
  # test4: two selectors that no line answers to, so each is given half.
  - name: shared1_again
    billed_by: [{account: test4, resource_id: [ResourceId1, ResourceId2, ResourceId3]}]
    split: use
    feeds: [{stage: by_x, weight: 1}, {product: product1, weight: 1}]
  - name: by_x
    split: use
    feeds: [{product: product1, weight: 2}, {product: product1_too, weight: 8}]
  - name: shared2
    billed_by: [{account: test4, resource_id: [ResourceId4, ResourceId5, ResourceId6]}]
    split: use
    feeds: [{product: product2, weight: 1}]
  # test10: keys of 0 and below among others; what they would have got is shared by the others.
  - name: s1
    billed_by: [{account: test10, tags: {service: s1}}]
    split: use
    feeds: [{product: s3, weight: 0}, {stage: s4, weight: 1}]
  - {name: s4, split: use, feeds: [{stage: s5, weight: 1}, {stage: s6, weight: 1}]}
  - {name: s5, split: use, feeds: [{product: p1, weight: 1}]}
  - {name: s6, split: use, feeds: [{product: p3, weight: 1}, {product: p4, weight: 1}]}
  - name: s10
    billed_by: [{account: test10, tags: {service: s10}}]
    split: use
    feeds: [{product: p5, weight: 1}, {product: p6, weight: 3}]
products:
  - {name: x, billed_by: [{account: test3, resource_id: ResourceId0}]}
  - {name: y, billed_by: [{account: test3, tags: {service: y}}]}
  - {name: savings_plan, billed_by: [{account: test3, service: UnusedSavingsPlan}]}
  - {name: application1}
  - {name: application2}
  - {name: product1}
  - {name: product1_too}
  - {name: product2}
  - {name: s3}
  - {name: p1}
  - {name: p3}
  - {name: p4}
  - {name: p5}
  - {name: p6}
"""


def test_its_bills_are_read_as_exports_of_azure_and_end_where_it_says(company: Company) -> None:
    """Its files name no kind of meter: the kind of charge stands for it, so that rules may ask."""
    company.settings["currency"] = "EUR"
    for case in CASES:
        (company.folder / case).mkdir()
        bill = (DATA / case / f"{case}_cloud_cost.csv").read_bytes()
        (company.folder / case / "bill.csv").write_bytes(bill)
        company.source(
            name=case,
            type="azure",
            path=f"{case}/",
            columns={"MeterCategory": "ChargeType"},
            values={"BillingAccountId": case},
        )
    company.catalogue(CATALOGUE)
    company.refresh()
    found = company.cost("product")
    finals: dict[str, Decimal] = defaultdict(Decimal)
    for case in CASES:
        for row in printed(case):
            if row["ProductAmortizedCost"] and Decimal(row["ProductAmortizedCost"]):
                finals[row["Product"]] += Decimal(row["ProductAmortizedCost"])
            elif case == "test3" and row["IsFinalConsumption"] == "Y":
                finals[row["Service"]] += Decimal(row["AmortizedCost"])
    finals["savings_plan"] = finals.pop("finops")
    found["product1"] += found.pop("product1_too")
    assert {name: cost for name, cost in found.items() if cost} == finals
    assert sum(finals.values()) == 455 + 420 + 200


def test_a_key_below_0_is_an_error_and_keys_of_0_alone_strand_the_cost() -> None:
    bill = [{"ResourceId": "s", "BilledCost": 100, "ChargePeriodStart": "2025-06-20"}]
    text = """
stages:
  - {{name: s, billed_by: [{{resource_id: s}}], split: use,
     feeds: [{{product: a, weight: {}}}, {{product: b, weight: 0}}]}}
products: [{{name: a}}, {{name: b}}]
"""
    with pytest.raises(CostLensError, match="-1"):
        allocate(bill, catalogue=text.format(-1))
    assert allocate(bill, catalogue=text.format(0)).cost("product") == {"(stranded)": 100}
