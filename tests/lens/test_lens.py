"""The Python API answers what the command does, to the last digit, and starts light."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from company import Company

import costlens
from costlens.errors import CostLensError
from costlens.lens import Lens

OCTOBER = {"month": "2026-10"}
NOTEBOOK = Path(__file__).parents[2] / "docs" / "notebook.ipynb"


@pytest.fixture(scope="module")
def lens(demo: Company) -> Lens:
    return costlens.open(demo.folder)


def test_importing_costlens_imports_nothing_else_of_weight() -> None:
    script = (
        "import costlens, sys; print(len([m for m in sys.modules if m.startswith('costlens')]))"
    )
    heavy = "print({'pandas', 'duckdb', 'plotly', 'yaml', 'click', 'numpy'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", f"{script}; {heavy}"], capture_output=True, text=True, check=True
    )
    assert done.stdout == "1\nset()\n"


@pytest.mark.few(4)
@pytest.mark.parametrize(
    ("words", "ask"),
    [
        (("cost", "--by", "feature"), lambda lens: lens.cost(**OCTOBER)),
        (("cost", "--by", "team"), lambda lens: lens.cost(by="team", **OCTOBER)),
        (("cost", "--basis", "billed"), lambda lens: lens.cost(basis="billed", **OCTOBER)),
        (("roi",), lambda lens: lens.roi(**OCTOBER)),
        (("statement",), lambda lens: lens.statement(**OCTOBER)),
        (("portfolio",), lambda lens: lens.portfolio(**OCTOBER)),
        (
            ("explain", "feature:fv_support_tickets"),
            lambda lens: lens.explain("feature:fv_support_tickets", **OCTOBER),
        ),
        (
            ("value", "product:retention_campaign"),
            lambda lens: lens.value("product:retention_campaign", **OCTOBER),
        ),
    ],
    ids=lambda given: given[0] if isinstance(given, tuple) else "",
)
def test_a_frame_has_the_rows_of_the_command(
    demo: Company, lens: Lens, words: tuple[str, ...], ask: Callable[[Lens], pd.DataFrame]
) -> None:
    frame = ask(lens)
    said = demo.run(*words, "--month", "2026-10", "--format", "json")
    assert said.code == 0, said.err
    rows = json.loads(said.out)
    assert list(frame.columns) == list(rows[0])
    assert [[plain(cell) for cell in row] for row in frame.itertuples(index=False)] == [
        [plain(cell) for cell in row.values()] for row in rows
    ]


def plain(cell: Any) -> str | None:  # noqa: ANN401 -- a cell
    if cell is None or cell is pd.NA or cell is pd.NaT or cell != cell:  # noqa: PLR0124
        return None
    if isinstance(cell, pd.Timestamp):
        return str(cell.date())
    try:
        return str(Decimal(str(cell)).normalize())
    except ArithmeticError:
        return str(cell)


def test_amounts_are_decimals_that_add_up_to_the_bill(lens: Lens) -> None:
    cost = lens.cost(**OCTOBER)
    assert {type(cell) for cell in cost["allocated"]} == {Decimal}
    statement = lens.statement(**OCTOBER)
    bill = statement.loc[statement["basis"] == "effective", "ingested"].sum()
    assert cost["allocated"].sum() == bill == Decimal("44058.2594306703")
    assert cost.groupby("currency")["allocated"].sum()["USD"] == bill


@pytest.mark.parametrize(
    "start",
    ["2026-10-01", "2026-10", date(2026, 10, 1), datetime(2026, 10, 1), pd.Timestamp("2026-10-01")],
)
def test_a_day_may_be_said_in_any_way(lens: Lens, start: Any) -> None:  # noqa: ANN401
    assert (
        lens.cost(start=start)["allocated"].sum()
        == lens.cost(start="2026-10-01")["allocated"].sum()
    )


def test_whatif_takes_a_mapping_and_leaves_the_build_alone(demo: Company, lens: Lens) -> None:
    then = lens.whatif({"drop": ["feature:fv_support_tickets"]}, **OCTOBER).set_index("name")
    assert then.loc["fv_support_tickets", "cost_then"] == 0
    assert then.loc["fv_support_tickets", "cost"] > 0
    assert {row["build"] for row in demo.ask("builds")} == {"1"}


def test_sql_takes_values_by_name_and_has_limits(lens: Lens) -> None:
    asked = "select distinct billing_period as month from charges where billing_period > $month"
    assert list(lens.sql(f"{asked} order by all", month="2026-08")["month"]) == [
        "2026-09",
        "2026-10",
    ]
    with pytest.raises(CostLensError, match="more than 1 rows"):
        lens.sql(asked, most=1, month="2026-08")
    with pytest.raises(CostLensError, match="no answer within 1 seconds"):
        lens.sql("select count(*) from range(100000) a, range(100000) b, range(1000) c", seconds=1)
    with pytest.raises(CostLensError, match="disabled"):
        lens.sql("select * from read_text('/etc/passwd')")


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda lens: lens.cost(by="colour"), 'by cannot be "colour"'),
        (lambda lens: lens.cost(start="soon"), '"soon" is no day'),
        (lambda lens: lens.cost(month="2026-10", start="2026-10"), "month goes without"),
        (lambda lens: lens.cost(start="2026-10", stop="2026-10"), "the window is empty"),
        (lambda lens: lens.cost(basis="list"), 'basis cannot be "list"'),
        (lambda lens: lens.explain("feature:nope"), "no feature is called nope"),
        (lambda lens: lens.whatif({"drp": 1}), 'unknown key "drp"'),
        (lambda lens: lens.statement().plot(), "nothing to draw"),
        (lambda _: costlens.open("/nowhere"), "no file /nowhere"),
    ],
)
def test_a_mistake_is_told(lens: Lens, ask: Callable[[Lens], object], said: str) -> None:
    with pytest.raises(CostLensError, match=said):
        ask(lens)


def test_a_notebook_shows_amounts_to_the_cent_and_names_harmlessly(lens: Lens) -> None:
    html = lens.cost(**OCTOBER)._repr_html_()
    assert html.startswith("<p>Cost by feature · billing month 2026-10 · effective · build 1</p>")
    dearest = lens.cost(**OCTOBER)["allocated"].iloc[0]
    assert f"<td>{dearest:,.2f}</td>" in html
    assert "E-12" not in html
    assert "&lt;b&gt;" in lens.sql("select '<b>' as name")._repr_html_()


def test_the_figure_is_that_of_the_pages(lens: Lens) -> None:
    from costlens.web.theme import BLUE, OLIVE

    drawn = lens.roi(**OCTOBER).plot()
    assert [trace.marker.color for trace in drawn.data[:2]] == [BLUE, OLIVE]
    assert drawn.data[0].x[0] == lens.roi(**OCTOBER)["cost"].max()
    assert len(lens.cost(**OCTOBER).plot().data) == 1


def test_a_lens_stays_with_its_build(demo: Company, tmp_path: Path) -> None:
    with costlens.open(demo.folder, build=1) as lens:
        assert (lens.build.number, repr(lens).startswith("<build 1 of ")) == (1, True)


def cells() -> list[str]:
    said = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in said["cells"] if cell["cell_type"] == "code"]


def test_every_cell_of_the_notebook_runs(demo: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(demo.folder.parent)
    space: dict[str, Any] = {}
    for cell in cells():
        exec(compile(cell, "notebook", "exec"), space)
    assert space["cost"]["allocated"].sum() == space["bill"]
    kept = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    assert not any(cell.get("outputs") for cell in kept)


@pytest.mark.slow
def test_the_notebook_runs_in_a_kernel(demo: Company) -> None:
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(NOTEBOOK, as_version=4)
    NotebookClient(
        notebook, timeout=120, resources={"metadata": {"path": str(demo.folder.parent)}}
    ).execute()
    kinds = {
        kind
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        for kind in output.get("data", {})
    }
    assert {"text/html", "application/vnd.plotly.v1+json"} <= kinds
