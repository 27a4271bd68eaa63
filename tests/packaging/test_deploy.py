"""The container file and the unit of systemd say commands that there are."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from copy import copy
from pathlib import Path

import pytest
from checkout import ROOT

from costlens.cli.serve import serve

DEPLOY = ROOT / "deploy"
CONTAINER = (DEPLOY / "Containerfile").read_text().replace("\\\n", " ")
UNIT = DEPLOY / "costlens.service"
UNITS = sorted([*DEPLOY.rglob("*.service"), *DEPLOY.rglob("*.timer")])


def _list(word: str) -> list[str]:
    found = re.search(rf"^{word}[^\[\n]*(\[.*\])$", CONTAINER, re.MULTILINE)
    assert found
    words: list[str] = json.loads(found[1])
    return words


def test_both_serve_with_options_that_there_are() -> None:
    line = re.search(r"^ExecStart=\S+/costlens (.*)$", UNIT.read_text(), re.MULTILINE)
    assert line
    for words in (_list("CMD"), shlex.split(line[1])):
        assert words[0] == "serve"
        # Of a command of its own: Click keeps what the first context made of `serve` for all others.
        given = copy(serve).make_context("serve", words[1:]).params
        assert given["port"] == 8050
        assert given["threads"] == 8
    assert _list("ENTRYPOINT") == ["costlens"]


def test_the_container_is_made_of_files_that_there_are_and_runs_as_nobody_special() -> None:
    kept = (DEPLOY / "Containerfile.dockerignore").read_text().split("\n")
    wanted = [line[1:] for line in kept if line.startswith("!")]
    assert all((ROOT / name).exists() for name in wanted)
    built = re.search(r"include = \[(.*)\]", (ROOT / "pyproject.toml").read_text())
    assert built
    assert {name.strip(' "/') for name in built[1].split(",")} <= set(wanted)
    assert re.search(r"^USER 10001$", CONTAINER, re.MULTILINE)


def test_its_health_check_asks_for_what_is_served(tmp_path: Path) -> None:
    words = _list("HEALTHCHECK")
    assert words[:2] == ["python", "-c"]
    (tmp_path / "costlens.yaml").write_text(
        "version: 1\nsources: [{name: a, type: focus, path: a.csv}]\n"
    )
    command = [
        sys.executable,
        "-c",
        "from costlens.cli import main; main()",
        "serve",
        "--port",
        "0",
        "--config",
        str(tmp_path),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().split()[0]
        check = words[2].replace("http://127.0.0.1:8050", address)
        assert check != words[2]
        done = subprocess.run(
            [sys.executable, "-c", check], capture_output=True, text=True, check=False
        )
        process.kill()
    assert done.returncode == 1
    assert "HTTP Error 503" in done.stderr  # nothing is built yet


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")
@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_systemd_takes_the_unit(unit: Path, tmp_path: Path) -> None:
    program = tmp_path / "costlens"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for each in UNITS:  # a timer wants its service beside it
        text = each.read_text().replace("/opt/costlens/bin/costlens", str(program))
        (tmp_path / each.name).write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", str(tmp_path / unit.name)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


@pytest.mark.parametrize("is_well", [True, False])
def test_cron_has_something_to_mail_only_where_something_failed(
    tmp_path: Path, is_well: bool
) -> None:
    program = tmp_path / "costlens"
    program.write_text(f'#!/bin/sh\necho "$@" >&2\nexit {0 if is_well else 1}\n')
    program.chmod(0o755)
    lines = (DEPLOY / "reports" / "crontab").read_text().splitlines()
    commands = [line.split(maxsplit=5)[5] for line in lines if line[:1] in "0123456789*"]
    assert len(commands) == 2
    said = [
        subprocess.run(
            ["sh", "-c", command],
            env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=False,
        )
        for command in commands
    ]
    wanted = ["", ""] if is_well else ["refresh\n", "report run --due\n"]
    assert [done.stdout + done.stderr for done in said] == wanted
