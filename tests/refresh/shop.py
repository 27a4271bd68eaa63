"""A small shop with every way that money flows, whose inputs a test can change month by month."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from company import Company, Ran, Row

from costlens.lake import TABLES, Lake

COMMAND = (sys.executable, "-c", "from costlens.cli import main; main()")
PERIOD_TABLES = ("matches", "use_weights", "placements", "stage_costs", "shares", "ledger")

CATALOGUE = """
teams: [{name: retention}]
resources:
  - {name: cluster, billed_by: [{resource_id: cluster}], capacity: {slots: 2}}
pipelines:
  - name: features
    billed_by: [{tags: {pipeline: features}}]
    produces: [{part: "make_(?P<view>.+)", feature: "{view}"}, {part: extract, shared: true}]
  - {name: training}
stages:
  - name: warehouse
    billed_by: [{service: Snowflake}]
    split: use
    feeds: [{pipeline: features, weight: 2}, {model: churn, weight: 1}]
  - {name: table, billed_by: [{resource_id: table}], feeds: [{feature: orders}, {feature: clicks}]}
features: [{name: orders, owner: retention}, {name: clicks}]
models:
  - name: churn
    uses: [{feature: orders}]
    endpoints: [{name: live, billed_by: [{resource_id: endpoint}], requests: {source: usage}}]
products: [{name: campaign, uses: [{model: churn}]}]
"""


def line(month: int, day: int, cost: str, **other: object) -> Row:
    """Write a line of a day of a month of 2026."""
    return {
        "cost": cost,
        "ListCost": cost,
        "ContractedCost": cost,
        "BillingPeriodStart": f"2026-{month:02}-01T00:00:00Z",
        "BillingPeriodEnd": f"{2026 + month // 12}-{month % 12 + 1:02}-01T00:00:00Z",
        "ChargePeriodStart": f"2026-{month:02}-{day:02}T00:00:00Z",
        "ChargePeriodEnd": f"2026-{month:02}-{day + 1:02}T00:00:00Z",
        **other,
    }


def month_lines(month: int, cost: str = "7.01") -> list[Row]:
    """Write the bill of a month: three days of everything."""
    tags = {"Tags": {"Pipeline": "features"}}
    return [
        row
        for day in (1, 2, 3)
        for row in (
            line(month, day, cost, ResourceId="cluster"),
            line(month, day, "0.333333333333", ResourceId="table", ServiceName="S3"),
            line(month, day, "2.5", ServiceName="Snowflake"),
            line(month, day, "0.1", ServiceName="Logs", **tags),
            line(month, day, "1.7", ResourceId="endpoint", ServiceName="Serving"),
            line(month, day, "0.07", ServiceName="Support"),
            line(month, day, "-0.2", ServiceName="Credits", ChargeCategory="Credit"),
        )
    ]


def bill(company: Company, month: int, cost: str = "7.01", *, file: str = "") -> Path:
    """Write the bill of a month."""
    return company.bill(*month_lines(month, cost), file=file or f"billing/2026-{month:02}.csv")


def runs_of(month: int, days: Sequence[int] = (1, 2)) -> list[Row]:
    """Write the runs of some days of a month, and one training."""
    training = {
        "run_id": f"training-{month:02}",
        "pipeline": "training",
        "part": "train",
        "model": "churn",
        "start": f"2026-{month:02}-02T12:00:00Z",
        "end": f"2026-{month:02}-02T13:45:00Z",
        "resource_id": "cluster",
        "slots": "2",
    }
    return [training] + [
        {
            "run_id": f"run-{month:02}-{day:02}",
            "pipeline": "features",
            "part": part,
            "start": f"2026-{month:02}-{day:02}T{hour:02}:00:00Z",
            "end": f"2026-{month:02}-{day:02}T{hour + hours:02}:17:00Z",
            "resource_id": "cluster",
            "slots": "1",
        }
        for day in days
        for part, hour, hours in (("extract", 1, 1), ("make_orders", 3, 5), ("make_clicks", 4, 2))
    ]


def usage_of(month: int) -> list[Row]:
    """Write who read what in a month."""
    return [
        {
            "consumer": consumer,
            "target": "feature:orders",
            "hour": f"2026-{month:02}-02T05:00:00Z",
            "measure": "reads",
            "quantity": reads,
        }
        for consumer, reads in (("model:churn", "700"), ("product:campaign", "41"))
    ]


def open_shop(company: Company, months: Sequence[int] = (5, 6)) -> Company:
    """Write all inputs of some months."""
    for month in months:
        bill(company, month)
    company.runs(*(row for month in months for row in runs_of(month)))
    company.activity(*(row for month in months for row in usage_of(month)))
    company.catalogue(CATALOGUE)
    return company


def rows(company: Company, table: str, *, build: int | None = None, where: str = "") -> str:
    """Print a table's rows in order, without the names of loads."""
    only = f" where {where}" if where else ""
    words = ["--build", str(build)] if build else []
    left_out = [column for column in ("x_load", "x_line") if column in TABLES[table].columns]
    columns = f"* exclude ({', '.join(left_out)})" if left_out else "*"
    sql = f"select {columns} from {table}{only} order by all"
    ran = company.run("query", sql, *words, "--format", "csv")
    assert ran.code == 0, ran.err
    assert ran.out
    return ran.out


def of_month(company: Company, month: int) -> dict[str, str]:
    """Print the results of one month."""
    where = f"billing_period = '2026-{month:02}'"
    return {table: rows(company, table, where=where) for table in PERIOD_TABLES}


def of_any_build(ran: Ran) -> str:
    """Print an answer without the number of the build that it was asked of."""
    return str([{**row, "build": ""} for row in ran.rows])


def results(company: Company) -> dict[str, str]:
    """Print what was worked out: placements, stage costs, shares and ledger, in order."""
    return {table: rows(company, table) for table in PERIOD_TABLES}


def anew(company: Company, folder: Path) -> dict[str, str]:
    """Refresh the same inputs into a fresh lake, and print what comes out."""
    other = Company(folder=folder, sources=list(company.sources), settings=company.settings)
    folder.mkdir(parents=True)
    for path in sorted(company.folder.rglob("*")):
        name = path.relative_to(company.folder)
        if path.is_file() and name.parts[0] != "lake":
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(path.read_bytes())
    other.refresh()
    return results(other)


def files(company: Company, month: int, build: int | None = None) -> Mapping[str, set[str]]:
    """Name the files of a month in a build, by table."""
    lake = Lake(company.folder / "lake")
    found: dict[str, set[str]] = {}
    for path in lake.files(lake.build(build)):
        table, *parts = Path(path).relative_to(lake.folder).parts
        if any(part.endswith(f"=2026-{month:02}") for part in parts):
            found.setdefault(table, set()).add("/".join(parts))
    return found


def command(company: Company, *words: str) -> "subprocess.Popen[str]":
    """Start the command in a process of its own."""
    return subprocess.Popen(
        [*COMMAND, *words, "--config", str(company.folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
