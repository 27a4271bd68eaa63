"""How the command starts, ends, finds its workspace and behaves in a pipe and on a terminal."""

import json
import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from company import Company, costlens

from costlens import __version__
from costlens.cli.main import VERBS

COMMAND = (sys.executable, "-c", "from costlens.cli import main; main()")
HEAVY = {"boto3", "dash", "deltalake", "duckdb", "networkx", "pandas", "plotly", "pyarrow"}
Golden = Callable[[Path, str], None]


def process(*words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*COMMAND, *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


def on_terminal(*words: str, **environment: str) -> str:
    """Run the command on a terminal of its own, and return all that it shows."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, *words],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm-256color", **environment},
    ):
        os.close(theirs)
        shown = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # Linux' way to say that the other end is closed
                break
            if not part:
                break
            shown += part
    os.close(ours)
    return shown.decode()


def test_help_of_every_verb_works_and_imports_nothing_heavy() -> None:
    script = (
        "import json, sys\n"
        "from costlens.cli import main\n"
        "def run(*words):\n"
        "    try: main(words)\n"
        "    except SystemExit as ended: assert ended.code == 0, words\n"
        "run('--help'); run('-h'); run('--version')\n"
        "bare = set(sys.modules)\n"
        f"for verb in {list(VERBS)}: run(verb, '--help')\n"
        "print(json.dumps([sorted(bare), sorted(sys.modules)]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    bare, whole = json.loads(done.stdout.splitlines()[-1])
    assert not HEAVY & set(bare)
    assert not HEAVY & set(whole)
    assert not {"yaml", "costlens.config", "costlens.lake"} & set(bare)
    assert done.stderr == ""
    for verb in VERBS:
        assert f"Usage: costlens {verb} " in done.stdout


def test_no_words_show_the_help_and_are_wrong_usage() -> None:
    ran = costlens()
    assert ran.code == 2
    assert ran.out == ""
    assert ran.err.startswith("Usage: costlens ")


def test_the_version_is_printed() -> None:
    assert costlens("--version").out == f"costlens, version {__version__}\n"


@pytest.mark.parametrize(
    "words",
    [
        ["nonsense"],
        ["cost", "--nonsense"],
        ["cost", "--by", "nonsense"],
        ["cost", "--format", "xml"],
        ["cost", "--start", "yesterday"],
        ["cost", "--start", "2026-05", "--stop", "2026-05"],
        ["cost", "--start", "2026-06", "--stop", "2026-05"],
        ["cost", "--month", "2026-13"],
        ["cost", "--month", "2026-06..2026-05"],
        ["cost", "--month", "2026-05", "--start", "2026-05-01"],
        ["cost", "--build", "last"],
        ["explain"],
        ["trace"],
        ["query"],
        ["vacuum", "--keep", "0"],
        ["schema", "nonsense"],
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_2_and_says_what_is_right(words: list[str]) -> None:
    ran = costlens(*words)
    assert (ran.code, ran.out) == (2, "")
    assert "Error: " in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["explain", "model:chrun"],
            "costlens: no model is called chrun\n    did you mean churn?\n",
        ),
        (
            ["explain", "feature:qqqqqqqq"],
            "costlens: no feature is called qqqqqqqq\n    names: costlens cost --by feature\n",
        ),
        (
            ["explain", "chrun"],
            'costlens: "chrun" names no target\n    did you mean model:churn?\n',
        ),
        (
            ["value", "pipeline:churn"],
            'costlens: "pipeline:churn" names no target\n'
            "    write feature:NAME, model:NAME or product:NAME\n",
        ),
        (
            ["cost", "--currency", "EUR"],
            "".join(
                f"costlens: fx.csv: no rate from USD to EUR for 2026-{month}\n"
                f"    add the line: 2026-{month},USD,EUR,<rate>, then run: costlens refresh\n"
                for month in ("08", "09", "10")
            ),
        ),
    ],
)
def test_what_is_not_there_is_told_with_what_to_write(
    sample: Company, words: list[str], said: str
) -> None:
    ran = sample.run(*words)
    assert (ran.code, ran.out, ran.err) == (1, "", said)


@pytest.mark.parametrize("line", ["aws:2026-08:999999", "aws:2026-12:1", "asw:2026-08:1"])
def test_a_line_that_is_in_no_bill_cannot_be_traced(sample: Company, line: str) -> None:
    ran = sample.run("trace", line)
    assert (ran.code, ran.out) == (1, "")
    assert line in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("line", ["aws", "aws:2026-08", "aws:2026-08:x", "aws:2026:1"])
def test_what_names_no_line_is_told_how_to_write_one(sample: Company, line: str) -> None:
    ran = sample.run("trace", line)
    assert (ran.code, ran.out) == (1, "")
    assert "    " in ran.err
    assert "Traceback" not in ran.err


def test_a_build_that_is_not_there_is_told_with_those_that_are(sample: Company) -> None:
    for verb in (["cost"], ["statement"], ["findings"], ["query", "select 1"]):
        ran = sample.run(*verb, "--build", "7")
        assert (ran.code, ran.out) == (1, "")
        assert ran.err.endswith(": no build 7\n    there is only build 1\n")


def test_the_workspace_is_found_here_in_a_parent_and_by_the_variable(
    sample: Company, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    wanted = sample.run("cost").out
    assert costlens("cost", "-c", str(sample.folder / "costlens.yaml")).out == wanted
    monkeypatch.chdir(sample.folder)
    assert costlens("cost").out == wanted
    monkeypatch.chdir(sample.folder / "billing")
    assert costlens("cost").out == wanted
    monkeypatch.chdir(tmp_path)
    assert costlens("cost").code == 1
    for named in (sample.folder, sample.folder / "costlens.yaml"):
        monkeypatch.setenv("COSTLENS_CONFIG", str(named))
        assert costlens("cost").out == wanted


def test_without_a_workspace_every_place_looked_at_is_named(tmp_path: Path) -> None:
    ran = costlens("cost")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("costlens: no costlens.yaml found\n")
    assert f"    {tmp_path / 'costlens.yaml'}\n" in ran.err
    assert "costlens demo" in ran.err


def test_the_variable_is_named_where_it_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSTLENS_CONFIG", "nowhere")
    assert costlens("cost").err.startswith("costlens: COSTLENS_CONFIG names nowhere, and no such")


def test_packs_are_listed_without_a_workspace() -> None:
    ran = costlens("packs", "--format", "csv")
    assert ran.code == 0
    assert {"focus", "runs", "activity"} <= {row["name"] for row in ran.rows}


def test_a_schema_is_json() -> None:
    for file in ("settings", "catalogue"):
        assert json.loads(costlens("schema", file).out)["$defs"]


def test_a_traceback_shows_with_debug_only(sample: Company) -> None:
    words = ["cost", "--build", "7", "--config", str(sample.folder)]
    assert "Traceback" not in process(*words).stderr
    done = process("--debug", *words)
    assert "Traceback" in done.stderr
    assert done.returncode == 1


def test_a_reader_that_leaves_early_is_no_error(sample: Company) -> None:
    for words in (["cost"], ["query", "select * from charges"]):
        with subprocess.Popen(
            [*COMMAND, *words, "--format", "csv", "--config", str(sample.folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as asked:
            assert asked.stdout is not None
            assert asked.stderr is not None
            asked.stdout.close()
            assert asked.stderr.read() == b""
        assert asked.returncode == 0
    shell = f"{shutil.which('sh')}"
    line = 'set -- "$@"; "$@" | head -1'
    done = subprocess.run(
        [shell, "-c", line, "sh", *COMMAND, "cost", "--config", str(sample.folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.startswith("name ")
    assert (done.stdout.count("\n"), done.stderr) == (1, "")


@pytest.fixture
def demo_done(sample: Company, tmp_path: Path) -> str:
    """Give a folder in which the demo has run before."""
    shutil.copytree(sample.folder, tmp_path / "demo")
    return str(tmp_path / "demo")


@pytest.mark.slow
def test_colour_shows_on_a_terminal_and_neither_in_a_pipe_nor_with_no_color(
    demo_done: str,
) -> None:
    words = ["demo", "--no-serve", "--folder", demo_done]
    assert "\x1b[" in on_terminal(*words)
    assert "\x1b" not in on_terminal(*words, NO_COLOR="1")
    piped = process(*words)
    assert "\x1b" not in piped.stdout + piped.stderr


@pytest.mark.slow
def test_progress_shows_on_a_terminal_only(company: Company) -> None:
    words = ["refresh", "--config", str(company.folder)]

    def write(cost: str) -> None:
        company.bill({"cost": cost, "ListCost": cost, "ContractedCost": cost})

    write("1")
    shown = on_terminal(*words)
    assert "read bill.csv" in shown
    assert "allocate 2026-05" in shown
    assert "build 1 published" in shown
    write("2")
    assert on_terminal(*words, NO_COLOR="1").strip() == "build 2 published"
    write("3")
    piped = process(*words)
    assert (piped.stdout, piped.stderr) == ("build 3 published\n", "")


def test_the_demo_runs_from_the_bill_to_the_answer(tmp_path: Path, golden: Golden) -> None:
    ran = costlens("demo", "--no-serve")
    told = "costlens-demo/reports/2026-10: 2026-10, whose bill is complete, by build 1\n"
    assert (ran.code, ran.err.count("\n")) == (0, 1)
    assert ran.err.endswith(told)
    golden(Path(__file__).with_name("demo.txt"), ran.out)
    stated = Company(folder=tmp_path / "costlens-demo").ask("statement")
    assert len(stated) == 12
    assert {Decimal(row["difference"]) for row in stated} == {Decimal(0)}


@pytest.mark.slow
def test_the_demo_runs_again_over_itself_and_over_nothing_else(
    tmp_path: Path, demo_done: str
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("a year's work")
    ran = costlens("demo", "--no-serve", "--folder", "mine")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("costlens: mine: the folder holds something else\n")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]
    again = costlens("demo", "--no-serve", "--folder", demo_done)
    assert (again.code, again.err.count("\n")) == (0, 3)
    assert "looks like the pipeline shop_features: the tag pipleine=shop_features\n" in again.err
    assert "nothing new: build 1 still holds\n" in again.out


@pytest.mark.parametrize(
    ("words", "near"),
    [
        (("savigns",), "Did you mean 'savings'?"),
        (("report", "hstory"), "Did you mean 'history'?"),
        (("cost", "--curency", "EUR"), "Did you mean '--currency'?"),
    ],
)
def test_a_slip_of_the_fingers_is_told_with_what_was_meant(
    words: tuple[str, ...], near: str
) -> None:
    ran = costlens(*words)
    assert (ran.code, ran.out) == (2, "")
    assert near in ran.err
    assert "Did you mean" not in costlens("zzz").err
