"""A company whose teams pay for products, for idle machines, and for what no product needs."""

from pathlib import Path

from company import Company, Row

CATALOGUE = """
teams:
  - {name: growth, cost_centre: CC-1}
  - {name: platform, cost_centre: CC-2}
  - {name: lab}
resources:
  - {name: machine, owner: platform, billed_by: [{resource_id: machine}], capacity: {slots: 2}}
pipelines:
  - name: features
    owner: platform
    produces: [{part: orders, feature: orders}, {part: clicks, feature: clicks}]
stages:
  - {name: notebooks, owner: lab, billed_by: [{resource_id: notebooks}]}
  - {name: leftover, billed_by: [{resource_id: leftover}]}
features: [{name: orders}, {name: clicks}]
models: [{name: churn, uses: [{feature: orders}]}]
products:
  - name: campaign
    owner: growth
    billed_by: [{resource_id: campaign}]
    uses: [{model: churn}]
    benefits: [{name: kept, kind: revenue, amount: 310}]
  - {name: nobodys, billed_by: [{resource_id: nobodys}]}
"""


def lines(month: int, *, machine: str = "24", last: int = 30) -> list[Row]:
    """Write a bill: 2 slots for a day, and a line each of the rest; effective is not billed."""
    period = {
        "BillingPeriodStart": f"2026-{month:02}-01T00:00:00Z",
        "BillingPeriodEnd": f"2026-{month + 1:02}-01T00:00:00Z",
    }

    def line(name: str, billed: str, effective: str, day: int = 1) -> Row:
        return {
            **period,
            "ResourceId": name,
            "BilledCost": billed,
            "EffectiveCost": effective,
            "ChargePeriodStart": f"2026-{month:02}-{day:02}T00:00:00Z",
            "ChargePeriodEnd": f"2026-{month:02}-{day + 1:02}T00:00:00Z"
            if day < 30
            else f"2026-{month + 1:02}-01T00:00:00Z",
        }

    return [
        line("machine", machine, "12"),
        line("notebooks", "5", "4"),
        line("leftover", "0.1", "0.2"),
        line("campaign", "10", "9"),
        line("nobodys", "3", "3"),
        line("elsewhere", "1.000000000001", "1"),
        line("training", "7", "7"),
        line("campaign", "0", "0", last),
    ]


def run_of(month: int, part: str, hour: int, status: str = "success", attempt: int = 1) -> Row:
    """Write a part of a run of six hours on a slot."""
    return {
        "run_id": f"r{month}",
        "pipeline": "features",
        "part": part,
        "status": status,
        "attempt": str(attempt),
        "start": f"2026-{month:02}-01T{hour:02}:00:00Z",
        "end": f"2026-{month:02}-01T{hour + 6:02}:00:00Z",
        "resource_id": "machine",
        "slots": "1",
    }


def open_company(folder: Path) -> Company:
    """Publish April and May, of which May is in progress."""
    company = Company(folder=folder)
    exclude = [{"resource_id": "training", "reason": "another budget"}]
    company.bill(*lines(4), file="billing/04.csv", exclude=exclude)
    company.bill(*lines(5, last=20), file="billing/05.csv", exclude=exclude)
    company.runs(
        *(
            row
            for month in (4, 5)
            for row in (
                run_of(month, "orders", 0, "failed"),
                run_of(month, "orders", 6, attempt=2),
                run_of(month, "clicks", 12),
            )
        )
    )
    company.catalogue(CATALOGUE)
    company.refresh()
    return company
