"""However a lake came to its inputs, it holds what a fresh refresh of them would (I6, I8).

A month that is closed holds what it held when it was closed, until it is reopened (I14).
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb
import pytest
from company import Company
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from shop import CATALOGUE, anew, bill, of_month, open_shop, results, runs_of

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
MONTHS = st.sampled_from([4, 5, 6])
COSTS = st.sampled_from(["7.01", "8.02", "0.000000000001", "123456.7", "-3"])


class Bookkeeping(RuleBasedStateMachine):
    """Somebody adds, repeats and corrects, closes and reopens, and refreshes in between."""

    @initialize()
    def open(self) -> None:
        self.place = Path(tempfile.mkdtemp(prefix="costlens-test-"))
        (self.place / "shop").mkdir()
        self.shop = Company(folder=self.place / "shop")
        open_shop(self.shop, (5,))
        self.days: dict[int, list[int]] = {5: [1, 2]}
        self.behind = True
        self.closed: dict[int, dict[str, str]] = {}

    @rule(month=MONTHS, cost=COSTS)
    def add_or_correct_a_month(self, month: int, cost: str) -> None:
        bill(self.shop, month, cost)
        self.behind = True

    @rule()
    def deliver_a_month_again(self) -> None:
        path = sorted((self.shop.folder / "billing").iterdir())[0]
        path.write_bytes(path.read_bytes())

    @rule(month=MONTHS, day=st.integers(1, 3))
    def add_or_take_back_runs(self, month: int, day: int) -> None:
        self.days[month] = sorted({day} ^ set(self.days.get(month, [])))
        self.shop.runs(*(row for m, days in self.days.items() for row in runs_of(m, days)))
        self.behind = True

    @rule(weight=st.integers(1, 3))
    def change_the_catalogue(self, weight: int) -> None:
        self.shop.catalogue(CATALOGUE.replace("weight: 2", f"weight: {weight}"))
        self.behind = True

    @precondition(lambda self: self.behind)
    @rule()
    def refresh(self) -> None:
        self.shop.refresh()
        self.behind = False

    @precondition(lambda self: not self.behind)
    @rule()
    def refresh_for_nothing(self) -> None:
        assert self.shop.refresh().out.startswith("nothing new: ")

    @precondition(lambda self: not self.behind)
    @rule(month=MONTHS)
    def close_a_month(self, month: int) -> None:
        if self.shop.run("close", f"2026-{month:02}").code == 0:
            self.closed[month] = of_month(self.shop, month)

    @rule(month=MONTHS)
    def reopen_a_month(self, month: int) -> None:
        if self.closed.pop(month, None):
            ran = self.shop.run("refresh", "--reopen", f"2026-{month:02}")
            assert ran.code == 0, ran.err
            self.behind = False

    @invariant()
    def closed_months_stay(self) -> None:
        if hasattr(self, "shop") and not self.behind:
            for month, kept in self.closed.items():
                assert of_month(self.shop, month) == kept

    @invariant()
    def nothing_is_lost(self) -> None:
        if hasattr(self, "shop") and not self.behind:
            stated = self.shop.ask("statement")
            assert {row["difference"] for row in stated} == {"0"}

    def teardown(self) -> None:
        if not hasattr(self, "shop"):
            return
        try:
            self.shop.refresh()
            for month in list(self.closed):
                self.reopen_a_month(month=month)
            assert results(self.shop) == anew(self.shop, self.place / "anew")
        finally:
            shutil.rmtree(self.place)


TestBookkeeping = pytest.mark.slow(Bookkeeping.TestCase)
TestBookkeeping.settings = settings(
    max_examples=40 if NIGHTLY else 2, stateful_step_count=20 if NIGHTLY else 8, deadline=None
)

LONG_BILL = """
copy (
    select
        ((n * 7919) % 100003) * 0.001::decimal(38, 12) as BilledCost,
        BilledCost as EffectiveCost,
        'USD' as BillingCurrency,
        '1' as BillingAccountId,
        timestamp '2026-05-01' as BillingPeriodStart,
        timestamp '2026-05-01' + interval (n % 31) day as ChargePeriodStart,
        ChargePeriodStart + interval 1 day as ChargePeriodEnd,
        'Usage' as ChargeCategory,
        ['Snowflake', 'S3', 'Serving', 'Compute'][n % 4 + 1] as ServiceName,
        ['cluster', 'table', 'endpoint', null, 'other-' || n % 50][n % 5 + 1] as ResourceId
    from range(250_000) as lines (n)
) to '{}' (format parquet, row_group_size 20_480)
"""
# The number of threads is DuckDB's own setting; the command has none.
REFRESH = """
import sys, duckdb
from functools import partial
duckdb.connect = partial(duckdb.connect, config={"threads": int(sys.argv[1])})
from costlens.cli import main
main(["refresh", "--config", sys.argv[2]])
"""


@pytest.mark.slow
def test_hash_seeds_and_threads_do_not_change_a_unit(tmp_path: Path) -> None:
    found = []
    for seed, threads in (("1", "1"), ("2", "5")):
        company = Company(folder=tmp_path / seed)
        company.folder.mkdir()
        open_shop(company, (5,))
        (company.folder / "billing/2026-05.csv").unlink()
        duckdb.sql(LONG_BILL.format(company.folder / "billing/2026-05.parquet"))
        done = subprocess.run(
            [sys.executable, "-c", REFRESH, threads, str(company.folder)],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONHASHSEED": seed},
        )
        assert (done.returncode, done.stdout) == (0, "build 1 published\n"), done.stderr
        found.append(results(company))
    assert found[0] == found[1]
    assert found[0]["ledger"].count("\n") > 1000
