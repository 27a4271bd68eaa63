import shutil
from pathlib import Path

import pytest
from company import Company

SAMPLE = Path(__file__).parents[2] / "sample_data"


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """Publish the sample company; tests ask it and change nothing."""
    folder = tmp_path_factory.mktemp("sample") / "acme"
    shutil.copytree(SAMPLE, folder)
    company = Company(folder=folder)
    company.refresh()
    return company


@pytest.fixture(autouse=True)
def _no_workspace_by_chance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COSTLENS_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
