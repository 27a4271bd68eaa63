"""What the pages on reports, Python and the lake show is tried as it stands there."""

import re
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import Any

import pytest
from company import Company

from costlens.config import load
from costlens.config.reports import Question

DOCS = Path(__file__).parents[2] / "docs"


def _has(name: str) -> bool:
    return find_spec(name) is not None


def blocks(page: str, language: str) -> list[str]:
    text = (DOCS / page).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.S)


def test_the_settings_of_the_page_on_reports_are_read(tmp_path: Path) -> None:
    (said,) = blocks("reports.md", "yaml")
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "movers.sql").write_text("select 1")
    sources = "version: 1\nsources: [{name: b, type: focus, path: b.csv}]\n"
    (tmp_path / "costlens.yaml").write_text(sources + said)
    settings = load(tmp_path).settings
    assert [report.name for report in settings.reports] == ["chargeback", "movers", "unread"]
    page = (DOCS / "reports.md").read_text(encoding="utf-8")
    for question in Question.__args__:  # type: ignore[attr-defined]
        assert f"`{question}`" in page


def run_page(*optional: str) -> dict[str, Any]:
    """Run the examples of the page, and of other tools' those that are named."""
    space: dict[str, Any] = {}
    for block in blocks("lake.md", "python"):
        others = {
            name for name in ("polars", "pyspark") if re.search(rf"(import|from) {name}", block)
        }
        if others <= set(optional):
            exec(compile(block, "lake.md", "exec"), space)
    return space


def test_the_lake_is_read_as_the_page_says(demo: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(demo.folder)
    space = run_page()
    told = demo.cost("feature", "--month", "2026-10")
    assert space["total"] == sum(told.values())
    assert dict(space["cost"].fetchall()) == {name: cost for name, cost in told.items() if cost}
    assert type(space["bill"][0][0]) is Decimal


@pytest.mark.slow
@pytest.mark.skipif(not _has("polars"), reason="Polars is not installed")
def test_polars_reads_the_lake_as_the_page_says(
    demo: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(demo.folder)
    space = run_page("polars")
    levels = dict(space["by_level"].iter_rows())
    assert levels == dict.fromkeys(("feature", "model", "product"), space["bill"][0][0])


@pytest.mark.slow
@pytest.mark.skipif(not _has("pyspark"), reason="PySpark is not installed")
@pytest.mark.skipif(which("java") is None, reason="there is no Java on the path")
def test_spark_reads_the_lake_as_the_page_says(
    demo: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(demo.folder)
    space = run_page("pyspark")
    space["spark"].stop()
    by_month = {row["billing_period"]: row["cost"] for row in space["by_month"]}
    months = ("2026-08", "2026-09", "2026-10")
    assert by_month == {
        month: sum(demo.cost("feature", "--month", month).values()) for month in months
    }


@pytest.mark.slow
def test_the_python_of_the_page_runs(demo: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(demo.folder)
    (said,) = blocks("python.md", "python")
    exec(compile(said, "python.md", "exec"), {})
