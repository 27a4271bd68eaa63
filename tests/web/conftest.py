"""One workspace, one server and one browser for all tests of the pages."""

import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from asking_pages import Client, lake_of, start_server
from company import Company

from costlens.paths import bundled
from costlens.web.app import create_app
from costlens.web.data import Builds, Data
from costlens.web.view import View, read_view

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """The sample company, built once."""
    folder = tmp_path_factory.mktemp("sample") / "sample"
    ignore = shutil.ignore_patterns("__pycache__", "lake")
    shutil.copytree(bundled("sample_data"), folder, ignore=ignore)
    company = Company(folder=folder)
    company.refresh()
    return company


@pytest.fixture(scope="session")
def builds(sample: Company) -> Builds:
    return Builds(lake_of(sample))


@pytest.fixture(scope="session")
def data(builds: Builds) -> Data:
    latest = builds.latest()
    assert latest is not None
    return builds.at(latest)


@pytest.fixture(scope="session")
def view(data: Data) -> View:
    return read_view(data, {})


@pytest.fixture(scope="session")
def client(sample: Company) -> Client:
    return Client(app=create_app(lake_of(sample)))


@pytest.fixture(scope="session")
def served(sample: Company) -> Iterator[str]:
    process, address = start_server(sample.folder)
    yield address
    process.terminate()
    process.communicate(timeout=60)


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """Debian's Chromium; without one, tests are skipped, or fail where it has to be there."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        why = "no chromium on the path: apt-get install chromium"
        if os.environ.get("COSTLENS_REQUIRE_BROWSER") == "1":
            pytest.fail(why)
        pytest.skip(why)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=chromium, args=_FLAGS)
        yield opened
        opened.close()
