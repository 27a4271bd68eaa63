"""Rules of the whole code that a reader cannot see in one file."""

import ast
import re
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from checkout import ROOT, tracked

from costlens import comparing, whatif
from costlens.allocate import steps, trace
from costlens.allocate.book import make_book
from costlens.config import load
from costlens.engine import connect
from costlens.ingest.source import macros
from costlens.lake import Build, Lake
from costlens.money import define
from costlens.paths import bundled
from costlens.questions import portfolio
from costlens.questions.against import open_tables
from costlens.questions.ask import Asked, set_rates
from costlens.questions.cascades import keep_cascades
from costlens.questions.window import ALWAYS

MONEY = re.compile(r"billed|effective|cost|money", re.IGNORECASE)
SQL = [path for path in tracked() if path.suffix == ".sql"]
PYTHON = [path for path in tracked("costlens", "sample_data", "dashboards") if path.suffix == ".py"]

# A value for every parameter that a step or a question takes.
GIVEN = {
    "period": "2026-05",
    "month": "2026-05",
    "first_pool": 0,
    "last_pool": 0,
    "source": "bill",
    "line": 1,
    "level": "feature",
    "evidence_level": 2,
    "side": "benefit",
    "by": "service",
    "grain": "day",
    "target": "fv_orders",
    "targets": ["feature:fv_orders"],
    "stage": None,
    "service": None,
    "class": None,
    "build": 1,
    "day": datetime(2026, 5, 1).date(),
    "gone": ["fv_orders"],
    "horizon": "now",
    "most": 10,
    "owner": None,
    "is_whole": False,
    "as_of": datetime(2026, 6, 1).date(),
    "product": None,
    "basis": "billed",
    "start": datetime(2026, 5, 1).date(),
    "stop": datetime(2026, 6, 1).date(),
    "first": "2026-05",
    "after": "2026-06",
    "before": "2026-04",
    "pipeline": "shop_features",
    "execution": "shop_features_daily/run",
    "currency": "USD",
    "sources": '[{"name": "bill", "type": "focus"}]',
    "since": datetime(2026, 6, 1),
    "producer": "costlens",
    "tolerance": Decimal("0.01"),
    "unread_days": 30,
    "alike": Decimal("0.98"),
    "days": 7,
    "factor": Decimal(4),
    "least": Decimal(1),
    "drift": Decimal("0.2"),
}


def code(path: Path) -> str:
    """Read a SQL file without its comments, texts and quoted names."""
    text = (ROOT / path).read_text(encoding="utf-8")
    return re.sub(r"""--[^\n]*|'(?:[^']|'')*'|"[^"]*\"""", "''", text)


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """Take a build without a single row through every step, in order."""
    workspace = load(bundled("sample_data"))
    book = make_book(workspace.settings, workspace.catalogue)
    con = connect()
    with Lake(tmp_path_factory.mktemp("empty") / "lake").writing() as draft:
        draft.open(con)
    steps.prepare(con, book)
    steps.run(con, ("inputs",), **GIVEN)
    steps.split_period(con, "2026-05")
    steps.assert_balanced(con, "2026-05")
    steps.run(con, ("found",), **GIVEN)
    steps.run(con, ("catalogue", "graph", "found_in_runs"))
    nothing: dict[str, list[object]] = {"fx": []}
    build = Build(
        number=1,
        built_at=datetime(2026, 5, 1),
        engine="",
        versions={},
        inputs={},
        settings=nothing,
        periods={},
        totals={},
    )
    set_rates(con, build, None)
    open_tables(con)
    asked = Asked(build=build, con=con)
    keep_cascades(asked, level="feature", basis="effective", window=ALWAYS)
    for question in (
        "explain_parts",
        "explain_ways",
        "explain_policies",
        "bill_days",
        "benefits",
        "member_benefits",
        "way_costs",
        "machine_spans",
        "cost_by_target",
        "change_by_target",
        "roi_by_target",
        "scope",
        "ranked",
        "by_method",
        "daily_costs",
        "spans",
        "forecasts",
        "budget",
        "unusual",
        "unit_drift",
        "coverage",
        "chargeback_by_team",
    ):
        asked.keep(question, **GIVEN)
    asked.keep("measure_next", "guesses", **GIVEN)
    asked.keep("stages_borne", "stage_amounts", **GIVEN)
    asked.keep("rules_borne", "stage_rules", **GIVEN)
    asked.keep("stage_parts", "stages_now", **GIVEN)
    asked.keep("stage_parts", "stages_before", **GIVEN)
    con.execute("create temp table needed as from node_sets")
    steps.run(con, ("stopped",))
    con.execute(whatif.CHANGED)
    asked.make("chosen", list, shape=portfolio.SHAPE)
    trace.trace_placements(con, "2026-05")
    asked.keep("told_lines", **GIVEN)
    for side in ("before", "after"):
        con.execute(f"create temp table rates_{side} as from rates")
    con.execute(comparing.STATES)
    return con


@pytest.mark.parametrize(
    "path",
    [p for p in SQL if p.parts[:2] in {("costlens", "allocate"), ("costlens", "questions")}],
    ids=str,
)
def test_every_step_and_question_binds_against_an_empty_build(
    con: duckdb.DuckDBPyConnection, path: Path
) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")
    assert con.execute(f"explain {text}", steps.parameters(text, GIVEN)).fetchall()


@pytest.mark.parametrize("path", [p for p in SQL if "checks" in p.parts], ids=str)
def test_every_check_of_a_load_binds_against_an_empty_build(
    con: duckdb.DuckDBPyConnection, path: Path
) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")
    with macros(con):
        assert con.execute(f"explain {text}", steps.parameters(text, GIVEN)).fetchall()


def test_the_macros_of_money_are_made_on_a_bare_connection() -> None:
    with duckdb.connect() as bare:
        define(bare)


def test_money_is_never_divided_and_never_a_float_in_sql() -> None:
    for path in SQL:
        for line in code(path).splitlines():
            if re.search(r"(?<!/)/(?!/)", line):
                assert "::double" in line, f"{path}: {line}"
                assert not MONEY.search(line), f"{path}: {line}"
            if re.search(r"(billed|effective|cost\w*)\s*::\s*(double|float|real)", line, re.I):
                raise AssertionError(f"{path}: {line}")
            assert not re.search(r"\d[eE]-?\d", line), f"{path}: {line}"


def test_python_turns_nothing_into_a_float() -> None:
    for path in PYTHON:
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id != "float", f"{path}:{node.lineno}"


def test_sql_starts_by_saying_what_its_rows_are() -> None:
    for path in SQL:
        if path.parts[0] == "costlens" and path.stem not in {"money", "macros"}:
            text = (ROOT / path).read_text(encoding="utf-8")
            assert text.startswith("-- "), path


def test_no_tracked_file_names_a_machine_or_a_registry() -> None:
    machine = re.compile(r"/(?:home|root|work)/\w")  # "/Users/ana" is a Databricks notebook
    registry = re.compile(
        r"pypi\.|pythonhosted|npmjs|index-url|artifactory|://proxy", re.IGNORECASE
    )
    for path in tracked():
        if (ROOT / path).is_symlink() or path.name == Path(__file__).name:
            continue
        text = (ROOT / path).read_bytes().decode("utf-8", "ignore")
        for rule in (machine, registry):
            found = rule.search(text)
            assert found is None, f"{path}: {found and found[0]}"
