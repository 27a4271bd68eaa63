"""An edition appears whole or not at all, and nobody else's folder is touched."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from company import Company

COMMAND = (sys.executable, "-c", "from costlens.cli import main; main()")
PATIENCE = 60  # seconds that another process may take, on a busy machine
OLD = {"manifest.json": b"{}\n", "cost_by_feature.csv": b"an earlier edition\n"}


def words(company: Company, out: Path) -> tuple[str, ...]:
    return ("report", "--month", "2026-04", "-o", str(out), "--config", str(company.folder))


def read(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture
def old(out: Path) -> Path:
    """Put an earlier edition in place."""
    folder = out / "2026-04"
    folder.mkdir(parents=True)
    for name, content in OLD.items():
        (folder / name).write_bytes(content)
    return folder


def wanted(company: Company, folder: Path) -> dict[str, bytes]:
    assert company.run(*words(company, folder)[:-2]).code == 0
    return read(folder / "2026-04")


def test_a_report_killed_half_way_leaves_the_edition_that_was_there(
    paid: Company, out: Path, old: Path, tmp_path: Path
) -> None:
    aside = out / ".2026-04.writing"
    new = wanted(paid, tmp_path / "wanted")
    caught = 0
    for _ in range(20):
        with subprocess.Popen([*COMMAND, *words(paid, out)], stderr=subprocess.DEVNULL) as report:
            stop = time.monotonic() + PATIENCE
            while not aside.exists() and report.poll() is None and time.monotonic() < stop:
                pass  # writing takes less than a millisecond: no time to sleep
            report.kill()
            report.communicate(timeout=PATIENCE)
        found = read(old)
        assert found in (OLD, new)
        if found == OLD:
            assert report.returncode == -signal.SIGKILL
            caught += aside.exists()
        if caught:
            break
        shutil.rmtree(old)
        old.mkdir()
        for name, content in OLD.items():
            (old / name).write_bytes(content)
    assert caught, "no kill came between the first byte and the last"
    assert wanted(paid, out) == new
    assert [path.name for path in out.iterdir()] == ["2026-04"]


def test_a_disk_that_is_full_leaves_the_edition_that_was_there(
    paid: Company, out: Path, old: Path
) -> None:
    done = subprocess.run(
        [*COMMAND, *words(paid, out)],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300)),
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"costlens: {old}: cannot write: File too large\n"
    assert read(old) == OLD
    assert [path.name for path in out.iterdir()] == ["2026-04"]
    assert set(wanted(paid, out)) > set(OLD)


def test_a_death_between_two_renames_is_mended_by_the_next_report(
    paid: Company, out: Path, old: Path
) -> None:
    old.rename(out / ".2026-04.former")  # where a file system cannot swap two folders
    assert "statement.csv" in wanted(paid, out)
    assert [path.name for path in out.iterdir()] == ["2026-04"]


def test_two_reports_at_once_write_one_after_the_other(paid: Company, out: Path) -> None:
    both = [subprocess.Popen([*COMMAND, *words(paid, out)], stderr=subprocess.PIPE) for _ in "12"]
    for one in both:
        _, err = one.communicate(timeout=PATIENCE)
        assert one.returncode == 0, err
    assert read(out / "2026-04") == wanted(paid, out)
    assert [path.name for path in out.iterdir()] == ["2026-04"]


def test_a_folder_that_is_no_report_stays_as_it_is(paid: Company, out: Path) -> None:
    folder = out / "2026-04"
    folder.mkdir(parents=True)
    (folder / "thesis.txt").write_text("mine")
    ran = paid.run(*words(paid, out)[:-2])
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        f"costlens: {folder}: this is no report, for it holds no manifest.json; it stays as it is\n"
        "    move it away, or name another folder with -o\n"
    )
    assert read(folder) == {"thesis.txt": b"mine"}


def test_a_file_and_a_link_in_the_place_of_a_month(paid: Company, out: Path) -> None:
    out.mkdir()
    (out / "2026-04").write_text("mine")
    ran = paid.run(*words(paid, out)[:-2])
    assert (ran.code, (out / "2026-04").read_text()) == (1, "mine")
    (out / "2026-04").unlink()
    (out / "elsewhere").mkdir()
    (out / "2026-04").symlink_to(out / "elsewhere")
    assert "manifest.json" in wanted(paid, out)
    assert sorted(path.name for path in out.iterdir()) == ["2026-04", "elsewhere"]
    assert (out / "2026-04").is_symlink()


def test_an_empty_folder_is_filled(paid: Company, out: Path) -> None:
    (out / "2026-04").mkdir(parents=True)
    assert "manifest.json" in wanted(paid, out)


def test_a_place_that_cannot_be_written_is_said_with_its_reason(
    paid: Company, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    out = tmp_path / "file" / "reports"
    ran = paid.run(*words(paid, out)[:-2])
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == f"costlens: {out / '2026-04'}: cannot write: Not a directory\n"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_said_with_its_reason(paid: Company, out: Path) -> None:
    out.mkdir(mode=0o500)
    ran = paid.run(*words(paid, out)[:-2])
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == f"costlens: {out / '2026-04'}: cannot write: Permission denied\n"
