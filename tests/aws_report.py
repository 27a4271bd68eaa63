"""Write AWS Cost and Usage Reports for tests: CSV, or Parquet with MAP columns as of 2.0."""

import csv
import json
import tempfile
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
from company import Company

from costlens.config.values import Source
from costlens.ingest import find_packs
from costlens.ingest.fetch import named_file
from costlens.ingest.fit import fit
from costlens.ingest.rows import control, rows_sql
from costlens.ingest.source import macros, open_files

Line = Mapping[str, object]

_MAPS = ("resource_tags", "product", "cost_category", "discount")
_NESTED = (*_MAPS, "tags")
_NUMBERS = ("cost", "amount", "fee", "commitment")
_LINE = {
    "bill_billing_period_start_date": "2026-05-01 00:00:00",
    "bill_payer_account_id": "011122223333",
    "line_item_usage_account_id": "022233334444",
    "line_item_currency_code": "USD",
    "line_item_line_item_type": "Usage",
    "line_item_product_code": "AmazonEC2",
    "line_item_usage_start_date": "2026-05-04 05:00:00",
    "line_item_usage_end_date": "2026-05-04 06:00:00",
}


def line(kind: str, cost: str, **columns: object) -> Line:
    """Give a line of a type and its unblended cost; names may leave the prefix line_item_ out."""
    known = ("bill_", "line_item_", "pricing_", "reservation_", "savings_plan_", "split_")
    named = {
        key if key.startswith(known) or key in _NESTED else f"line_item_{key}": value
        for key, value in columns.items()
    }
    return {
        **_LINE,
        "line_item_line_item_type": kind,
        "line_item_unblended_cost": cost,
        **named,
    }


def write_csv(path: Path, lines: Sequence[Line]) -> Path:
    """Write lines as CSV; what is nested becomes JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = list(dict.fromkeys(column for one in lines for column in one))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        for one in lines:
            writer.writerow(
                {k: json.dumps(v) if isinstance(v, dict) else v for k, v in one.items()}
            )
    return path


def write_parquet(path: Path, lines: Sequence[Line]) -> Path:
    """Write lines as a data export has them: DOUBLE costs, TIMESTAMP times, MAP columns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = list(dict.fromkeys(column for one in lines for column in (*one, *_MAPS)))
    kinds = {column: _kind(column) for column in columns}
    declared = ", ".join(f"{column} {kind}" for column, kind in kinds.items())
    marks = ", ".join("?" for _ in columns)
    with duckdb.connect() as con:
        con.execute(f"create table lines ({declared})")
        con.executemany(
            f"insert into lines values ({marks})",
            [
                [one.get(column) or ({} if column in _NESTED else None) for column in columns]
                for one in lines
            ],
        )
        con.execute(f"copy lines to '{path}' (format parquet)")
    return path


def _kind(column: str) -> str:
    if column in _NESTED:
        return "MAP(VARCHAR, VARCHAR)"
    if column.endswith(_NUMBERS) or "_commitment_" in column or "_fee_for_" in column:
        return "DOUBLE"
    return "TIMESTAMP" if column.endswith("_date") else "VARCHAR"


def write_manifest(path: Path, keys: Sequence[str], *, key: str = "reportKeys") -> Path:
    """Write a manifest that names the files of a delivery."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"assemblyId": "a", "bucket": "", key: list(keys)}))
    return path


def report(company: Company, *lines: Line, form: str = "csv", **source: object) -> None:
    """Write a report of these lines into a company, and name it."""
    write = write_csv if form == "csv" else write_parquet
    write(company.folder / f"cur.{form}", lines)
    company.source(name="bill", type="aws_cur", path=f"cur.{form}", **source)


def charges(company: Company, columns: str) -> list[dict[str, str]]:
    """Ask for columns of the charges, in the order of the report's lines."""
    return company.ask("query", f"select {columns} from charges order by x_line")


def rows_of(
    *paths: Path, type: str = "aws_cur", **source: object
) -> list[dict[str, Any]]:  # any: what DuckDB gives
    """Give what the pack makes of a report, and insist that it comes to the report's own totals."""
    named = Source(name="bill", type=type, path=paths[0].name, **source)  # type: ignore[arg-type]
    pack = fit(next(pack for pack in find_packs(None) if pack.name == type), named)
    with duckdb.connect() as con, tempfile.TemporaryDirectory() as folder, macros(con):
        files = [named_file(path) for path in paths]
        opened = open_files(con, files, pack=pack, currency="USD", staging=Path(folder))
        opened.view(con)
        made = con.execute(f"from ({rows_sql(con, pack, 'charges', tag_keys=frozenset())})")
        names = [column[0] for column in made.description]
        rows = [dict(zip(names, row, strict=True)) for row in made.fetchall()]
        totals = control(con, pack)
    assert len(rows) == sum(one.rows for one in totals)
    for basis, residual in (("billed", "residual_billed"), ("effective", "residual_effective")):
        told = sum(getattr(one, basis) - getattr(one, residual) for one in totals)
        assert sum((row[f"{basis.title()}Cost"] for row in rows), Decimal(0)) == told
    return sorted(rows, key=lambda row: row["x_line"])
