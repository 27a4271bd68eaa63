"""Write FOCUS exports for tests: lines as CSV, and months as AWS' Data Exports lay them out."""

import csv
import io
from pathlib import Path

import duckdb
from aws_report import write_manifest

LINE = {
    "BilledCost": "1",
    "EffectiveCost": "1",
    "ListCost": "1",
    "ContractedCost": "1",
    "BillingCurrency": "USD",
    "BillingAccountId": "011122223333",
    "BillingPeriodStart": "2026-05-01 00:00:00",
    "BillingPeriodEnd": "2026-06-01 00:00:00",
    "ChargePeriodStart": "2026-05-04 05:00:00",
    "ChargePeriodEnd": "2026-05-04 06:00:00",
    "ChargeCategory": "Usage",
    "ProviderName": "AWS",
    "InvoiceIssuerName": "Amazon Web Services, Inc.",
    "ServiceName": "Amazon Elastic Compute Cloud",
}


def text(*costs: str, **more: str) -> str:
    """Write lines of FOCUS of these costs as CSV."""
    out = io.StringIO()
    writer = csv.DictWriter(out, {**LINE, **more})
    writer.writeheader()
    writer.writerows({**LINE, **more, "BilledCost": c, "EffectiveCost": c} for c in costs)
    return out.getvalue()


def export(bucket: Path, run: str, *costs: str, month: str = "2026-05", **more: str) -> None:
    """Deliver a month as AWS' Data Exports do: a part a cost, in Parquet, and the month's manifest."""
    month_of = f"BILLING_PERIOD={month}"
    keys = []
    for number, cost in enumerate(costs, start=1):
        key = "/".join(
            part
            for part in ("focus/data", month_of, run, f"focus-{number:05}.snappy.parquet")
            if part
        )
        (bucket / key).parent.mkdir(parents=True, exist_ok=True)
        plain = bucket / "unread.txt"
        plain.write_text(text(cost, **more))
        duckdb.connect().execute(
            "copy (select * replace (BilledCost::double as BilledCost, "
            "EffectiveCost::double as EffectiveCost, ChargePeriodStart::timestamp as "
            "ChargePeriodStart), map {'user_team': 'risk'} as Tags "
            f"from read_csv('{plain}', all_varchar = true)) to '{bucket / key}' (format parquet)"
        ).fetchall()
        plain.unlink()
        keys.append(f"s3://acme-billing/exports/{key}")
    manifest = bucket / "focus/metadata" / month_of / "focus-Manifest.json"
    write_manifest(manifest, keys, key="dataFiles")
