"""Every verb that prints rows prints the same rows in every format, and nothing else."""

import csv
import io
import json
from pathlib import Path

import duckdb
import pytest
from company import Company

ASKED = {
    "builds": ["builds"],
    "statement": ["statement"],
    "statement by class": ["statement", "--by", "class"],
    "cost by feature": ["cost"],
    "cost by stage": ["cost", "--by", "stage", "--basis", "billed"],
    "explain": ["explain", "model:churn"],
    "explain lines": ["explain", "feature:fv_query_clicks", "--lines", "--stop", "2026-08-02"],
    "trace": ["trace", "aws:2026-08:17"],
    "findings": ["findings"],
    "query": ["query", "select level, day, sum(billed) as m from ledger group by all order by all"],
    "packs": ["packs"],
}
COST = ["name", "currency", "avoidable", "allocated", "stand_alone"]
COST += ["idle_share", "waste_share", "grade", "measured_share"]
STATEMENT = ["source", "period", "currency", "basis", "source_total", "ingested", "residual"]
STATEMENT += ["allocated", "idle", "unmatched", "unneeded", "stranded", "excluded", "difference"]
STATEMENT += ["state", "held"]


def out(company: Company, *words: str) -> str:
    ran = company.run(*words)
    assert (ran.code, ran.err) == (0, "")
    return ran.out


def read_parquet(path: Path) -> tuple[dict[str, str], list[tuple[object, ...]]]:
    with duckdb.connect() as con:
        found = con.execute("from read_parquet($path)", {"path": str(path)})
        types = {column[0]: str(column[1]) for column in found.description}
        return types, found.fetchall()


def same(cell: object) -> str:
    """Write a cell as CSV does."""
    if cell is None:
        return ""
    text = str(cell)
    if hasattr(cell, "normalize"):
        text = format(cell, "f")
        return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"
    return text


@pytest.mark.few(4)
@pytest.mark.parametrize("words", ASKED.values(), ids=ASKED)
def test_the_rows_are_the_same_in_every_format(
    sample: Company, words: list[str], tmp_path: Path
) -> None:
    text = out(sample, *words, "--format", "csv")
    header, *rows = csv.reader(io.StringIO(text))
    assert rows or words == ["findings"]
    in_json = json.loads(out(sample, *words, "--format", "json"))
    assert [list(row) for row in in_json] == [header] * len(rows)
    assert [["" if c is None else str(c) for c in row.values()] for row in in_json] == rows
    path = tmp_path / "rows.parquet"
    assert out(sample, *words, "-o", str(path)) == ""
    types, in_parquet = read_parquet(path)
    assert list(types) == header
    assert [[same(cell) for cell in row] for row in in_parquet] == rows
    assert not {"DOUBLE", "FLOAT"} & set(types.values())
    lines = out(sample, *words, "--format", "table").splitlines()
    assert lines[0].split() == header
    totals = [line for line in lines[1:] if line.startswith("total ")]
    assert len(lines) == 1 + len(rows) + len(totals)
    for line, row in zip(lines[1:], rows, strict=False):
        for name, cell in zip(header, row, strict=True):
            is_figure = cell.replace(".", "").replace("-", "").isdigit()
            assert is_figure or cell in line, name


@pytest.mark.parametrize(("suffix", "style"), [("csv", "csv"), ("json", "json"), ("txt", "table")])
def test_the_suffix_of_a_file_chooses_the_format(
    sample: Company, tmp_path: Path, suffix: str, style: str
) -> None:
    path = tmp_path / f"cost.{suffix}"
    assert out(sample, "cost", "-o", str(path)) == ""
    assert path.read_text() == out(sample, "cost", "--format", style)


