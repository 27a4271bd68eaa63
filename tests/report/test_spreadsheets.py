"""What people open in LibreOffice has the totals that pandas and DuckDB read, and runs nothing."""

import csv
import shutil
import subprocess
from decimal import Context, Decimal
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from company import Company
from desks import declare, office

OFFICE = shutil.which("soffice")
AS_STORED = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false"
FIFTEEN = Context(prec=15)  # the digits of a spreadsheet's number
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(OFFICE is None, reason="there is no LibreOffice on the path"),
]


def opened(path: Path, folder: Path) -> list[dict[str, str]]:
    """Open a file in LibreOffice, and read its cells as it has them."""
    assert OFFICE is not None
    words = [f"-env:UserInstallation=file://{folder}/profile", "--convert-to", AS_STORED]
    subprocess.run(
        [OFFICE, "--headless", *words, "--outdir", str(folder / "seen"), str(path)],
        check=True,
        capture_output=True,
    )
    with (folder / "seen" / path.with_suffix(".csv").name).open() as file:
        return list(csv.DictReader(file))


def told(paid: Company, folder: Path, **report: object) -> Path:
    desk = office(paid, folder)
    (folder / "texts.sql").write_text(
        "select * from (values ('=1+1', 1.1), ('@SUM(B1:B9)', 2), ('+1', 3), ('-2', -4)) as v(name, allocated)"
    )
    declare(folder, {"name": "r", "window": "2026-04", "to": "out", **report})
    ran = desk.company.run("report", "run", "r")
    assert ran.code == 0, ran.err
    (found,) = (path for path in (folder / "out" / "r").glob("*/r_*"))
    return found


@pytest.mark.parametrize("style", ["csv", "excel"])
def test_totals_are_those_of_pandas_and_duckdb(paid: Company, tmp_path: Path, style: str) -> None:
    given = {"question": "cost_by_feature", "basis": "billed"}
    exact = told(paid, tmp_path / "csv", **given)
    frame = pd.read_csv(exact, dtype=str)
    amounts = [Decimal(cell) for cell in frame["allocated"]]
    bill = Decimal("50.100000000001")
    total = f"select sum(allocated::decimal(38, 12)) from read_csv('{exact}', all_varchar = true)"
    assert duckdb.sql(total).fetchall() == [(sum(amounts, Decimal(0)),)] == [(bill,)]
    path = told(paid, tmp_path / style / "w", format=style, **given)
    seen = [Decimal(row["allocated"]) for row in opened(path, tmp_path)]
    assert seen == [FIFTEEN.plus(amount) for amount in amounts]
    assert sum(seen, Decimal(0)) == FIFTEEN.plus(bill)


@pytest.mark.parametrize("style", ["csv", "excel"])
def test_no_text_is_worked_out(paid: Company, tmp_path: Path, style: str) -> None:
    path = told(paid, tmp_path / "w", sql="texts.sql", format=style)
    names = [row["name"].lstrip("'") for row in opened(path, tmp_path)]
    assert names == ["=1+1", "@SUM(B1:B9)", "+1", "-2"]
