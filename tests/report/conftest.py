from pathlib import Path

import pytest
from company import Company
from paying import open_company


@pytest.fixture(scope="session")
def paid(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """Publish two months; tests report into folders of their own and change nothing else."""
    return open_company(tmp_path_factory.mktemp("paid"))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "reports"