def test_another_suffix_is_csv_and_a_format_wins_over_the_suffix(
    sample: Company, tmp_path: Path
) -> None:
    out(sample, "cost", "-o", str(tmp_path / "cost.data"))
    assert (tmp_path / "cost.data").read_text() == out(sample, "cost", "--format", "csv")
    out(sample, "cost", "--format", "json", "-o", str(tmp_path / "cost.csv"))
    assert (tmp_path / "cost.csv").read_text() == out(sample, "cost", "--format", "json")


def test_a_table_is_the_default_and_adds_up_at_its_foot(sample: Company) -> None:
    text = out(sample, "cost")
    assert text == out(sample, "cost", "--format", "table")
    assert text.splitlines()[-1].split()[:2] == ["total", "USD"]
    assert "total" not in out(sample, "cost", "--format", "csv")


def test_parquet_has_the_types_of_the_tables(sample: Company, tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    out(sample, "cost", "-o", str(path))
    types, _ = read_parquet(path)
    assert list(types) == COST
    for column in ("avoidable", "allocated", "stand_alone"):
        assert types[column] == "DECIMAL(38,12)", column
    assert {types[c] for c in ("name", "currency", "grade")} == {"VARCHAR"}
    out(sample, "query", "select day, billed, source from ledger limit 3", "-o", str(path))
    types, _ = read_parquet(path)
    assert types == {"day": "DATE", "billed": "DECIMAL(38,12)", "source": "VARCHAR"}
    out(sample, "builds", "-o", str(path))
    types, _ = read_parquet(path)
    assert types["built_at"] == "TIMESTAMP"


def test_parquet_goes_to_a_file_only(sample: Company) -> None:
    ran = sample.run("cost", "--format", "parquet")
    assert (ran.code, ran.out) == (2, "")
    assert "-o FILE.parquet" in ran.err


@pytest.mark.parametrize("name", ["nowhere/cost.csv", "nowhere/cost.parquet"])
def test_a_file_that_cannot_be_written_is_told(sample: Company, tmp_path: Path, name: str) -> None:
    ran = sample.run("cost", "-o", str(tmp_path / name))
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith(f"costlens: {tmp_path / name}: cannot write: ")
    assert "Traceback" not in ran.err


def test_the_columns_of_cost_and_statement_are_what_others_rely_on(sample: Company) -> None:
    assert list(sample.ask("cost")[0]) == COST
    assert list(sample.ask("cost", "--by", "service")[0])[:2] == ["name", "currency"]
    assert list(sample.ask("statement")[0]) == STATEMENT


def test_an_unknown_figure_is_no_zero(sample: Company) -> None:
    rows = {row["name"]: row for row in sample.ask("cost")}
    assert rows["(unmatched)"]["avoidable"] == ""
    ran = out(sample, "cost", "--format", "json")
    found = {row["name"]: row for row in json.loads(ran)}
    assert found["(unmatched)"]["avoidable"] is None
    (line,) = [one for one in out(sample, "cost").splitlines() if one.startswith("(unmatched)")]
    assert line.split()[2] == "–"  # noqa: RUF001 -- the sign that stands for it


def test_a_month_without_data_gives_the_header_alone(sample: Company) -> None:
    for words in (["cost"], ["cost", "--by", "stage"], ["statement"], ["explain", "model:churn"]):
        text = out(sample, *words, "--start", "2031-01", "--stop", "2031-02", "--format", "csv")
        assert text.count("\n") == 1, words
        assert text == out(sample, *words, "--format", "csv").splitlines(keepends=True)[0]
        window = ["--start", "2031-01", "--stop", "2031-02"]
        assert json.loads(out(sample, *words, *window, "--format", "json")) == []
        assert out(sample, *words, *window).count("\n") == 1


def test_a_window_counts_from_its_first_day_to_before_its_last(sample: Company) -> None:
    whole = sample.cost("feature")
    august = sample.cost("feature", "--start", "2026-08", "--stop", "2026-09")
    autumn = sample.cost("feature", "--start", "2026-09-01", "--stop", "2026-11-01")
    assert {name: august.get(name, 0) + autumn.get(name, 0) for name in whole} == whole
