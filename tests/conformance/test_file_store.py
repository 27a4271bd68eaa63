"""MLflow's file store: its folder tells all that its database does."""

import gzip
import tarfile
from pathlib import Path

import pytest
from company import Company

DATA = Path(__file__).parents[1] / "data" / "runs"
RUN_OF_MODEL = "c9c4d1879cfc4392ae42a6c6a6c13263"
INPUTS = (
    "orders_7d",
    "orders_30d",
    "spend_30d",
    "avg_basket",
    "days_since_order",
    "categories_bought",
    "sessions_7d",
    "pages_per_session",
    "bounce_rate",
    "tenure_days",
)
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


def test_of_a_file_store_every_file_that_is_broken_is_told_with_its_line(shop: Company) -> None:
    shop.refresh()
    before = told(shop)
    run = of(shop, "*/fd0b567c23234c0dbd901daa772b61f8/meta.yaml")
    run.write_text("run_id: 'fd0b\nstatus: 5\n")
    cut = of(shop, "*/05b6193eb74c443b9084d1d0ecafd2ff/meta.yaml")
    cut.write_bytes(cut.read_bytes()[:300])
    empty = of(shop, "models/churn/version-1/meta.yaml")
    empty.write_text("")
    short = of(shop, "*/4d45ca5d141b4c7ca986c534cbfd8479/meta.yaml")
    short.write_text(short.read_text().partition("start_time")[0])
    of(shop, "*/*/tags/team").write_bytes(b"caf\xe9")
    took = of(shop, "*/d9927ce17d7a406fa9c61879a6ed47b3/metrics/feast*")
    took.write_text(took.read_text() + "1790003060000")
    ran = shop.run("refresh")
    assert ran.code == 1
    places = [line for line in ran.err.splitlines() if "mlruns/" in line]
    found = sorted(line.partition("mlruns/")[2].split("/", 1)[1] for line in places)
    assert found == [
        "05b6193eb74c443b9084d1d0ecafd2ff/meta.yaml:12: is cut short: its last line does not end",
        "146f0b1002544798b13b98e4be4b25d1/tags/team: is not UTF-8 text",
        "4d45ca5d141b4c7ca986c534cbfd8479/meta.yaml: has no start_time",
        "4d45ca5d141b4c7ca986c534cbfd8479/meta.yaml: has no status",
        "churn/version-1/meta.yaml: is empty",
        "d9927ce17d7a406fa9c61879a6ed47b3/metrics/feast.materialize.duration_sec:3: is no line of a "
        "metric: a time, a value and a step",
        "fd0b567c23234c0dbd901daa772b61f8/meta.yaml:2: is not YAML as MLflow writes it",
    ]
    assert told(shop) == before


def test_a_run_that_lost_its_own_file_is_told_and_the_others_are_read(shop: Company) -> None:
    lost = of(shop, "*/fd0b567c23234c0dbd901daa772b61f8/meta.yaml")
    lost.unlink()
    ran = shop.refresh()
    place = lost.relative_to(shop.folder).as_posix()
    assert f"{place}: is missing: its folder is not read as a run" in ran.err
    assert len(told(shop)["attempts"]) == 11


@pytest.mark.parametrize("place", ["artifacts/model", "../models/m-1/artifacts"])
def test_a_model_in_the_store_says_by_its_signature_what_it_was_trained_on(
    shop: Company, place: str
) -> None:
    run = of(shop, "*/6d0b6aa393234c028c8566ac38f41ff6")
    (run / "tags" / "mlflow.log-model.history").unlink()
    folder = run / place
    folder.mkdir(parents=True)
    text = (DATA / "MLmodel.yaml").read_text()
    (folder / "MLmodel").write_text(text.replace(RUN_OF_MODEL, run.name))
    shop.refresh()
    links = [row for row in told(shop)["links"] if row[6] == "signature"]
    assert [row[0] for row in links] == [f"feature:{name}" for name in sorted(INPUTS)]
    assert {row[1:5] for row in links} == {("model:risk score", "uses", "2", run.name)}


@pytest.mark.slow
def test_a_change_of_one_tag_is_seen_and_no_change_reads_nothing(shop: Company) -> None:
    shop.refresh()
    of(shop, "*/*/tags/team").write_text("growth")
    shop.refresh()
    (team,) = shop.ask("query", "select count(*) as n from attempts where tags like '%growth%'")
    assert team == {"n": "1"}
    assert "mlruns" not in shop.refresh().err
