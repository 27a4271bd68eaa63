"""`costlens init` on run logs that are no tables."""

import shutil
from pathlib import Path

from company import Company, costlens

DATA = Path(__file__).parents[1] / "data" / "runs" / "spark"


def test_event_logs_are_one_source_and_their_views_are_found(tmp_path: Path) -> None:
    shutil.copytree(DATA, tmp_path / "eventlogs")
    ran = costlens("init", str(tmp_path), "--format", "csv")
    assert ran.code == 0, ran.err
    assert [(row["path"], row["type"]) for row in ran.rows if row["type"]] == [
        ("eventlogs/", "spark")
    ]
    assert {row["note"] for row in ran.rows if not row["type"]} == {"empty"}
    found = (tmp_path / "catalog" / "found.yaml").read_text()
    assert '- {part: "feature_view:(?P<feature>.+)", feature: "{feature}"}' in found
    assert '- {part: "executors|shared", shared: true}' in found
    assert "- {name: fv_payment_risk, pipeline: shop-daily-features}" in found
    Company(folder=tmp_path).refresh()
