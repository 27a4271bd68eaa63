"""The Snowflake bill of the sample company, as a FOCUS 1.2 export."""

import csv
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from making.company import DAY, between, days, drawn, next_month

Row = dict[str, str]
NAMES = """
BilledCost BillingAccountId BillingAccountName BillingAccountType BillingCurrency
BillingPeriodEnd BillingPeriodStart ChargeCategory ChargeClass ChargeDescription ChargeFrequency
ChargePeriodEnd ChargePeriodStart ConsumedQuantity ConsumedUnit ContractedCost
ContractedUnitPrice EffectiveCost InvoiceId InvoiceIssuerName ListCost ListUnitPrice
PricingCategory PricingCurrency PricingQuantity PricingUnit ProviderName PublisherName RegionId
RegionName ResourceId ResourceName ResourceType ServiceCategory ServiceName ServiceSubcategory
SkuId SkuMeter SubAccountId SubAccountName SubAccountType Tags
"""
COLUMNS = NAMES.split()
ALWAYS = {
    "BillingAccountId": "ACMESHOP",
    "BillingAccountName": "Acme Shop",
    "BillingAccountType": "Organization",
    "BillingCurrency": "USD",
    "ChargeCategory": "Usage",
    "ChargeFrequency": "Usage-Based",
    "ConsumedUnit": "Credits",
    "InvoiceIssuerName": "Snowflake",
    "PricingCategory": "Standard",
    "PricingCurrency": "USD",
    "PricingUnit": "Credits",
    "ProviderName": "Snowflake",
    "PublisherName": "Snowflake",
    "RegionId": "aws_eu_west_1",
    "RegionName": "AWS Europe (Ireland)",
    "ServiceCategory": "Databases",
    "ServiceSubcategory": "Data Warehouses",
    "SubAccountId": "ACME_PROD",
    "SubAccountName": "ACME_PROD",
    "SubAccountType": "Account",
}
PRICE = Decimal("3.00")  # US dollars a credit


def stamp(at: datetime) -> str:
    """Write a time as FOCUS wants it."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def charge(day: datetime, service: str, quantity: Decimal, price: Decimal, **more: str) -> Row:
    """Make one daily line."""
    month = day.replace(day=1)
    cost = format(quantity * price, "f")
    row = dict.fromkeys(COLUMNS, "")
    row |= ALWAYS | {
        "BilledCost": cost,
        "EffectiveCost": cost,
        "ListCost": cost,
        "ContractedCost": cost,
        "BillingPeriodStart": stamp(month),
        "BillingPeriodEnd": stamp(next_month(month)),
        "ChargePeriodStart": stamp(day),
        "ChargePeriodEnd": stamp(day + DAY),
        "ConsumedQuantity": format(quantity, "f"),
        "ContractedUnitPrice": format(price, "f"),
        "ListUnitPrice": format(price, "f"),
        "InvoiceId": f"SF-{month:%Y%m}-0117",
        "PricingQuantity": format(quantity, "f"),
        "ServiceName": service,
        "SkuMeter": service,
    }
    return row | more


def lines_of(month: datetime) -> Iterator[Row]:
    """Make a month's lines: two warehouses, storage, and services with their rebate."""
    random = drawn(f"snowflake {month:%Y-%m}")
    for day in days(month, next_month(month)):
        weekend = day.weekday() > 4
        features = between(random, "58", "66")
        reports = between(random, "9", "12") if weekend else between(random, "20", "26")
        for name, credits in (("FEATURES_WH", features), ("BI_WH", reports)):
            warehouse = {
                "ResourceId": name,
                "ResourceName": name,
                "ResourceType": "Virtual warehouse",
            }
            yield charge(day, "Snowflake Compute", credits, PRICE, **warehouse)
        services = (features + reports) / 8
        yield charge(day, "Snowflake Cloud Services", services.quantize(Decimal("0.000001")), PRICE)
        rebate = (min(services, (features + reports) / 10)).quantize(Decimal("0.000001"))
        yield charge(
            day,
            "Snowflake Cloud Services",
            -rebate,
            PRICE,
            ChargeCategory="Credit",
            ChargeDescription="Cloud services up to 10 % of compute are free",
        )
        stored = between(random, "0.61", "0.64")
        unit = {"ConsumedUnit": "TB-Months", "PricingUnit": "TB-Months"}
        yield charge(day, "Snowflake Storage", stored, Decimal("24.50"), **unit)


def write(folder: Path, month: datetime) -> None:
    """Write a month's file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"focus-{month:%Y-%m}.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines_of(month))
