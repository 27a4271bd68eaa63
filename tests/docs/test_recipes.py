"""The recipes of docs/recipes.md: pasted as they stand, over each tool's own export."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from company import Company

ROOT = Path(__file__).parents[2]
EXPORTS = Path(__file__).with_name("recipes")
SAID = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")
RECIPES = {
    re.sub(r"\W+", "-", name.lower()).strip("-"): re.search(r"```sql\n(.*?)```", text, re.S)
    for name, text in re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", SAID, re.S | re.M)
}


def put_neptune(folder: Path) -> None:
    """Write an export as neptune-exporter does, in its own types."""
    (folder / "exports" / "data" / "shop").mkdir(parents=True)
    duckdb.sql(
        "copy (select * from (values "
        "('shop/churn', 'CH-1', 'sys/creation_time', null, null, timestamptz '2026-02-03 01:00:00+00', null), "
        "('shop/churn', 'CH-1', 'sys/running_time', 90.5, null, null, null), "
        "('shop/churn', 'CH-1', 'sys/failed', null, null, null, true), "
        "('shop/churn', 'CH-1', 'metrics/auc', 0.9, null, null, null), "
        "('shop/churn', 'CH-2', 'sys/creation_time', null, null, timestamptz '2026-02-03 02:00:00+00', null), "
        "('shop/churn', 'CH-2', 'sys/modification_time', null, null, timestamptz '2026-02-03 02:30:00+00', null)"
        ") as t(project_id, run_id, attribute_path, float_value, int_value, datetime_value, bool_value)) "
        f"to '{folder}/exports/data/shop/CH_part_0.parquet' (format parquet)"
    )


def test_every_recipe_is_here() -> None:
    assert {name for name, found in RECIPES.items() if found} == {
        *(path.name for path in EXPORTS.iterdir() if path.is_dir()),
        "neptune-ai",
    }


@pytest.mark.parametrize("tool", [name for name, found in RECIPES.items() if found])
def test_a_recipe_makes_runs_of_an_export(
    tool: str, company: Company, golden: Callable[[Path, str], None]
) -> None:
    if tool == "neptune-ai":
        put_neptune(company.folder)
    else:
        shutil.copytree(EXPORTS / tool, company.folder, dirs_exist_ok=True)
    found = RECIPES[tool]
    assert found
    run = "import duckdb, sys; duckdb.sql(sys.stdin.read())"
    assert run in SAID
    subprocess.run(
        [sys.executable, "-c", run], input=found[1], text=True, check=True, cwd=company.folder
    )
    company.source(name="told", type="runs", path="runs.parquet")
    company.bill({"cost": "1"})
    company.refresh()
    rows = company.run(
        "query",
        "select pipeline, run, part, try, parent, state, start, stop, resource_id, size, size_unit, "
        "busy_s, tags from attempts order by start, pipeline, run, part, try",
        "--format",
        "csv",
    )
    golden(EXPORTS / f"{tool}.csv", rows.out)
