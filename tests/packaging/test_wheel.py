"""The wheel holds all that the command needs, and nothing else lands beside it."""

import os
import subprocess
import sys
import tomllib
import venv
from importlib.util import find_spec
from pathlib import Path

import pytest
from checkout import ROOT, tracked

BUNDLED = ("connectors", "dashboards", "sample_data")
DEMO = (
    "import sys, costlens; print(costlens.__file__, file=sys.stderr);"
    "from costlens.cli import main; main(['demo', '--no-serve'])"
)


def test_the_wheel_holds_every_file_of_the_package_and_of_the_data(unpacked: Path) -> None:
    wanted = set(tracked("costlens"))
    wanted |= {"costlens/_bundled" / path for path in tracked(*BUNDLED)}
    held = {path.relative_to(unpacked) for path in unpacked.rglob("*") if path.is_file()}
    held = {path for path in held if not path.parts[0].endswith(".dist-info")}
    assert held == wanted
    kinds = {path.suffix for path in held}
    assert {".sql", ".yaml", ".csv", ".py", ".typed"} <= kinds


def test_nothing_but_costlens_lands_in_site_packages(unpacked: Path) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert {path.name for path in unpacked.iterdir()} == {
        "costlens",
        f"costlens-{version}.dist-info",
    }


def test_the_wheel_holds_every_pack(unpacked: Path) -> None:
    packs = {path.name for path in (ROOT / "connectors").iterdir() if path.is_dir()}
    held = {path.parent.name for path in unpacked.glob("costlens/_bundled/*/*/connector.yaml")}
    assert held == packs


def test_the_licence_and_the_command_come_with_it(unpacked: Path) -> None:
    (info,) = unpacked.glob("*.dist-info")
    assert (info / "licenses" / "LICENSE").is_file()
    assert "costlens = costlens.cli:main" in (info / "entry_points.txt").read_text()


def test_the_unpacked_wheel_runs_the_demo_from_another_folder(
    unpacked: Path, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", DEMO],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(unpacked)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[0] == str(unpacked / "costlens" / "__init__.py")
    assert done.stdout == (ROOT / "tests" / "cli" / "demo.txt").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("way", ["wheel", "editable"])
def test_it_installs_in_a_bare_environment_and_runs_the_demo(
    wheel: Path, tmp_path: Path, way: str
) -> None:
    venv.create(tmp_path / "env", with_pip=True)
    binaries = tmp_path / "env" / "bin"
    what = [str(wheel)] if way == "wheel" else ["-e", str(ROOT)]
    quiet = ["--quiet", "--disable-pip-version-check"]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    for words in (
        [str(binaries / "python"), "-m", "pip", "install", *quiet, *what],
        [str(binaries / "costlens"), "demo", "--no-serve"],
    ):
        done = subprocess.run(
            words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == (ROOT / "tests" / "cli" / "demo.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("folder", BUNDLED)
def test_the_data_folders_are_no_packages(folder: str) -> None:
    assert not list((ROOT / folder).rglob("__init__.py"))
    found = find_spec(folder)  # a folder in the working directory may look like a namespace
    assert found is None or found.origin is None
    for path in tracked("costlens", "dashboards"):
        if path.suffix == ".py":
            text = (ROOT / path).read_text(encoding="utf-8")
            assert f"import {folder}" not in text, path
            assert f"from {folder}" not in text, path


def test_what_the_readme_and_ci_tell_to_make_can_be_made() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    made = {line.partition(":")[0] for line in makefile.splitlines() if line[:1].isalpha()}
    for name in ("README.md", "CONTRIBUTING.md", ".ci/run"):
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        told = [line.split() for line in lines if line.startswith("make ")]
        assert told or name == "CONTRIBUTING.md"
        for words in told:
            assert words[1] in made, f"{name}: {' '.join(words)}"


def test_what_the_readme_tells_to_run_is_a_verb() -> None:
    from costlens.cli.main import VERBS

    for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("costlens "):
            assert line.split()[1] in VERBS, line
