"""One company for a file of tests.

Each test adds what it is about, under names of its own, just above itself; then the whole is
refreshed once, so that a hundred tests take as long as one. What a test says about `(idle)` and the
like it asks stage by stage, for those rows of `cost` belong to the company.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from company import Company, Row

FIRST = datetime(2026, 5, 1)  # hours in these tests count from here


def at(hour: float) -> str:
    """Write a time as the hours since the first of May."""
    return (FIRST + timedelta(hours=hour)).isoformat() + "Z"


def line(
    cost: str | int, resource_id: str = "", *, start: float = 0, hours: float = 24, **more: object
) -> Row:
    """Write a billing line for some hours, by default the first of May."""
    return {
        "cost": str(cost),
        "ResourceId": resource_id,
        "ChargePeriodStart": at(start),
        "ChargePeriodEnd": at(start + hours),
        **more,
    }


def run(name: str, start: float, stop: float, **more: object) -> Row:
    """Write a line of a run log; its pipeline is the first word of its name: `pipeline.run`."""
    return {
        "run_id": name,
        "pipeline": name.split(".", maxsplit=1)[0],
        "start": at(start),
        "end": at(stop),
        **more,
    }


@dataclass(kw_only=True)
class Gathered:
    """What the tests of a file add up to."""

    lines: list[Row] = field(default_factory=list)
    runs: list[Row] = field(default_factory=list)
    activity: list[Row] = field(default_factory=list)
    catalogues: list[str] = field(default_factory=list)

    def add(
        self,
        catalogue: str = "",
        *,
        bill: Iterable[Row] = (),
        runs: Iterable[Row] = (),
        activity: Iterable[Row] = (),
    ) -> None:
        """Add the part of one test."""
        self.lines += bill
        self.runs += runs
        self.activity += activity
        if catalogue:
            self.catalogues.append(catalogue)

    def refresh(self, company: Company) -> "Asked":
        """Write everything down and refresh."""
        company.bill(*self.lines)
        if self.runs:
            company.runs(*self.runs)
        if self.activity:
            company.activity(*self.activity)
        for number, text in enumerate(self.catalogues):
            company.catalogue(text, file=f"{number:02}.yaml")
        company.refresh()
        return Asked(company=company)


@dataclass(kw_only=True)
class Asked:
    """A refreshed company, and the answers it gave so far."""

    company: Company
    answers: dict[tuple[str, ...], list[dict[str, str]]] = field(default_factory=dict)

    def ask(self, *words: str) -> list[dict[str, str]]:
        """Ask once."""
        if words not in self.answers:
            self.answers[words] = self.company.ask(*words)
        return self.answers[words]

    def row(self, name: str, by: str = "feature", *words: str) -> dict[str, str]:
        """Return the row of one thing in `cost`."""
        (found,) = (row for row in self.ask("cost", "--by", by, *words) if row["name"] == name)
        return found

    def cost(self, by: str = "feature", *words: str) -> dict[str, Decimal]:
        """Map the name of each thing to what is allocated to it."""
        return {r["name"]: Decimal(r["allocated"]) for r in self.ask("cost", "--by", by, *words)}

    def costs(self, prefix: str, by: str = "feature", *words: str) -> dict[str, Decimal]:
        """Map the things whose name begins so to what is allocated to them."""
        return {k: v for k, v in self.cost(by, *words).items() if k.startswith(prefix)}

    def three(self, name: str, by: str = "feature") -> tuple[Decimal, Decimal, Decimal]:
        """Return what is avoidable, allocated and stand-alone."""
        row = self.row(name, by)
        return Decimal(row["avoidable"]), Decimal(row["allocated"]), Decimal(row["stand_alone"])

    def bill(self) -> Decimal:
        """Add up the bill."""
        return sum(Decimal(str(line["BilledCost"])) for line in self._charges())

    def _charges(self) -> list[dict[str, str]]:
        return self.ask("query", 'select "BilledCost" from charges')

    def stages(self, prefix: str, *keys: str) -> Mapping[tuple[str, ...], Decimal]:
        """Add up the cost of the stages whose name begins so, by columns of `stage_costs`."""
        found: dict[tuple[str, ...], Decimal] = defaultdict(Decimal)
        for row in self.ask("query", "select * from stage_costs"):
            if row["stage"].startswith(prefix):
                found[tuple(row[key] for key in keys)] += Decimal(row["effective"])
        return dict(found)

    def outcomes(self, stage: str) -> dict[str, Decimal]:
        """Add up what became of the cost of the stages whose name begins so."""
        return {key[0]: cost for key, cost in self.stages(stage, "outcome").items()}

    def ledger(self, target: str, *keys: str) -> Mapping[tuple[str, ...], Decimal]:
        """Add up what a target (`feature:name`) bears, by columns of `ledger`."""
        level, _, name = target.partition(":")
        found: dict[tuple[str, ...], Decimal] = defaultdict(Decimal)
        for row in self.ask("query", "select * from ledger"):
            if (row["level"], row["target"]) == (level, name):
                found[tuple(row[key] for key in keys)] += Decimal(row["effective"])
        return dict(found)

    def grade(self, name: str) -> str:
        """Return the grade of what a feature bears."""
        return self.row(name)["grade"]

    def findings(self, code: str, word: str = "") -> list[dict[str, str]]:
        """List the findings of a code that mention a word."""
        return [
            row
            for row in self.ask("findings")
            if row["code"] == code and word in row["message"] + row["place"]
        ]
