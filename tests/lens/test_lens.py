"""The Python API answers what the command does, to the last digit, and starts light."""

import inspect
import json
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from keyword import iskeyword
from pathlib import Path
from typing import Any

import click
import pandas as pd
import pytest
from company import Company

import costlens
from costlens.cli.main import VERBS, root
from costlens.errors import CostLensError
from costlens.lens import Lens

OCTOBER = {"month": "2026-10"}
MONTH = ("--month", "2026-10")
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


FEATURE, PRODUCT = "feature:fv_support_tickets", "product:retention_campaign"
LINE = "aws:2026-10:17"
RUN = "discovery_nightly/scheduled__2026-10-31T19:30:00+00:00"


@pytest.mark.few(6)
@pytest.mark.parametrize(
    ("words", "ask"),
    [
        (("cost", *MONTH), lambda lens: lens.cost(**OCTOBER)),
        (("cost", "--by", "team", *MONTH), lambda lens: lens.cost(by="team", **OCTOBER)),
        (("cost", "--basis", "billed"), lambda lens: lens.cost(basis="billed")),
        (("roi", *MONTH), lambda lens: lens.roi(**OCTOBER)),
        (("statement", *MONTH), lambda lens: lens.statement(**OCTOBER)),
        (("statement", "--by", "class"), lambda lens: lens.statement(by="class")),
        (("portfolio", *MONTH), lambda lens: lens.portfolio(**OCTOBER)),
        (("explain", FEATURE, *MONTH), lambda lens: lens.explain(FEATURE, **OCTOBER)),
        (
            ("explain", FEATURE, "--class", "work", "--service", "AWS*", "--lines", "--most", "3"),
            lambda lens: lens.explain(FEATURE, class_="work", service="AWS*", lines=True, most=3),
        ),
        (("value", PRODUCT, *MONTH), lambda lens: lens.value(PRODUCT, **OCTOBER)),
        (("value", PRODUCT, "--years", "2"), lambda lens: lens.value(PRODUCT, years=2)),
        (("coverage", "--by", "bill"), lambda lens: lens.coverage(by="bill")),
        (("savings", "--alike", "0.9"), lambda lens: lens.savings(alike="0.9")),
        (("forecast", "--by", "product"), lambda lens: lens.forecast(by="product")),
        (("budget", *MONTH), lambda lens: lens.budget(**OCTOBER)),
        (("realisation",), lambda lens: lens.realisation()),
        (("measure-next", *MONTH), lambda lens: lens.measure_next(**OCTOBER)),
        (("sensitivity", "--methods"), lambda lens: lens.sensitivity(methods=True)),
        (("sensitivity", "--pairs"), lambda lens: lens.sensitivity(pairs=True)),
        (
            ("avoidable", FEATURE, "feature:fv_payment_risk", "--horizon", "now"),
            lambda lens: lens.avoidable(FEATURE, "feature:fv_payment_risk", horizon="now"),
        ),
        (("trace", LINE), lambda lens: lens.trace(LINE)),
        (("runs", *MONTH), lambda lens: lens.runs(**OCTOBER)),
        (("runs", "--explain", RUN), lambda lens: lens.runs(explain=RUN)),
        (("loads",), lambda lens: lens.loads()),
        (("sources",), lambda lens: lens.sources()),
        (("months",), lambda lens: lens.months()),
        (("builds",), lambda lens: lens.builds()),
        (("findings",), lambda lens: lens.findings()),
        (("compare", "1"), lambda lens: lens.compare(1)),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, tuple) else "",
)
def test_a_frame_has_the_rows_of_the_command(
    demo: Company, lens: Lens, words: tuple[str, ...], ask: Callable[[Lens], pd.DataFrame]
) -> None:
    frame = ask(lens)
    said = demo.run(*words, "--format", "json")
    assert said.code == 0, said.err
    rows = json.loads(said.out)
    assert not rows or list(frame.columns) == list(rows[0])
    assert [[plain(cell) for cell in row] for row in frame.itertuples(index=False)] == [
        [plain(cell) for cell in row.values()] for row in rows
    ]


def test_alerts_are_those_of_the_command_which_ends_with_1(demo: Company, lens: Lens) -> None:
    said = demo.run("alerts", "--by", "product", "--least", "1", "--format", "json")
    frame = lens.alerts(by="product", least=1)
    assert (said.code, len(frame)) == (1, len(json.loads(said.out)))


