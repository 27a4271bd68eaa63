from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from costlens.lake import Build, Draft, Lake

Publish = Callable[[Draft], Build]


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


@pytest.fixture
def publish() -> Publish:
    def publish(draft: Draft) -> Build:
        return draft.publish(
            built_at=datetime(2026, 11, 21, 6),
            engine="test",
            inputs={},
            settings={},
            book={},
            periods={},
            totals={},
        )

    return publish
