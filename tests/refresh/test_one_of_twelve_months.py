"""One month of twelve is restated: its files are written, and no other month's, in no table.

Of three months as well: that is the quick proof.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from company import Company
from shop import PERIOD_TABLES, bill, files, of_any_build, open_shop, rows

from costlens.lake import TABLES

JULY = 7
OTHERS = "<> '2026-07'"
ASKED = [
    [*words, "--start", start, "--stop", stop]
    for start, stop in (("2026-01", "2026-07"), ("2026-08", "2027-01"))
    for words in (
        ["cost"],
        ["cost", "--by", "stage", "--basis", "billed"],
        ["explain", "feature:orders"],
    )
]


@dataclass(frozen=True, kw_only=True)
class State:
    """What a lake has: its files by month, its commits, the rows and answers of the other months."""

    files: dict[int, dict[str, set[str]]]
    commits: set[Path]
    rows: dict[str, str]
    answers: list[str]
    statement: list[dict[str, str]]


def state(company: Company, months: Sequence[int]) -> State:
    answers = [company.run(*words, "--format", "csv") for words in ASKED]
    assert {ran.code for ran in answers} == {0}, [ran.err for ran in answers]
    return State(
        files={month: dict(files(company, month)) for month in months},
        commits=set((company.folder / "lake").glob("*/_delta_log/*.json")),
        rows={
            **{t: rows(company, t, where=f"billing_period {OTHERS}") for t in PERIOD_TABLES},
            "charges": rows(company, "charges", where=f"billing_period {OTHERS}"),
            "loads": rows(company, "loads", where=f"period {OTHERS}"),
        },
        answers=[of_any_build(ran) for ran in answers],
        statement=company.ask("statement"),
    )


@pytest.fixture(
    scope="module",
    params=[
        pytest.param((6, 7, 8), id="three"),
        pytest.param(range(1, 13), id="twelve", marks=pytest.mark.slow),
    ],
)
def twice(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[State, State]:
    """Load some months, restate July, and tell how the lake was before and is after."""
    company = open_shop(Company(folder=tmp_path_factory.mktemp("year")), request.param)
    company.refresh()
    before = state(company, request.param)
    bill(company, JULY, "8.02")
    assert company.refresh().out == "build 2 published\n"
    return before, state(company, request.param)


def test_only_files_of_the_restated_month_are_others(twice: tuple[State, State]) -> None:
    before, after = twice
    was, now = before.files[JULY], after.files[JULY]
    others = [month for month in before.files if month != JULY]
    assert [after.files[month] for month in others] == [before.files[month] for month in others]
    changed = {table for table in was if now[table] != was[table]}
    assert {"charges", "placements", "stage_costs", "ledger"} <= changed
    assert changed <= {"charges", *PERIOD_TABLES}  # its runs and what was read are as they were
    assert not now["charges"] & was["charges"]
    assert not now["ledger"] & was["ledger"]


def test_the_log_of_every_table_tells_of_that_month_alone(twice: tuple[State, State]) -> None:
    before, after = twice
    touched: dict[str, set[str]] = {}
    for path in after.commits - before.commits:
        months = touched.setdefault(path.parts[-3], set())
        for line in path.read_text().splitlines():
            for action in ("add", "remove"):
                told = json.loads(line).get(action)
                if told:
                    values = told["partitionValues"]
                    months.add(values.get("billing_period") or values.get("month") or "(all)")
    assert {"loads", "builds", "charges", "placements", "stage_costs", "ledger"} <= touched.keys()
    for table, months in touched.items():
        assert months == ({"2026-07"} if TABLES[table].partitions else {"(all)"}), table


def test_the_rows_and_answers_of_the_other_months_are_the_same_byte_for_byte(
    twice: tuple[State, State],
) -> None:
    before, after = twice
    empty = [key for key, text in before.rows.items() if text.count("\n") < 2]
    empty += [ask for ask, text in zip(ASKED, before.answers, strict=True) if text == "[]"]
    assert not empty
    assert after.rows == before.rows
    assert after.answers == before.answers


def test_the_statement_of_that_month_alone_is_another_and_ties(twice: tuple[State, State]) -> None:
    assert {Decimal(row["difference"]) for row in twice[1].statement} == {Decimal(0)}
    others = [[row for row in one.statement if row["period"] != "2026-07"] for one in twice]
    assert others[0] == others[1]
    (was, now) = (
        next(r for r in one.statement if r["period"] == "2026-07" and r["basis"] == "billed")
        for one in twice
    )
    # Three lines a month cost 8.02 each, which were 7.01.
    assert Decimal(now["source_total"]) - Decimal(was["source_total"]) == Decimal("3.03")
