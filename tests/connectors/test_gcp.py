"""Google Cloud's billing export in every form that BigQuery and others write it in."""

import csv
import gzip
import json
import shutil
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from company import Company

from costlens.ingest.packs import find_packs

DATA = Path(__file__).parents[1] / "data" / "billing" / "gcp"
PACK = next(pack for pack in find_packs(None) if pack.name == "gcp")
LINES = [json.loads(line) for line in (PACK.folder / "sample.jsonl").read_text().splitlines()]

Line = dict[str, Any]  # any: what JSON holds
NESTED = ("service", "sku", "project", "location", "usage", "invoice", "resource", "subscription")
BILL = (
    "select x_class, ChargeCategory, ChargeClass, ChargePeriodStart, BilledCost, EffectiveCost, "
    "ListCost, ContractedCost, SubAccountId, ServiceName, RegionId, ResourceId, SkuId, "
    "ConsumedQuantity, ConsumedUnit, CommitmentDiscountId, ChargeDescription, Tags from charges "
    "order by all"
)


def jsonl(lines: Sequence[Line], folder: Path, name: str = "bill") -> Path:
    """Write lines as BigQuery's JSON."""
    path = folder / f"{name}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def zipped_shards(lines: Sequence[Line], folder: Path) -> Path:
    """Write lines as the shards of one extraction."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, some in enumerate((lines[:5], lines[5:])):
        text = "".join(json.dumps(line) + "\n" for line in some)
        (folder / f"bill-{number:012}.json.gz").write_bytes(gzip.compress(text.encode()))
    return folder


def flat(lines: Sequence[Line], folder: Path, write: Callable[[object], str]) -> Path:
    """Write lines as CSV with a dot in the names of what is nested, and lists as text."""
    rows = []
    for line in lines:
        row: dict[str, str] = {}
        for column, value in line.items():
            if column in (*NESTED, "adjustment_info"):
                for key, inner in value.items():
                    row[f"{column}.{key}"] = write(inner) if isinstance(inner, list) else inner
            else:
                row[column] = write(value) if isinstance(value, list) else value
        rows.append(row)
    path = folder / "bill.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        columns = list(dict.fromkeys(column for row in rows for column in row))
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def csv_of_json(lines: Sequence[Line], folder: Path) -> Path:
    return flat(lines, folder, json.dumps)


def csv_of_python(lines: Sequence[Line], folder: Path) -> Path:
    def printed(value: object) -> str:
        return repr(value).replace("'full_name': ''", "'full_name': None")

    return flat(lines, folder, printed)


def parquet(lines: Sequence[Line], folder: Path, wrap: str = "") -> Path:
    """Write lines as Parquet with structs and lists; `wrap` says how a list is told."""
    whole = jsonl(lines, folder / "unread", "all")
    path = folder / "bill.parquet"
    lists = ", ".join(
        f"{{'list': list_transform({name}, lambda one: {{'element': one}})}} as {name}"
        for name in ("credits", "labels", "system_labels", "tags")
    )
    duckdb.connect().execute(
        f"copy (select * {f'replace ({lists})' if wrap else ''} from read_json('{whole}', "
        "format = 'newline_delimited', sample_size = -1, timestampformat = '%Y-%m-%d %H:%M:%S UTC',"
        f" maximum_depth = 4)) to '{path}' (format parquet)"
    ).fetchall()
    shutil.rmtree(folder / "unread")
    return path


def parquet_of_wrapped_lists(lines: Sequence[Line], folder: Path) -> Path:
    return parquet(lines, folder, "list")


FORMS = (jsonl, zipped_shards, csv_of_json, csv_of_python, parquet, parquet_of_wrapped_lists)


@pytest.mark.few(2)
@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_every_form_of_an_export_gives_the_same_charges(
    company: Company, tmp_path: Path, form: Callable[[Sequence[Line], Path], Path]
) -> None:
    form(LINES, company.folder / "bill")
    company.source(name="bill", type="gcp", path="bill/")
    company.refresh()
    one = Company(folder=tmp_path / "one")
    jsonl(LINES, one.folder)
    one.source(name="bill", type="gcp", path="bill.jsonl")
    one.refresh()
    assert company.ask("query", BILL) == one.ask("query", BILL)
    assert {row["difference"] for row in company.ask("statement")} == {"0"}


def test_a_line_comes_to_its_cost_and_its_credits_and_no_more(company: Company) -> None:
    jsonl(LINES, company.folder)
    company.source(name="bill", type="gcp", path="bill.jsonl")
    company.refresh()
    whole = sum(
        Decimal(str(line["cost"])) + sum(Decimal(str(one["amount"])) for one in line["credits"])
        for line in LINES
    )
    for row in company.ask("query", "select sum(BilledCost) b, sum(EffectiveCost) e from charges"):
        assert Decimal(row["b"]) == Decimal(row["e"]) == whole.quantize(Decimal("1e-12"))
    rows = {row["basis"]: row for row in company.ask("statement", "--month", "2026-05")}
    may = sum(
        Decimal(str(line["cost"])) + sum(Decimal(str(one["amount"])) for one in line["credits"])
        for line in LINES
        if line.get("invoice", {}).get("month") == "202605"
    )
    assert Decimal(rows["billed"]["source_total"]) == may.quantize(Decimal("1e-18"))
    assert Decimal(rows["billed"]["residual"]) == Decimal("0.000000000000123457")


@pytest.mark.parametrize(
    ("name", "rows", "billed"),
    [
        ("detailed_export_2022_08.csv", "9", "0.000012"),
        ("nise_detailed_export_2026_06.csv.gz", "1200", "865.3333344"),  # 973.3333344 - 108
    ],
)
def test_published_exports_come_to_their_totals(
    company: Company, name: str, rows: str, billed: str
) -> None:
    shutil.copy(DATA / name, company.folder)
    company.source(name="bill", type="gcp", path=name)
    company.refresh()
    for row in company.ask("statement"):
        assert Decimal(row["source_total"]) == Decimal(billed)
        assert Decimal(row["difference"]) == 0
    (count,) = company.ask("query", "select count(*) as n from charges")
    assert count["n"] == rows


def test_a_later_export_adds_late_lines_to_a_month_that_is_loaded(company: Company) -> None:
    jsonl(LINES, company.folder / "bill", "2026-05-10")
    company.source(name="bill", type="gcp", path="bill/")
    company.refresh()
    before = Decimal(company.ask("statement", "--month", "2026-05")[0]["ingested"])
    late = {**LINES[1], "cost": 2.5, "export_time": "2026-06-03 04:00:00 UTC"}
    jsonl([late], company.folder / "bill", "2026-06-03")
    company.refresh()
    after = Decimal(company.ask("statement", "--month", "2026-05")[0]["ingested"])
    assert after - before == Decimal("2.5")
    assert {row["difference"] for row in company.ask("statement")} == {"0"}


def test_a_month_that_would_lose_lines_with_a_file_is_not_reloaded(company: Company) -> None:
    lost = jsonl(LINES, company.folder / "bill", "2026-05-10")
    later = {**LINES[1], "export_time": "2026-06-03 04:00:00 UTC"}
    jsonl([later], company.folder / "bill", "2026-06-03")
    company.source(name="bill", type="gcp", path="bill/")
    company.refresh()
    lost.unlink()
    jsonl([later, later], company.folder / "bill", "2026-06-03")
    ran = company.run("refresh")
    assert ran.code == 1
    assert "2026-05-10.jsonl: is gone, and 2026-05 cannot be reloaded without it" in ran.err
    jsonl([*LINES, later], company.folder / "bill", "2026-06-03")  # one export of everything
    company.refresh()


def test_two_exports_that_overlap_are_refused_with_the_first_line_that_stands_twice(
    company: Company,
) -> None:
    jsonl(LINES, company.folder / "bill", "a")
    company.source(name="bill", type="gcp", path="bill/")
    company.refresh()
    total = company.ask("statement")
    new = {**LINES[0], "export_time": "2026-06-03 04:00:00 UTC"}
    csv_of_python([new, *LINES[2:5]], company.folder / "bill")
    ran = company.run("refresh")
    assert ran.code == 1
    assert (
        "bill/bill.csv:3: 3 lines from here on stand in bill/a.jsonl too: the exports overlap\n"
        "    keep one of the two files, or export every line once, by its export_time" in ran.err
    )
    assert company.ask("statement") == total


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("credits", "[{'amount': -1", "\"[{'amount': -1\" in the column credits is not a list"),
        ("cost", "12,50", '"12,50" in the column cost is not an amount of money'),
        ("invoice.month", "May", '"May" in the column invoice_month is not a month'),
        ("currency", "", "BillingCurrency is missing"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(
    company: Company, column: str, value: str, told: str
) -> None:
    path = csv_of_json(LINES[:3], company.folder)
    rows = list(csv.DictReader(path.open(newline="")))
    rows[1][column] = value
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    company.source(name="bill", type="gcp", path="bill.csv")
    ran = company.run("refresh")
    assert ran.code == 1
    assert f"bill.csv:3: {told}" in ran.err


def test_a_label_list_that_cannot_be_read_is_flagged_and_its_money_counts(company: Company) -> None:
    path = csv_of_json(LINES[1:2], company.folder)
    path.write_text(path.read_text().replace('""team"", ""value"": ""ranking""', "team"))
    company.source(name="bill", type="gcp", path="bill.csv")
    ran = company.refresh()
    assert "Tags is no JSON object on 1 line of 2026-05, 0.88 USD billed" in ran.err
    assert Decimal(company.ask("statement")[0]["ingested"]) == Decimal("0.88")
