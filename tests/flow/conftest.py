"""Refresh, once a file, the company that its tests gathered."""

import pytest
from company import Company
from gathered import Asked


@pytest.fixture(scope="module")
def asked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Asked:
    return request.module.WORLD.refresh(Company(folder=tmp_path_factory.mktemp("company")))
