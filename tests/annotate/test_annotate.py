"""A script says what each part works for, and its cost goes there."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest
from company import Company

from costlens import annotate
from costlens.annotate import effort, run_id, tags


def test_it_needs_nothing_but_python_and_works_as_a_copy(tmp_path: Path) -> None:
    copied = tmp_path / "effort_of_ours.py"
    copied.write_text(Path(annotate.__file__).read_text())
    script = (
        "import sys; from effort_of_ours import effort\n"
        "with effort('a', file='runs.csv', pipeline='p'): pass\n"
        "print([m for m in sys.modules if m.startswith('costlens') or m in ('click', 'duckdb')])"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, '.');{script}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"
    assert (
        (tmp_path / "runs.csv")
        .read_text()
        .splitlines()[0]
        .startswith("run_id,pipeline,part,feature")
    )


def test_parts_that_were_measured_bear_the_cost_of_the_machine(tmp_path: Path) -> None:
    company = Company(folder=tmp_path)
    (tmp_path / "runs.csv").write_text("")
    (tmp_path / "runs.csv").unlink()
    with effort("fv_orders", file=tmp_path / "runs.csv", pipeline="features", resource_id="m"):
        pass
    with (
        pytest.raises(ZeroDivisionError),
        effort("fv_clicks", file=tmp_path / "runs.csv", pipeline="features", resource_id="m"),
    ):
        1 / 0  # noqa: B018
    text = (tmp_path / "runs.csv").read_text()
    assert [line.split(",")[5] for line in text.splitlines()] == ["status", "success", "failed"]
    today = text.splitlines()[1].split(",")[7][:10]
    # An hour each of the day, so that the test does not hang on how long nothing takes.
    rows = [line.split(",") for line in text.splitlines()]
    for hour, row in enumerate(rows[1:]):
        row[7], row[8] = f"{today}T0{hour}:00:00Z", f"{today}T0{hour + 1}:00:00Z"
    (tmp_path / "runs.csv").write_text("".join(",".join(row) + "\n" for row in rows))
    company.bill(
        {
            "cost": "24",
            "ResourceId": "m",
            "BillingPeriodStart": f"{today[:7]}-01T00:00:00Z",
            "ChargePeriodStart": f"{today}T00:00:00Z",
            "ChargePeriodEnd": f"{today}T23:59:59Z",
        }
    )
    company.source(name="runs", type="runs", path="runs.csv")
    company.catalogue(
        "resources: [{name: m, billed_by: [{resource_id: m}], overlap: duration}]\n"
        "pipelines: [{name: features}]\n"
        "features: [{name: fv_orders}, {name: fv_clicks}]\n"
    )
    company.refresh()
    cost = company.cost()
    assert cost["fv_orders"] == cost["fv_clicks"] == Decimal(12)


def test_parts_side_by_side_write_whole_rows_under_one_header(tmp_path: Path) -> None:
    def part(number: int) -> None:
        with effort(f"f{number}", file=tmp_path / "deep" / "runs.csv", pipeline="p"):
            pass

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(part, range(200)))
    lines = (tmp_path / "deep" / "runs.csv").read_text().splitlines()
    assert len(lines) == 201
    assert sorted(line.split(",")[3] for line in lines[1:]) == sorted(f"f{n}" for n in range(200))
    assert {line.count(",") for line in lines} == {len(annotate.COLUMNS) - 1}


def test_a_run_of_several_processes_has_one_name(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []
    with effort("a", tell=told.append):
        pass
    assert told[0]["run_id"] == run_id()  # type: ignore[index]
    monkeypatch.setenv("COSTLENS_RUN", "nightly-1")
    assert run_id() == "nightly-1"
    assert tags(feature="a", team="t") == {"costlens.feature": "a", "costlens.team": "t"}
