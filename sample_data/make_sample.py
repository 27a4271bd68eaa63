"""Make the sample company's bill, run log and request counts. Run it here: python make_sample.py.

Everything is made up; the same seed gives the same bytes.
"""

import csv
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

HERE = Path(__file__).parent
RANDOM = Random(2026)
FIRST, AFTER = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)
DAYS = [FIRST + timedelta(days=n) for n in range((AFTER - FIRST).days)]
HOUR = timedelta(hours=1)
CLUSTER = "arn:aws:elasticmapreduce:eu-west-1:111122223333:cluster/j-2AXGAPLF"
COLUMNS = [
    "BilledCost",
    "EffectiveCost",
    "ListCost",
    "ContractedCost",
    "BillingCurrency",
    "BillingAccountId",
    "BillingAccountName",
    "SubAccountId",
    "SubAccountName",
    "BillingPeriodStart",
    "BillingPeriodEnd",
    "ChargePeriodStart",
    "ChargePeriodEnd",
    "ChargeCategory",
    "ChargeClass",
    "ChargeDescription",
    "ChargeFrequency",
    "ProviderName",
    "PublisherName",
    "InvoiceIssuerName",
    "InvoiceId",
    "ServiceCategory",
    "ServiceName",
    "ResourceId",
    "ResourceName",
    "ResourceType",
    "RegionId",
    "SkuId",
    "SkuMeter",
    "PricingCategory",
    "ConsumedQuantity",
    "ConsumedUnit",
    "CommitmentDiscountId",
    "CommitmentDiscountStatus",
    "Tags",
]


def month_of(day: datetime) -> tuple[datetime, datetime]:
    """Find the billing period of a day."""
    start = day.replace(day=1, hour=0)
    return start, (start + timedelta(days=32)).replace(day=1)


