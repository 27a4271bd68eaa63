import pytest
from company import Company
from year import open_year


@pytest.fixture(scope="session")
def year(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """Publish a year of bills; tests ask it and change nothing."""
    return open_year(Company(folder=tmp_path_factory.mktemp("year")))
