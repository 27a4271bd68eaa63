"""FOCUS exports in a bucket: of each month the current run is fetched, and nothing else."""

from decimal import Decimal
from pathlib import Path

from azure_export import write_run
from company import Company
from focus_export import export, text
from object_store import Store, on_s3

RUN_1, RUN_2 = "2026-05-10T01:00:00.000Z-1111", "2026-05-31T01:00:00.000Z-2222"


def test_of_a_bucket_of_focus_exports_only_the_current_runs_are_fetched_and_count(
    company: Company, store: Store, tmp_path: Path
) -> None:
    bucket = tmp_path / "exports"
    export(bucket, RUN_1, "1", "7")
    export(bucket, RUN_2, "2", "3")
    microsoft = {"ProviderName": "Microsoft", "BillingAccountId": "8765"}
    for day, cost in (("04", "1"), ("05", "10")):
        write_run(
            bucket / "azure",
            [(text(cost, **microsoft), 1)],
            type="FocusCost",
            at=f"2026-05-{day}T06:00:00Z",
        )
    store.put_folder(bucket, "exports")
    on_s3(company, store, "s3://acme/exports/")
    company.refresh()
    (row,) = company.ask("query", "select sum(BilledCost) as billed from charges")
    assert Decimal(row["billed"]) == 15
    fetched = [key.rpartition("/")[2] for key in store.fetched()]
    assert sorted(fetched) == [
        "focus-00001.snappy.parquet",
        "focus-00002.snappy.parquet",
        "focus-Manifest.json",
        "manifest.json",
        "manifest.json",
        "part_0_0001.csv",
    ]