def stamp(at: datetime) -> str:
    """Write a time as exports do."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def line(start: datetime, stop: datetime, service: str, cost: str, **more: str) -> dict[str, str]:
    """Make one billing line."""
    first, after = month_of(start)
    row = dict.fromkeys(COLUMNS, "")
    row |= {
        "BilledCost": cost,
        "EffectiveCost": cost,
        "ListCost": cost,
        "ContractedCost": cost,
        "BillingCurrency": "USD",
        "BillingAccountId": "111122223333",
        "BillingAccountName": "Acme Shop",
        "SubAccountId": "444455556666",
        "SubAccountName": "ml-platform",
        "BillingPeriodStart": stamp(first),
        "BillingPeriodEnd": stamp(after),
        "ChargePeriodStart": stamp(start),
        "ChargePeriodEnd": stamp(stop),
        "ChargeCategory": "Usage",
        "ChargeFrequency": "Usage-Based",
        "ProviderName": "AWS",
        "PublisherName": "AWS",
        "InvoiceIssuerName": "AWS",
        "InvoiceId": f"INV-{first:%Y-%m}",
        "ServiceName": service,
        "RegionId": "eu-west-1",
        "PricingCategory": "Standard",
    }
    return row | more


def price(low: str, high: str) -> str:
    """Draw a cost between two, to ten places, as metered bills have them."""
    span = int((Decimal(high) - Decimal(low)) * 10**10)
    return format(Decimal(low) + Decimal(RANDOM.randrange(span)).scaleb(-10), "f")


def daily(day: datetime) -> list[dict[str, str]]:
    """Make the lines of one day."""
    tomorrow = day + timedelta(days=1)
    whole = (day, tomorrow)
    rows = []
    for hour in range(1, 5):
        span = (day + hour * HOUR, day + (hour + 1) * HOUR)
        machine = {"ResourceId": CLUSTER, "ConsumedQuantity": "3", "ConsumedUnit": "Hours"}
        tags = json.dumps({"Pipeline": "shop_features", "team": "platform"})
        rows.append(
            line(*span, "Amazon EC2", "2.304", **machine, Tags=tags, ServiceCategory="Compute")
        )
        rows.append(line(*span, "Amazon EMR", "0.576", **machine, ServiceCategory="Analytics"))
    rows += [
        line(
            *whole,
            "Snowflake",
            price("9", "15"),
            ServiceCategory="Databases",
            ProviderName="Snowflake",
        ),
        line(*whole, "Amazon S3", price("1.1", "1.3"), ResourceId="arn:aws:s3:::acme-orders"),
        line(
            *whole, "Amazon CloudWatch", price("0.2", "0.4"), Tags='{"pipeline": "Shop_Features"}'
        ),
        line(
            *whole,
            "Amazon SageMaker",
            "4.896",
            ResourceId="arn:aws:sagemaker:eu-west-1:444455556666:endpoint/churn-prod",
        ),
        line(
            *whole,
            "Amazon SageMaker",
            "9.792",
            ResourceId="arn:aws:sagemaker:eu-west-1:444455556666:endpoint/fraud-prod",
        ),
        line(*whole, "Amazon DynamoDB", price("0.8", "1.2"), Tags='{"component": "online-store"}'),
        line(*whole, "Amazon VPC", price("0.3", "0.5")),
    ]
    if day.weekday() == 6:
        span = (day + 8 * HOUR, day + 10 * HOUR)
        job = f"arn:aws:sagemaker:eu-west-1:444455556666:training-job/churn-{day:%Y%m%d}"
        rows.append(line(*span, "Amazon SageMaker", price("6", "7"), ResourceId=job))
    return rows


def monthly(first: datetime) -> list[dict[str, str]]:
    """Make the lines that come once a month."""
    _, after = month_of(first)
    plan = "arn:aws:savingsplans::111122223333:savingsplan/acme-1"
    return [
        line(
            first,
            after,
            "Amazon EC2",
            "21.6",
            ChargeCategory="Purchase",
            EffectiveCost="0",
            ChargeFrequency="Recurring",
            CommitmentDiscountId=plan,
            ChargeDescription="Savings Plan, monthly fee",
        ),
        line(
            first,
            after,
            "Amazon EC2",
            "0",
            EffectiveCost="21.6",
            ResourceId=plan,
            CommitmentDiscountId=plan,
            CommitmentDiscountStatus="Unused",
            ChargeDescription="Savings Plan, unused part",
        ),
        line(first, after, "AWS Support", "29", ChargeDescription="Developer support"),
        line(first, after, "Tax", price("60", "62"), ChargeCategory="Tax"),
        line(
            first,
            after,
            "AWS Credits",
            "-25",
            ChargeCategory="Credit",
            ChargeDescription="Migration credit",
        ),
    ]


def attempt(start: datetime, minutes: int, **more: str) -> dict[str, str]:
    """Make one row of the run log."""
    stop = start + timedelta(minutes=minutes)
    row = dict.fromkeys(RUN_COLUMNS, "")
    row |= {"start": stamp(start), "end": stamp(stop), "status": "success", "attempt": "1"}
    return row | more


RUN_COLUMNS = [
    "run_id",
    "pipeline",
    "part",
    "feature",
    "model",
    "start",
    "end",
    "status",
    "attempt",
    "resource_id",
    "slots",
]


def runs_of(day: datetime) -> list[dict[str, str]]:
    """Make the run log of one day: parts overlap on the cluster's three slots."""
    common = {
        "run_id": f"shop_features_{day:%Y-%m-%d}",
        "pipeline": "shop_features_daily",
        "resource_id": "j-2AXGAPLF",
        "slots": "1",
    }
    at = day + HOUR
    rows = [attempt(at, 30 + RANDOM.randrange(10), part="extract", **common)]
    at += timedelta(minutes=45)
    for view, usual in (("fv_customer_orders", 70), ("fv_payment_risk", 40), ("fv_web_clicks", 55)):
        part = {"part": f"features.{view}", **common}
        if view == "fv_payment_risk" and RANDOM.random() < 0.2:
            lost = 10 + RANDOM.randrange(15)
            rows.append(attempt(at, lost, **part) | {"status": "failed"})
            retry = at + timedelta(minutes=lost + 5)
            rows.append(attempt(retry, usual + RANDOM.randrange(20), **part) | {"attempt": "2"})
            continue
        rows.append(attempt(at, usual + RANDOM.randrange(20), **part))
    rows.append(attempt(day + 4 * HOUR, 10 + RANDOM.randrange(5), part="publish", **common))
    if day.weekday() == 6:
        job = f"churn-{day:%Y%m%d}"
        arn = f"arn:aws:sagemaker:eu-west-1:444455556666:training-job/{job}"
        rows.append(
            attempt(
                day + 8 * HOUR,
                95,
                run_id=job,
                pipeline="churn_training",
                part="train",
                model="churn",
                resource_id=arn,
            )
        )
    if day.weekday() == 2:
        rows.append(
            attempt(
                day + 3 * HOUR,
                50,
                run_id=f"fraud_{day:%Y-%m-%d}",
                pipeline="fraud_training",
                part="train",
                model="fraud",
                resource_id="j-2AXGAPLF",
                slots="2",
            )
        )
    return rows


def requests_of(day: datetime) -> list[dict[str, str]]:
    """Make one day's counts: what models read of features, and what is asked of models."""
    noon = stamp(day + 12 * HOUR)
    reads = [
        ("model:churn", "feature:fv_customer_orders", 6000 + RANDOM.randrange(400)),
        ("model:fraud", "feature:fv_customer_orders", 2500 + RANDOM.randrange(400)),
        ("model:fraud", "feature:fv_payment_risk", 2500 + RANDOM.randrange(400)),
    ]
    rows = [
        {"consumer": c, "target": t, "hour": noon, "measure": "reads", "quantity": str(n)}
        for c, t, n in reads
    ]
    for model, n in (("churn", 1500), ("fraud", 9000)):
        count = str(n + RANDOM.randrange(300))
        rows.append(
            {
                "consumer": "",
                "target": f"model:{model}",
                "hour": noon,
                "measure": "requests",
                "quantity": count,
            }
        )
    return rows


def write(path: Path, rows: list[dict[str, str]]) -> None:
    """Write rows as CSV."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    """Make all files."""
    for first in (FIRST, datetime(2026, 6, 1, tzinfo=UTC)):
        days = [day for day in DAYS if day.month == first.month]
        rows = [row for day in days for row in daily(day)] + monthly(first)
        write(HERE / "billing" / f"focus-{first:%Y-%m}.csv", rows)
    write(HERE / "meta" / "runs.csv", [row for day in DAYS for row in runs_of(day)])
    write(HERE / "meta" / "requests.csv", [row for day in DAYS for row in requests_of(day)])


if __name__ == "__main__":
    main()
