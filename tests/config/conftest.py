from collections.abc import Callable
from pathlib import Path

import pytest

from costlens.config import load
from costlens.config.values import Workspace
from costlens.errors import CostLensError

SETTINGS = "version: 1\nsources:\n  - {name: bill, type: aws_cur, path: bill}\n"

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a workspace: costlens.yaml, and files of `catalog/` by name."""

    def _write(settings: str = SETTINGS, **catalogue: str) -> Path:
        (tmp_path / "catalog").mkdir(exist_ok=True)
        (tmp_path / "costlens.yaml").write_text(settings, encoding="utf-8")
        for name, text in catalogue.items():
            (tmp_path / "catalog" / f"{name}.yaml").write_text(text, encoding="utf-8")
        return tmp_path

    return _write


@pytest.fixture
def read(write: Write) -> Callable[..., Workspace]:
    return lambda *settings, **catalogue: load(write(*settings, **catalogue))


@pytest.fixture
def found(write: Write) -> Callable[..., list[str]]:
    """Say what is wrong with a workspace, a line a finding, without the hints."""

    def _found(*settings: str, **catalogue: str) -> list[str]:
        with pytest.raises(CostLensError) as error:
            load(write(*settings, **catalogue))
        return [f"{each.where}: {each.message}" for each in error.value.findings]

    return _found