WRITES = "it writes, serves or prepares, and answers nothing"
NO_QUESTION = {
    **dict.fromkeys(
        ("init", "import", "refresh", "close", "vacuum", "serve", "password", "demo"), WRITES
    ),
    **dict.fromkeys(("report", "schedule", "export"), WRITES),
    "shell": "Python is one",
    "check": "it is about the files of a workspace, not about a build",
    "packs": "they are no build's",
    "schema": "it is no build's",
}
CALLED = {"query": "sql", "measure-next": "measure_next"}
ELSEWHERE = {"config", "build"}  # of costlens.open()
PRINTED = {"style", "out"}
NOT_IN_PYTHON = {"query": {"listed", "watch", "values"}}  # values are given by their own names
OTHER_DEFAULTS = {("sql", "most"), ("sql", "seconds")}  # whoever calls it bounds it


def test_every_question_of_the_command_is_asked_alike_in_python() -> None:
    verbs = {CALLED.get(verb, verb) for verb in VERBS if verb not in NO_QUESTION}
    methods = {
        name
        for name, found in inspect.getmembers(Lens, inspect.isfunction)
        if not name.startswith("_") and name != "close"
    }
    assert methods == verbs
    page = (NOTEBOOK.parent / "python.md").read_text(encoding="utf-8")
    assert {name for name in methods if f"`{name}`" not in page} == set()
    assert set(VERBS) >= set(NO_QUESTION)


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb not in NO_QUESTION])
def test_it_takes_what_the_command_takes_with_the_same_defaults(verb: str) -> None:
    command = root.get_command(click.Context(root), verb)
    assert command is not None
    left_out = ELSEWHERE | PRINTED | NOT_IN_PYTHON.get(verb, set())
    wanted = {
        parameter_of(one): one
        for one in command.params
        if one.name not in left_out and not one.is_eager
    }
    name = CALLED.get(verb, verb)
    taken = {
        each.name: each
        for each in inspect.signature(getattr(Lens, name)).parameters.values()
        if each.name != "self" and each.kind is not inspect.Parameter.VAR_KEYWORD
    }
    if name == "sql":
        taken["sql"] = taken.pop("query")
    assert set(taken) == set(wanted)
    for each, one in wanted.items():
        if (name, each) in OTHER_DEFAULTS or taken[each].default is inspect.Parameter.empty:
            continue
        said = one.to_info_dict()["default"]
        assert str(taken[each].default) == str(said), each


def parameter_of(one: click.Parameter) -> str:
    """Name it as the command line does, and as Python can."""
    said = one.opts[-1].lstrip("-").replace("-", "_")
    return f"{said}_" if iskeyword(said) else said


def test_words_that_a_question_does_not_take_are_refused(lens: Lens) -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'mont'"):
        lens.cost(mont="2026-10")  # type: ignore[call-arg]  # what the test is about
    with pytest.raises(TypeError, match="unexpected keyword argument 'basis'"):
        lens.statement(basis="billed")  # type: ignore[call-arg]  # likewise
    assert "month: str | None = None" in str(inspect.signature(lens.cost))


def plain(cell: Any) -> str | None:  # noqa: ANN401 -- a cell
    if cell is None or cell is pd.NA or cell is pd.NaT or cell != cell:  # noqa: PLR0124
        return None
    if isinstance(cell, pd.Timestamp) or re.match(r"\d{4}-\d\d-\d\d( |$)", str(cell)):
        return str(pd.Timestamp(cell))
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
    known = lens.coverage(**OCTOBER)
    drawn = known.plot()
    shown = known[~known["name"].str.startswith("(")].head(12)
    assert len(drawn.data) == 6  # a colour for each grade
    assert list(drawn.data[0].x) == list(shown["direct"])
    assert len(lens.whatif({"drop": [FEATURE]}, **OCTOBER).plot().data) == 2
    assert len(lens.sensitivity(**OCTOBER).plot().data[1].x) == 10
    savings = lens.savings(**OCTOBER)
    assert max(lens.savings(**OCTOBER).plot().data[0].x) == savings["saving"].dropna().max()
    benefit = lens.portfolio(**OCTOBER)
    assert max(benefit.plot().data[0].x) == benefit["avoidable"].max()


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
