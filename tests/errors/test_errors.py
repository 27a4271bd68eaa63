"""Every folder here is a mistake that somebody makes, and what they are told about it.

The mistake is made twice: in a fresh folder, and in one where a good build stands already.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from company import Company, Ran, costlens

FOLDER = Path(__file__).parent
CASES = sorted(path.parent for path in FOLDER.glob("*/costlens.yaml"))

# `check` reads the first rows of each file alone and writes nothing: what shows only in whole
# months, or between files, is found by the refresh.
REFRESH_ALONE_SEES = {
    "date_of_another_month",
    "negative_weight_of_a_run",
    "no_currency_and_no_category",
    "one_account_in_two_files",
    "one_account_in_two_sources",
    "run_that_ends_before_it_starts",
    "two_currencies_without_a_rate",
}

Golden = Callable[[Path, str], None]


@dataclass(frozen=True, kw_only=True)
class Good:
    """A small good build, and what it answers."""

    folder: Path
    answers: list[str]


@pytest.fixture(scope="session")
def good(tmp_path_factory: pytest.TempPathFactory) -> Good:
    """Publish a small good build."""
    company = Company(folder=tmp_path_factory.mktemp("good"))
    company.bill(
        {"cost": "7", "ResourceId": "r"},
        {"cost": "3.10", "ResourceId": "t"},
        {"cost": "0.25"},
        file="billing/may.csv",
    )
    company.catalogue(
        "stages: [{name: t, billed_by: [{resource_id: t}], feeds: [{feature: f}, {feature: g}]}]\n"
        "features: [{name: f, billed_by: [{resource_id: r}]}, {name: g}]\n",
        file="shop.yaml",
    )
    company.refresh()
    return Good(folder=company.folder, answers=answers(company.folder))


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder of its own: what is said is relative to it."""
    folder = tmp_path / "acme"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.delenv("COSTLENS_CONFIG", raising=False)
    return folder


def put(case: Path, folder: Path) -> None:
    """Replace everything in a folder but its lake."""
    for path in folder.iterdir():
        if path.is_dir() and path.name != "lake":
            shutil.rmtree(path)
        elif path.is_file():
            path.unlink()
    shutil.copytree(
        case,
        folder,
        symlinks=True,
        dirs_exist_ok=True,
        ignore=shutil.ignore_patterns("message.txt", "lake"),
    )


def answers(folder: Path) -> list[str]:
    """Ask the build that stands, and insist on answers."""
    company = Company(folder=folder)
    ran = [company.run(verb, "--format", "csv") for verb in ("cost", "builds")]
    assert [one.code for one in ran] == [0, 0]
    return [one.out for one in ran]


def lake_files() -> dict[str, bytes]:
    """Read the lake, but for the lock that the last process left its number in."""
    return {
        str(path): path.read_bytes()
        for path in Path("lake").rglob("*")
        if path.is_file() and path.name != ".writing"
    }


def assert_told(ran: Ran, said: str) -> None:
    """See that a command failed as one that the user can put right."""
    assert ran.code == 1
    assert ran.out == ""
    assert "Traceback" not in ran.err
    assert ran.err == said


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_mistake_is_told_and_nothing_is_published(case: Path, here: Path, golden: Golden) -> None:
    put(case, here)
    refreshed = costlens("refresh")
    golden(case / "message.txt", refreshed.err)
    assert_told(refreshed, (case / "message.txt").read_text(encoding="utf-8"))
    checked = costlens("check")
    if case.name in REFRESH_ALONE_SEES:
        assert (checked.code, checked.err) == (0, "")
        assert_told(costlens("check", "--full"), refreshed.err)
    else:
        assert_told(checked, refreshed.err)
    put(FOLDER / "unknown_pack", here)  # settings that can be read
    assert_told(
        costlens("cost"),
        f"costlens: {here / 'lake'}: nothing is built yet\n    run: costlens refresh\n",
    )


@pytest.mark.few(10)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_mistake_leaves_the_former_build_as_it_was(case: Path, here: Path, good: Good) -> None:
    shutil.copytree(good.folder, here, dirs_exist_ok=True)
    files = lake_files()
    put(case, here)
    said = (case / "message.txt").read_text(encoding="utf-8")
    assert_told(costlens("refresh"), said)
    costlens("check")
    put(good.folder, here)
    assert answers(here) == good.answers
    assert lake_files() == files


def test_a_mistake_put_right_leaves_nothing_to_do(here: Path, good: Good) -> None:
    shutil.copytree(good.folder, here, dirs_exist_ok=True)
    for name in ("ragged_csv", "date_of_another_month", "negative_weight"):
        put(FOLDER / name, here)
        assert costlens("refresh").code == 1
    put(good.folder, here)
    ran = costlens("refresh")
    assert (ran.code, ran.out) == (0, "nothing new: build 1 still holds\n")


def test_a_real_process_says_the_same(here: Path) -> None:
    for name in ("duplicate_key", "cut_parquet"):
        put(FOLDER / name, here)
        done = subprocess.run(
            [sys.executable, "-c", "from costlens.cli import main; main()", "refresh"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert_told(
            Ran(code=done.returncode, out=done.stdout, err=done.stderr),
            (FOLDER / name / "message.txt").read_text(encoding="utf-8"),
        )


def test_a_folder_without_any_file_is_told_like_one_without_bills(here: Path) -> None:
    put(FOLDER / "empty_folder", here)
    (here / "billing" / ".gitkeep").unlink()
    assert list((here / "billing").iterdir()) == []
    said = (FOLDER / "empty_folder" / "message.txt").read_text(encoding="utf-8")
    assert_told(costlens("refresh"), said)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_told(here: Path, good: Good) -> None:
    put(good.folder, here)
    (here / "billing" / "may.csv").chmod(0)
    assert_told(
        costlens("refresh"),
        "costlens: billing/may.csv: cannot be read: permission denied\n"
        "    give the user who runs costlens the right to read it\n",
    )


def test_every_message_says_where_and_what_to_write(here: Path) -> None:
    assert len(CASES) > 40
    for case in CASES:
        lines = (case / "message.txt").read_text(encoding="utf-8").splitlines()
        assert lines[0].startswith("costlens: "), case.name
        places = [line for line in lines if line.startswith("costlens: ")]
        hints = [line for line in lines if line.startswith("    ")]
        assert len(places) == len(hints), case.name
        for place in places:
            file = place.removeprefix("costlens: ").partition(":")[0]
            stands = (case / file).is_file() or (case / file).is_symlink()
            assert stands or file == "fx.csv", place
        for word in ("please", "invalid input", "Error", "error:", "/tmp"):
            assert not any(word in line for line in lines), case.name
