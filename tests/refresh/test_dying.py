"""A refresh may be killed at any moment, and two may start at once; readers never notice."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from company import Company
from shop import CATALOGUE, anew, bill, command, open_shop, results, runs_of

PATIENCE = 60  # seconds that another process may take, on a busy machine


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """Open a shop whose May is published, and whose June is yet to be loaded."""
    company = open_shop(Company(folder=tmp_path_factory.mktemp("first")), (5,))
    company.refresh()
    change(company)
    return company


@pytest.fixture(scope="module")
def wanted(first: Company, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Say what a refresh comes to that nobody kills."""
    return anew(first, tmp_path_factory.mktemp("anew") / "shop")


@pytest.fixture
def shop(first: Company, tmp_path: Path) -> Company:
    shutil.copytree(first.folder, tmp_path / "shop")
    return Company(folder=tmp_path / "shop", sources=list(first.sources))


def change(company: Company) -> None:
    """Change May, add June, runs and names: every table has something to write."""
    bill(company, 5, "8.5")
    bill(company, 6)
    company.runs(*runs_of(5), *runs_of(6))
    company.catalogue(CATALOGUE.replace("weight: 2", "weight: 5"))


def until(condition: Callable[[], bool]) -> bool:
    """Look again and again; say whether it came true in time."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.0005)
    return False


def appeared(pattern: str) -> Callable[[Path], Callable[[], bool]]:
    """Watch a lake for one more file of a pattern than it has now."""

    def watch(lake: Path) -> Callable[[], bool]:
        now = len(list(lake.glob(pattern)))
        return lambda: len(list(lake.glob(pattern))) > now

    return watch


def statement(company: Company) -> str:
    ran = company.run("statement", "--format", "csv")
    assert ran.code == 0, ran.err
    assert all(row["difference"] == "0" for row in ran.rows)
    return ran.out


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param(".scratch/*", marks=pytest.mark.slow),
        pytest.param("charges/*/*/*.parquet", marks=pytest.mark.slow),
        pytest.param("ledger/billing_period=2026-06/*.parquet", marks=pytest.mark.slow),
        pytest.param("charges/_delta_log/*.json", marks=pytest.mark.slow),
        "ledger/_delta_log/*.json",
        pytest.param("builds/*.parquet", marks=pytest.mark.slow),
    ],
)
def test_a_refresh_killed_half_way_leaves_the_last_build_and_the_next_one_succeeds(
    shop: Company, wanted: dict[str, str], moment: str
) -> None:
    before, lake = statement(shop), shop.folder / "lake"
    is_here = appeared(moment)(lake)
    with command(shop, "refresh") as refresh:
        assert until(lambda: is_here() or refresh.poll() is not None)
        refresh.kill()  # SIGKILL: nothing is cleaned up
        refresh.communicate(timeout=PATIENCE)
    came_through = len({row["build"] for row in shop.ask("builds")}) > 1
    if not came_through:
        assert refresh.returncode == -signal.SIGKILL
        assert statement(shop) == before
    if moment in {".scratch/*", "charges/*/*/*.parquet"}:  # long before it publishes
        assert not came_through
    still = "nothing new: build 2 still holds\n"
    assert shop.refresh().out == (still if came_through else "build 2 published\n")
    assert results(shop) == wanted
    assert shop.run("vacuum").code == 0
    assert shop.run("query", "select count(*) from ledger").code == 0
    assert shop.run("statement", "--build", "1", "--format", "csv").out == before


def test_the_first_refresh_killed_half_way_leaves_nothing_built(
    shop: Company, wanted: dict[str, str]
) -> None:
    lake = shop.folder / "lake"
    shutil.rmtree(lake)
    is_here = appeared("ledger/*/*.parquet")(lake)
    with command(shop, "refresh") as refresh:
        assert until(is_here)
        refresh.kill()
    assert (
        shop.run("cost").err
        == f"costlens: {lake}: nothing is built yet\n    run: costlens refresh\n"
    )
    assert shop.refresh().out == "build 1 published\n"
    assert results(shop) == wanted


def test_of_two_refreshes_at_once_one_wins_and_the_other_says_who_holds_the_lake(
    shop: Company, wanted: dict[str, str]
) -> None:
    lake = shop.folder / "lake"
    before = statement(shop)
    with command(shop, "refresh") as winner:
        assert until(lambda: (lake / ".writing").read_text() == str(winner.pid))
        os.kill(winner.pid, signal.SIGSTOP)
        with command(shop, "refresh") as loser:
            out, err = loser.communicate(timeout=PATIENCE)
        assert (loser.returncode, out) == (1, "")
        assert err == (
            f"costlens: {lake}: the lake is being written by process {winner.pid}\n"
            "    one refresh at a time: try again when it is done\n"
        )
        assert shop.run("vacuum").code == 1
        assert statement(shop) == before
        os.kill(winner.pid, signal.SIGCONT)
        out, err = winner.communicate(timeout=PATIENCE)
    assert (winner.returncode, out) == (0, "build 2 published\n"), err
    assert results(shop) == wanted


READER = """
import csv, io, sys
from decimal import Decimal
from company import costlens

folder, last, seen = sys.argv[1], int(sys.argv[2]), []
print("ready", flush=True)
while not seen or seen[-1] < last:
    ran = costlens("statement", "--format", "csv", "--config", folder)
    assert ran.code == 0, ran.err
    assert ran.rows and all(row["difference"] == "0" for row in ran.rows), ran.out
    # Every month of a build has the same amount, so two amounts would be two builds.
    (amount,) = {Decimal(row["source_total"]) for row in ran.rows}
    ran = costlens("cost", "--format", "csv", "--config", folder)
    assert ran.code == 0, ran.err
    assert sum(Decimal(row["allocated"]) for row in ran.rows) % 3 == 0, ran.out
    if not seen or seen[-1] != amount:
        seen.append(amount)
assert seen == sorted(seen), seen
print(len(seen))
"""


@pytest.fixture
def readers(tmp_path: Path) -> Iterator[Callable[[Path, int], "subprocess.Popen[str]"]]:
    started: list[subprocess.Popen[str]] = []

    def start(folder: Path, last: int) -> "subprocess.Popen[str]":
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
        reader = subprocess.Popen(
            [sys.executable, "-c", READER, str(folder), str(last)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        started.append(reader)
        return reader

    yield start
    for reader in started:
        reader.kill()
        reader.communicate()


@pytest.mark.slow
def test_readers_see_only_whole_builds_while_refreshes_publish(
    company: Company, readers: Callable[[Path, int], "subprocess.Popen[str]"]
) -> None:
    def write(amount: int) -> None:
        for month in (3, 4, 5):
            start = {"BillingPeriodStart": f"2026-{month:02}-01"}
            start |= {"ChargePeriodStart": f"2026-{month:02}-02", "ChargePeriodEnd": ""}
            company.bill(
                {"cost": str(amount), "ResourceId": "r", **start}, file=f"bill/{month}.csv"
            )

    last = 4
    write(1)
    company.catalogue("features: [{name: f, billed_by: [{resource_id: r}]}]")
    company.refresh()
    watching = [readers(company.folder, last) for _ in range(2)]
    for reader in watching:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "ready\n"
    for amount in range(2, last + 1):
        write(amount)
        company.refresh()
    for reader in watching:
        out, err = reader.communicate(timeout=PATIENCE)
        assert reader.returncode == 0, err
        assert int(out) > 1
