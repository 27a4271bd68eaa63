"""Write runs of Azure's cost exports for tests: parts and a manifest in a folder of their own."""

import json
from collections.abc import Sequence
from pathlib import Path

UUID = "0e0267b9-6600-4e89-939f-8afb8fe235ec"


def write_run(
    folder: Path,
    parts: Sequence[tuple[str, int]],
    *,
    type: str = "ActualCost",
    at: str = "2026-06-02T06:00:00Z",
    days: str = "20260501-20260531",
) -> Path:
    """Write a run of an export of this type: each part is its text, and how many rows it is said to have."""
    place = folder / type.lower() / days / at[:16].replace("-", "").replace(":", "") / UUID
    place.mkdir(parents=True, exist_ok=True)
    blobs = []
    for number, (text, rows) in enumerate(parts):
        path = place / f"part_{number}_0001.csv"
        path.write_text(text, encoding="utf-8", newline="")
        key = path.relative_to(folder.parent).as_posix()
        blobs.append({"blobName": key, "byteCount": 1, "dataRowCount": rows})
    manifest = {
        "manifestVersion": "2024-04-01",
        "exportConfig": {
            "exportName": type.lower(),
            "resourceId": "/providers/Microsoft.Billing/billingAccounts/8765/providers/"
            f"Microsoft.CostManagement/exports/{type.lower()}",
            "dataVersion": "2021-10-01",
            "type": type,
            "timeFrame": "MonthToDate",
        },
        "deliveryConfig": {"partitionData": True, "dataOverwriteBehavior": "CreateNewReport"},
        "runInfo": {"executionType": "Scheduled", "submittedTime": at, "startDate": "2026-05-01"},
        "blobs": blobs,
    }
    (place / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return place
