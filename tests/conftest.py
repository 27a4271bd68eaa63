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
