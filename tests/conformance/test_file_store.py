"""MLflow's file store: its folder tells all that its database does."""

import gzip
import tarfile
from pathlib import Path

import pytest
from company import Company

DATA = Path(__file__).parents[1] / "data" / "runs"
TABLES = {
    "attempts": "pipeline, run, part, parent, state, start, stop, resource_id, tags",
    "outputs": "pipeline, run, part, target, measure, quantity",
    "links": "from_node, to_node, kind, version, run, seen, seen_as",
}


@pytest.fixture
def shop(tmp_path: Path) -> Company:
    with tarfile.open(DATA / "mlruns.tar.gz") as packed:
        packed.extractall(tmp_path, filter="data")
    made = Company(folder=tmp_path)
    made._source(name="training", type="mlflow", path="mlruns")
    return made


def told(shop: Company) -> dict[str, list[tuple[str, ...]]]:
    return {
        table: [
            tuple(r.values()) for r in shop.ask("query", f"select {c} from {table} order by all")
        ]
        for table, c in TABLES.items()
    }


def of(shop: Company, pattern: str) -> Path:
    (path,) = (shop.folder / "mlruns").glob(pattern)
    return path


def test_the_file_store_tells_all_that_the_database_does(shop: Company) -> None:
    shop.refresh()
    of_files = told(shop)
    (shop.folder / "mlflow.db").write_bytes(gzip.decompress((DATA / "mlruns.db.gz").read_bytes()))
    shop.sources.clear()
    shop._source(name="database", type="mlflow", path="mlflow.db")
    shop.refresh()
    of_database = told(shop)
    assert of_files == of_database
