"""Shops side by side, each with a history of its own: what comes out is what a fresh refresh gives.

Two hundred shops are refreshed at once, and closed and reopened together; each adds, corrects and
takes back bills and runs and changes its catalogue by chance. `make test-all` tries 10,000 histories
so; test_same_result.py tries single ones, with every order of steps.
"""

import os
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from string import Template

import pytest
from company import Company, Row
from hypothesis import settings
from shop import anew, line, of_month, results

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
EACH = 200 if NIGHTLY else 20
BATCHES = settings().max_examples // EACH if NIGHTLY else 1
STEPS = 8
MONTHS = (4, 5, 6)
DAYS = (1, 2, 3)
COSTS = ("7.01", "8.02", "0.000000000001", "123456.7", "-3", "0", "0.333333333333")

CATALOGUE = Template("""
teams: [{name: team$n}]
resources:
  - {name: cluster$n, billed_by: [{resource_id: cluster$n}], capacity: {slots: $slots}}
pipelines:
  - name: making$n
    billed_by: [{tags: {pipeline: making$n}}]
    produces: [{part: "make_(?P<view>.+)", feature: "{view}"}, {part: extract, shared: true}]
  - {name: training$n}
stages:
  - name: warehouse$n
    billed_by: [{service: Warehouse$n}]
    split: use
    feeds: [{pipeline: making$n, weight: $weight}, {model: churn$n, weight: 1}]
  - {name: table$n, billed_by: [{resource_id: table$n}], feeds: [{feature: orders$n}, {feature: clicks$n}]}
features: [{name: orders$n, owner: team$n}, {name: clicks$n}]
models:
  - name: churn$n
    uses: [{feature: orders$n}]
    endpoints: [{name: live$n, billed_by: [{resource_id: endpoint$n}]}]
products: [{name: campaign$n, uses: [{model: churn$n}]}]
""")


@dataclass(kw_only=True)
class Shop:
    """One shop's inputs, as they are by now."""

    number: int
    chance: random.Random
    bills: dict[int, list[Row]] = field(default_factory=dict)
    days: dict[int, set[int]] = field(default_factory=dict)
    weight: int = 2
    slots: int = 2

    def act(self) -> None:
        """Do one thing by chance, or nothing."""
        month = self.chance.choice(MONTHS)
        match self.chance.choice(
            ("bill", "bill", "take back", "run", "run", "catalogue", "nothing")
        ):
            case "bill":
                self.bills[month] = self.lines(month)
            case "take back":
                self.bills.pop(month, None)
            case "run":
                self.days[month] = self.days.get(month, set()) ^ {self.chance.choice(DAYS)}
            case "catalogue":
                self.weight = self.chance.randint(1, 3)
                self.slots = self.chance.randint(1, 3)

    def lines(self, month: int) -> list[Row]:
        """Write a bill of a month: of everything on some days, dear or cheap by chance."""
        n = self.number
        kinds: tuple[Row, ...] = (
            {"ResourceId": f"cluster{n}"},
            {"ResourceId": f"table{n}", "ServiceName": "S3"},
            {"ServiceName": f"Warehouse{n}"},
            {"ServiceName": "Logs", "Tags": {"pipeline": f"making{n}"}},
            {"ResourceId": f"endpoint{n}", "ServiceName": "Serving"},
            {"ServiceName": "Support"},
            {"ServiceName": "Credits", "ChargeCategory": "Credit"},
        )
        return [
            line(month, day, self.chance.choice(COSTS), **kind)
            for day in DAYS
            for kind in kinds
            if self.chance.random() < 0.8
        ]

    def runs(self) -> list[Row]:
        n = self.number
        return [
            {
                "run_id": f"{n}-{month}-{day}",
                "pipeline": f"making{n}",
                "part": part,
                "start": f"2026-{month:02}-{day:02}T{hour:02}:00:00Z",
                "end": f"2026-{month:02}-{day:02}T{hour + hours:02}:17:00Z",
                "resource_id": f"cluster{n}",
                "slots": "1",
            }
            for month, days in sorted(self.days.items())
            for day in sorted(days)
            for part, hour, hours in (
                ("extract", 1, 1),
                (f"make_orders{n}", 3, 5),
                (f"make_clicks{n}", 4, 2),
            )
        ]

    @property
    def catalogue(self) -> str:
        return CATALOGUE.substitute(n=self.number, weight=self.weight, slots=self.slots)


def write(company: Company, shops: Iterable[Shop]) -> None:
    """Write what all shops have by now."""
    for month in MONTHS:
        bill = [row for shop in shops for row in shop.bills.get(month, [])]
        company.bill(*(bill or [line(month, 1, "0")]), file=f"billing/2026-{month:02}.csv")
    company.runs(*(row for shop in shops for row in shop.runs()))
    for shop in shops:
        company.catalogue(shop.catalogue, f"shop{shop.number}.yaml")


def month_of(company: Company, month: int) -> dict[str, str]:
    """Print what a month holds, and hold the statement against the bills."""
    assert {row["difference"] for row in company.ask("statement")} == {"0"}
    return of_month(company, month)


@pytest.mark.slow
@pytest.mark.parametrize("batch", range(BATCHES))
def test_whatever_came_when_the_lake_is_what_a_fresh_refresh_gives(
    batch: int, tmp_path: Path
) -> None:
    """I6, I8 and I14: deliver, correct, take back, deliver again, close and reopen."""
    seed = random.SystemRandom().randrange(10**8) if NIGHTLY else batch
    print(f"the seed is {seed}")
    chance = random.Random(seed)
    shops = [Shop(number=n, chance=random.Random(f"{seed} {n}")) for n in range(EACH)]
    for shop in shops:
        shop.bills[5] = shop.lines(5)
        shop.days[5] = {1, 2}
    company = Company(folder=tmp_path / "shops")
    company.folder.mkdir()
    write(company, shops)
    company.refresh()
    closed: dict[int, dict[str, str]] = {}
    for _ in range(STEPS):
        match chance.choice(("deliver", "deliver", "close", "reopen")):
            case "deliver":
                for shop in shops:
                    shop.act()
                write(company, shops)
                company.refresh()
            case "close":
                month = chance.choice(MONTHS)
                if company.run("close", f"2026-{month:02}").code == 0:
                    closed[month] = month_of(company, month)
            case "reopen" if closed:
                month = chance.choice(sorted(closed))
                del closed[month]
                assert company.run("refresh", "--reopen", f"2026-{month:02}").code == 0
        for month, kept in closed.items():
            assert month_of(company, month) == kept
    for month in closed:
        assert company.run("refresh", "--reopen", f"2026-{month:02}").code == 0
    assert results(company) == anew(company, tmp_path / "anew")
