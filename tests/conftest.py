"""What all tests share: a company to ask, goldens that can be rewritten, hypothesis' profiles."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from company import SAMPLE, Company
from hypothesis import HealthCheck, settings

_CALM = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]

settings.register_profile(
    "default", deadline=None, derandomize=True, suppress_health_check=_CALM, print_blob=True
)
settings.register_profile(
    "nightly", deadline=None, max_examples=10_000, suppress_health_check=_CALM, print_blob=True
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "few(n): `make test` runs n of its cases, evenly chosen")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow all but a few cases of a test that says so."""
    cases: dict[str, list[pytest.Item]] = {}
    for item in items:
        if item.get_closest_marker("few"):
            cases.setdefault(item.nodeid.partition("[")[0], []).append(item)
    for of in cases.values():
        marker = of[0].get_closest_marker("few")
        assert marker is not None
        kept = {at * len(of) // marker.args[0] for at in range(marker.args[0])}
        for at, item in enumerate(of):
            if at not in kept:
                item.add_marker(pytest.mark.slow)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-goldens", action="store_true", help="rewrite expected files; review them as code"
    )


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """Publish the sample company; tests ask it and change nothing."""
    folder = tmp_path_factory.mktemp("sample") / "acme"
    shutil.copytree(SAMPLE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    company = Company(folder=folder)
    company.refresh()
    return company


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(folder=tmp_path)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Compare a text with a file, or rewrite the file when asked to."""

    def compare(path: Path, text: str) -> None:
        if request.config.getoption("--update-goldens"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8"), f"{path.name}: pytest --update-goldens"

    return compare


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """The sample company, built once; tests ask it and change nothing."""
    folder = tmp_path_factory.mktemp("demo") / "costlens-demo"
    ignore = shutil.ignore_patterns("__pycache__", "lake")
    shutil.copytree(SAMPLE, folder, ignore=ignore)
    company = Company(folder=folder)
    company.refresh()
    return company
