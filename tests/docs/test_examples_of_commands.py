"""The example in the help of every command runs as it stands there, in the folder of the demo."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from company import SAMPLE, Company

from costlens.cli.main import VERBS, root

PATIENCE = 90  # seconds
ENDS_WITH = {"alerts": 1}  # for cron: there is something to look at
STAYS = {"serve": "http://", "demo": "http://", "schedule": "build"}  # what it says, and goes on
DOCS = Path(__file__).parents[2] / "docs"
TYPED = {"password": "five words are long enough\n" * 2, "shell": "cost --by model\n"}


def examples() -> Iterator[tuple[str, str]]:
    def of(name: str, command: click.Command) -> Iterator[tuple[str, str]]:
        yield name, (command.epilog or "").removeprefix("Example: ")
        if isinstance(command, click.Group):
            for below, each in command.commands.items():
                yield from of(f"{name} {below}", each)

    for verb in VERBS:
        found = root.get_command(click.Context(root), verb)
        assert found is not None
        yield from of(verb, found)


@pytest.fixture
def place(demo: Company, tmp_path: Path) -> Path:
    """Copy the demo, and put beside it what somebody who takes an example up has."""
    folder = tmp_path / "demo"
    shutil.copytree(demo.folder, folder, ignore=shutil.ignore_patterns("*.editions"))
    report = "{name: finance, question: chargeback_by_team, window: 2026-10, to: finance}"
    with (folder / "costlens.yaml").open("a") as file:
        file.write(f"reports: [{report}]\n")
    (folder / "changes.yaml").write_text("drop: [feature:fv_support_tickets]\n")
    (folder / "secrets").mkdir()
    (folder / "bills").mkdir()
    (folder / "bills" / "acme-2026-05.csv").write_text(
        "Day,Item,Net,Currency,Account\n2026-05-01,Hosting,12.50,EUR,7\n"
    )
    shutil.copytree(SAMPLE / "billing", folder / "exports" / "billing")
    programs = tmp_path / "bin"
    programs.mkdir()
    program = programs / "costlens"
    program.write_text(
        f'#!/bin/sh\nexec {sys.executable} -c "from costlens.cli import main; main()" "$@"\n'
    )
    program.chmod(0o755)
    return folder


def recipes() -> Iterator[tuple[str, str]]:
    """List the commands of the pages that begin, but for those that bring the folder about."""
    for page in ("start.md", "cookbook.md"):
        blocks = re.findall(r"```sh\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.S)
        for line in "".join(blocks).splitlines():
            if line.startswith("costlens ") and "demo" not in line:
                yield line.split()[1], line


@pytest.mark.few(3)
@pytest.mark.parametrize(("verb", "example"), [*examples(), *recipes()], ids=lambda text: text)
def test_the_example_of_a_command_runs(verb: str, example: str, place: Path) -> None:
    assert (
        example.startswith(f"costlens {verb.split(maxsplit=1)[0]}") or f"costlens {verb}" in example
    )
    if verb == "init":  # it begins where nothing is yet
        place = place / "exports" / ".."
        (place / "costlens.yaml").unlink()
        shutil.rmtree(place / "catalog")
    environment = {**os.environ, "PATH": f"{place.resolve().parent / 'bin'}:{os.environ['PATH']}"}
    environment.pop("COSTLENS_CONFIG", None)
    with subprocess.Popen(
        ["sh", "-c", example],
        cwd=place,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        too_long = threading.Timer(PATIENCE, os.killpg, (process.pid, signal.SIGKILL))
        too_long.start()
        try:
            if verb in STAYS:
                assert process.stdout is not None
                assert any(STAYS[verb] in line for line in process.stdout)
                os.killpg(process.pid, signal.SIGTERM)
            said, _ = process.communicate(TYPED.get(verb))
        finally:
            too_long.cancel()
    if verb not in STAYS:
        assert process.returncode == ENDS_WITH.get(verb, 0), said


def test_an_example_that_does_not_run_would_be_found(place: Path) -> None:
    with pytest.raises(AssertionError, match="no feature is called fv_orders"):
        test_the_example_of_a_command_runs("explain", "costlens explain feature:fv_orders", place)
