"""Whose time was whose: `costlens runs`, alone and of one run."""

from decimal import Decimal

import pytest
from company import Company

CATALOGUE = """
pipelines:
  - name: shop
    runs: {match: {pipeline: [shop_daily, shop_spark]}}
"""


def run(run_id: str, pipeline: str, start: str, stop: str, **more: str) -> dict[str, str]:
    day = "2026-05-03T"
    return {
        "run_id": run_id,
        "pipeline": pipeline,
        "part": "extract",
        "start": f"{day}{start}:00Z",
        "end": f"{day}{stop}:00Z",
        **more,
    }


@pytest.fixture
def nested(company: Company) -> Company:
    """A task of two hours that holds an application of one hour, which holds a tracked training."""
    company.bill({"cost": "1"})
    company.catalogue(CATALOGUE)
    company.runs(
        run("d1", "shop_daily", "01:00", "03:00"),
        run("d1", "shop_daily", "03:00", "03:30", part="publish"),
        run("d2", "shop_daily", "05:00", "05:10", status="failed"),
        name="airflow",
    )
    company.runs(run("app-1", "shop_spark", "01:30", "02:30"), name="spark")
    company.runs(
        run("d1", "training", "01:40", "02:00", parent_run_id="shop_spark/app-1/extract"),
        name="tracked",
    )
    assert company.refresh().code == 0
    return company


def test_a_run_that_is_in_another_has_its_time_and_says_why(nested: Company) -> None:
    rows = nested.ask("runs")
    told = {(r["source"], r["run"]): r for r in rows}
    assert [r["start"] for r in rows] == sorted((r["start"] for r in rows), reverse=True)
    assert {
        name: (r["seconds"], r["own_seconds"], r["because"], r["wasted"])
        for name, r in told.items()
    } == {
        ("airflow", "d1"): ("9000", "5400", "", "0"),
        ("airflow", "d2"): ("600", "600", "", "1"),
        ("spark", "app-1"): ("3600", "2400", "time", "0"),
        ("tracked", "d1"): ("1200", "1200", "parent", "0"),
    }
    assert told["spark", "app-1"]["within"] == "airflow:shop_daily/d1"
    assert told["tracked", "d1"]["within"] == "spark:shop_spark/app-1"


@pytest.mark.parametrize("name", ["app-1", "tracked:training/d1", "shop_daily/d1"])
def test_a_run_is_explained_with_all_around_it_and_no_second_twice(
    nested: Company, name: str
) -> None:
    rows = nested.ask("runs", "--explain", name)
    assert [(r["depth"], r["source"], r["part"], r["own_seconds"], r["within"]) for r in rows] == [
        ("0", "airflow", "extract", "3600", ""),
        ("0", "airflow", "publish", "1800", ""),
        ("1", "spark", "extract", "2400", "airflow:shop_daily/d1/extract try 1"),
        ("2", "tracked", "extract", "1200", "spark:shop_spark/app-1/extract"),
    ]
    # From 01:00 to 03:30 somebody was at work, once.
    assert sum(Decimal(r["own_seconds"]) for r in rows) == 9000


def test_a_name_of_several_runs_says_how_to_tell_them_apart(nested: Company) -> None:
    ran = nested.run("runs", "--explain", "d1")
    assert ran.code == 1
    assert "2 runs are called d1" in ran.err
    assert "airflow:shop_daily/d1, tracked:training/d1" in ran.err


def test_an_unknown_run_or_pipeline_names_what_is_near(nested: Company) -> None:
    assert "did you mean app-1?" in nested.run("runs", "--explain", "app-11").err
    assert "did you mean shop?" in nested.run("runs", "--pipeline", "shopp").err


def test_runs_are_listed_by_the_pipeline_and_the_days_asked_for(nested: Company) -> None:
    assert {r["source"] for r in nested.ask("runs", "--pipeline", "shop")} == {"airflow", "spark"}
    assert nested.ask("runs", "--start", "2026-05-04") == []
    assert len(nested.ask("runs", "--month", "2026-05")) == 4


def test_runs_that_name_each_other_as_parents_end(company: Company) -> None:
    company.bill({"cost": "1"})
    company.runs(
        run("a", "p", "01:00", "02:00", parent_run_id="b"),
        run("b", "p", "01:00", "02:00", parent_run_id="a"),
    )
    company.refresh()
    rows = company.ask("runs", "--explain", "a")
    assert {r["run"] for r in rows} == {"a", "b"}
