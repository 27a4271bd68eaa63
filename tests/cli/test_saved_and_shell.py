"""Questions that people keep, limits on any question, and the shell."""

import os
import pty
import subprocess
import sys
import time
from pathlib import Path

import pytest
from company import Company

COMMAND = (sys.executable, "-c", "from costlens.cli import main; main()")


@pytest.fixture
def kept(company: Company) -> Company:
    company.bill({"cost": "7", "ResourceId": "r"}, {"cost": "3"})
    company.refresh()
    (company.folder / "questions").mkdir()
    (company.folder / "questions" / "spend.sql").write_text(
        "-- What one resource cost.\n"
        "select ResourceId as resource, sum(BilledCost) as cost from charges -- not $this\n"
        "where ResourceId = $resource group by all\n"
    )
    return company


@pytest.fixture
def company(tmp_path: Path) -> Company:
    folder = tmp_path / "company"
    folder.mkdir()
    return Company(folder=folder)


def test_a_saved_question_is_listed_and_asked_by_its_name(kept: Company) -> None:
    assert kept.ask("query", "--list") == [
        {"name": "spend", "answers": "What one resource cost.", "takes": "resource"}
    ]
    assert kept.ask("query", "spend", "--set", "resource=r") == [{"resource": "r", "cost": "7"}]
    assert kept.ask("query", "select $a as a", "--set", "a='; drop") == [{"a": "'; drop"}]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["query", "spent"], 1, 'there is no saved question "spent"\n    saved questions: spend'),
        (["query", "spend"], 1, "--set resource="),
        (["query", "spend", "--set", "resource"], 1, '"resource" sets nothing'),
        (["query", "../costlens"], 1, "there is no saved question"),
        (["query", "--list", "spend"], 2, "write a select"),
        (["query", "--watch", "--build", "1", "select 1"], 2, "write a select"),
        (["query", "select * from range(11)", "--most", "10"], 1, "more than 10 rows"),
        (
            [
                "query",
                "select count(*) from range(90000) a, range(90000) b, range(99) c",
                "--seconds",
                "1",
            ],
            1,
            "no answer within 1 seconds",
        ),
    ],
)
def test_what_is_wrong_with_a_question_is_told(
    kept: Company, words: list[str], code: int, said: str
) -> None:
    ran = kept.run(*words)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err


def test_a_watched_question_is_answered_again_for_a_new_build(kept: Company) -> None:
    words = ["query", "select sum(BilledCost) as cost from charges", "--watch", "--format", "csv"]
    with subprocess.Popen(
        [*COMMAND, *words, "--config", str(kept.folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as watching:
        assert watching.stdout is not None
        assert [watching.stdout.readline(), watching.stdout.readline()] == ["cost\n", "10\n"]
        kept.bill({"cost": "8", "ResourceId": "r"}, {"cost": "3"})
        kept.refresh()
        assert [watching.stdout.readline(), watching.stdout.readline()] == ["cost\n", "11\n"]
        watching.kill()


def test_the_shell_reads_selects_and_verbs_from_a_pipe(kept: Company) -> None:
    said = "select sum(BilledCost)\n  as cost from charges;\n\ncost --by nonsense\nnope\nbuilds\nquit\nbuilds\n"
    done = subprocess.run(
        [*COMMAND, "shell", "--config", str(kept.folder)],
        input=said,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[:2] == ["cost", "10.00"] or "10.00" in done.stdout
    assert "nonsense" in done.stderr
    assert "No such command 'nope'" in done.stderr
    assert done.stdout.count("build") == 1


@pytest.mark.slow
def test_the_shell_keeps_a_history_on_a_terminal(kept: Company, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, "shell", "--config", str(kept.folder)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm", "XDG_STATE_HOME": str(tmp_path / "state")},
    ) as shell:
        os.close(theirs)
        shown = ""
        stop = time.monotonic() + 60
        asked = ended = False
        while time.monotonic() < stop:
            try:
                shown += os.read(ours, 65536).decode("utf-8", "replace")
            except OSError:
                break
            if "costlens>" in shown and not asked:
                os.write(ours, b"select 40 + 2 as answer;\r")
                asked = True
            if asked and "42" in shown and not ended:
                os.write(ours, b"quit\r")
                ended = True
        shell.wait(10)
    os.close(ours)
    history = (tmp_path / "state" / "costlens" / "history").read_text()
    assert "+select 40 + 2 as answer;" in history
    assert ended
