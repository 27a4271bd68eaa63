"""`costlens init` on the bills of other clouds and vendors: each by its own pack, no file by chance."""

import json
import shutil
from pathlib import Path

import pytest
from company import Ran, costlens

from costlens.ingest import Pack, find_packs

BILLING = Path(__file__).parents[1] / "data" / "billing"
BILLS = [pack for pack in find_packs(None) if pack.makes_charges and not pack.description.like]
EXPORTS = sorted(path for name in ("azure", "gcp") for path in (BILLING / name).glob("*.csv*"))


def look(folder: Path) -> dict[str, str]:
    """Give what each row of a look is: its type, or why it is none."""
    ran: Ran = costlens("init", str(folder), "--dry-run", "--format", "csv")
    assert ran.code == 0, ran.err
    return {row["path"]: row["type"] or row["note"] for row in ran.rows}


@pytest.mark.parametrize("pack", BILLS, ids=lambda pack: pack.name)
def test_a_packs_own_sample_is_known_as_its_own(pack: Pack, tmp_path: Path) -> None:
    bill = tmp_path / "bill"
    (sample,) = pack.folder.glob("sample*")
    if sample.is_dir():
        shutil.copytree(sample, bill)
    else:
        bill.mkdir()
        shutil.copy(sample, bill)
    assert list(look(tmp_path).values()) == [pack.name]


@pytest.mark.parametrize("path", EXPORTS, ids=lambda path: path.name)
def test_a_clouds_own_export_is_known_in_every_form(path: Path, tmp_path: Path) -> None:
    shutil.copy(path, tmp_path)
    assert look(tmp_path) == {path.name: path.parent.name}


@pytest.mark.parametrize(
    "header",
    [
        "Date,Cost",
        "Date,Cost,Currency,Product,Quantity,Tags,ResourceName,ResourceId",
        "BilledCost,ChargePeriodStart",
        "start_time,end_time,amount",
    ],
)
def test_a_table_of_days_and_amounts_is_nobodys_bill(header: str, tmp_path: Path) -> None:
    cells = ",".join("2026-05-01" if at == 0 else "1" for at in range(header.count(",") + 1))
    (tmp_path / "spend.csv").write_text(f"{header}\n{cells}\n")
    ran = costlens("init", str(tmp_path), "--dry-run", "--format", "csv")
    assert ran.code == 1
    assert [row["type"] for row in ran.rows] == [""]
    assert "a bill of any columns as generic" in ran.err


def test_the_manifest_of_a_run_is_part_of_its_export(tmp_path: Path) -> None:
    run = tmp_path / "exports" / "daily" / "20260501-20260531" / "8d0e3f7c"
    run.mkdir(parents=True)
    shutil.copy(BILLING / "azure" / "ea_amortized_anonymous.csv", run / "part_0_0001.csv")
    (run / "manifest.json").write_text(json.dumps({"blobs": []}, indent=2))
    assert list(look(tmp_path).values()) == ["azure"]


def test_lines_of_json_are_a_bill_by_that_name_too(tmp_path: Path) -> None:
    (pack,) = (pack for pack in BILLS if pack.name == "gcp")
    shutil.copy(pack.folder / "sample.jsonl", tmp_path / "export-000000000000.json")
    assert look(tmp_path) == {"export-000000000000.json": "gcp"}
