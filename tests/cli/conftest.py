from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _no_workspace_by_chance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COSTLENS_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
