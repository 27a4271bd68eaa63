"""A source on S3 is read as a folder is: what is new is fetched, what is known is not."""

import os
import signal
import subprocess
import sys
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from aws_report import line, write_manifest, write_parquet
from company import Company
from hypothesis import given
from hypothesis import strategies as st
from object_store import Store, month, on_s3

from costlens.config import load
from costlens.ingest.cache import cache_of, local, name_in_bucket
from costlens.refresh import refresh


def billed(company: Company) -> dict[str, Decimal]:
    rows = company.ask(
        "query",
        "select billing_period as period, sum(BilledCost) as billed from charges group by all",
    )
    return {row["period"]: Decimal(row["billed"]) for row in rows}


def copies(company: Company) -> list[str]:
    """Name all that lies in the lake's copies, but for the lock and what notes an ETag."""
    folder = company.folder / "lake" / ".s3"
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".writing" and not path.name.endswith(".etag")
    )


def test_what_is_known_is_not_fetched_again(company: Company, store: Store) -> None:
    on_s3(company, store)
    store.put("bills/may.csv", month(5, "10"))
    store.put("bills/june.csv", month(6, "20"))
    store.put("bills2/other.csv", month(7, "99"))
    company.refresh()
    assert billed(company) == {"2026-05": Decimal(10), "2026-06": Decimal(20)}
    assert store.fetched() == ["bills/june.csv", "bills/may.csv"]
    ran = company.refresh()
    assert "nothing new" in ran.out
    assert store.fetched() == []


def test_a_restated_month_is_fetched_alone(company: Company, store: Store) -> None:
    on_s3(company, store)
    store.put("bills/may.csv", month(5, "10"))
    store.put("bills/june.csv", month(6, "20"))
    company.refresh()
    store.fetched()
    store.put("bills/may.csv", month(5, "11"))  # as long as before
    company.refresh()
    assert store.fetched() == ["bills/may.csv"]
    assert billed(company) == {"2026-05": Decimal(11), "2026-06": Decimal(20)}


@pytest.mark.slow
def test_loads_and_findings_name_what_they_mean_as_the_bucket_does(
    company: Company, store: Store
) -> None:
    on_s3(company, store)
    store.put("bills/2026/may.csv", month(5, "10"))
    company.refresh()
    (row,) = company.ask("query", "select files from loads")
    assert '"path": "s3://acme/bills/2026/may.csv"' in row["files"]
    store.put("bills/2026/may.csv", month(5, "ten"))
    ran = company.run("refresh")
    assert ran.code == 1
    assert "s3://acme/bills/2026/may.csv:2" in ran.err
    assert ".s3" not in ran.err
    assert billed(company) == {"2026-05": Decimal(10)}


def test_one_object_is_a_source_whatever_its_name(company: Company, store: Store) -> None:
    on_s3(company, store, "s3://acme/bill")
    store.put("bill", month(5, "10"))
    store.put("bill-of-others", month(6, "99"))
    company.refresh()
    assert billed(company) == {"2026-05": Decimal(10)}


@pytest.mark.slow
def test_keys_that_no_file_can_have_are_read_under_their_own_names(
    company: Company, store: Store
) -> None:
    on_s3(company, store, "s3://acme")
    for number, key in enumerate(("/cur//may [1].csv", "cur/%/june*.csv", "a/b%2Fc/july é.csv"), 5):
        store.put(key, month(number, str(number)))
    store.put("folder/", b"")
    store.put("cur/_SUCCESS", b"x")
    company.refresh()
    assert billed(company) == {f"2026-{n:02}": Decimal(n) for n in (5, 6, 7)}
    rows = company.ask("query", "select files from loads order by period")
    found = [row["files"].split('"path": "')[1].split('"')[0] for row in rows]
    assert found[:2] == ["s3://acme//cur//may [1].csv", "s3://acme/cur/%/june*.csv"]
    assert found[2].startswith("s3://acme/a/b%2Fc/july ")


@given(st.lists(st.sampled_from(["", ".", "..", "%", "%2E", "a", "b c", "é", "~"]), min_size=1))
def test_a_copy_lies_in_its_folder_and_knows_its_key(parts: list[str]) -> None:
    key = "/".join(parts)
    cache = cache_of(Path("/lake"), "../bill", "acme")
    path = local(cache, key)
    assert cache in Path(os.path.normpath(path)).parents
    assert name_in_bucket(path) == f"s3://acme/{key}"


@pytest.mark.slow
def test_a_prefix_of_more_than_a_page_is_read_to_its_end(
    company: Company, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "2")
    on_s3(company, store)
    for number in range(1, 6):
        store.put(f"bills/{number}.csv", month(number, "1"))
    company.refresh()
    assert len(billed(company)) == 5
    assert sum("continuation-token" in path for path in store.asked) == 2


def test_files_gone_from_the_bucket_go_from_the_copy_and_their_months_stay(
    company: Company, store: Store
) -> None:
    on_s3(company, store)
    store.put("bills/may.csv", month(5, "10"))
    store.put("bills/june.csv", month(6, "20"))
    company.refresh()
    assert copies(company) == ["bill/acme/bills/june.csv", "bill/acme/bills/may.csv"]
    store.remove("bills/may.csv")
    ran = company.refresh()
    assert "info: s3://acme/bills/may.csv: is gone: 2026-05 stays as it was loaded" in ran.err
    assert copies(company) == ["bill/acme/bills/june.csv"]
    assert billed(company) == {"2026-05": Decimal(10), "2026-06": Decimal(20)}


@pytest.mark.slow
def test_the_vacuum_leaves_the_copies(company: Company, store: Store) -> None:
    on_s3(company, store)
    store.put("bills/may.csv", month(5, "10"))
    company.refresh()
    store.fetched()
    assert company.run("vacuum", "--keep", "1").code == 0
    company.refresh()
    assert store.fetched() == []


def test_a_connection_that_breaks_goes_on_where_it_broke(company: Company, store: Store) -> None:
    on_s3(company, store)
    content = month(5, "10")
    store.put("bills/may.csv", content)
    store.cuts["bills/may.csv"] = 2
    company.refresh()
    assert billed(company) == {"2026-05": Decimal(10)}
    half = len(content) // 2
    assert store.ranges == [f"bytes={half}-", f"bytes={half + (len(content) - half) // 2}-"]


def test_a_fetch_that_never_comes_to_its_end_leaves_what_was(
    company: Company, store: Store
) -> None:
    on_s3(company, store)
    store.put("bills/may.csv", month(5, "10"))
    company.refresh()
    store.put("bills/june.csv", month(6, "20"))
    store.cuts["bills/june.csv"] = 1000
    store.fetched()
    ran = company.run("refresh")
    assert ran.code == 1
    assert "costlens.yaml:" in ran.err
    assert "the connection broke off while s3://acme/bills/june.csv was read" in ran.err
    assert billed(company) == {"2026-05": Decimal(10)}
    store.cuts.clear()
    store.fetched()
    company.refresh()
    assert store.fetched() == ["bills/june.csv"]
    assert billed(company) == {"2026-05": Decimal(10), "2026-06": Decimal(20)}


def test_a_killed_refresh_leaves_no_half_file_and_the_next_one_finishes(
    company: Company, store: Store
) -> None:
    on_s3(company, store)
    store.put("bills/may.csv", month(5, "10"))
    company.refresh()
    store.put("bills/june.csv", month(6, "20"))
    store.put("bills/july.csv", month(7, "30"))
    store.put("bills/may.csv", month(5, "11"))
    store.stuck = "bills/may.csv"
    code = "from costlens.cli import main; main()"
    words = [sys.executable, "-c", code, "refresh", "--config", str(company.folder)]
    with subprocess.Popen(words, env=dict(os.environ)) as running:
        assert store.is_stuck.wait(30)
        folder = company.folder / "lake/.s3/bill/acme/bills"
        while not all((folder / f".{name}.csv.etag").exists() for name in ("june", "july")):
            assert running.poll() is None
        running.send_signal(signal.SIGKILL)
    assert (folder / "may.csv").read_bytes() == month(5, "10")
    assert (folder / ".may.csv.part").exists()
    assert billed(company) == {"2026-05": Decimal(10)}
    store.stuck = ""
    store.fetched()
    company.refresh()
    assert store.fetched() == ["bills/may.csv"]
    assert billed(company) == {f"2026-{n:02}": Decimal(c) for n, c in ((5, 11), (6, 20), (7, 30))}
    assert not list(folder.rglob("*.part"))


def test_an_object_replaced_after_it_was_listed_is_not_taken_for_the_listed_one(
    company: Company, store: Store
) -> None:
    on_s3(company, store)
    store.put("bills/may.csv", month(5, "10"))
    store.before["bills/may.csv"] = lambda: store.put("bills/may.csv", month(5, "11"))
    ran = company.run("refresh")
    assert ran.code == 1
    assert "s3://acme/bills/may.csv was replaced while it was read" in ran.err
    company.refresh()
    assert billed(company) == {"2026-05": Decimal(11)}


def test_an_object_replaced_while_it_is_fetched_is_not_put_together_of_two(
    company: Company, store: Store
) -> None:
    on_s3(company, store)
    store.put("bills/may.csv", month(5, "10"))

    def replaced() -> None:
        store.cuts["bills/may.csv"] = 1
        store.before["bills/may.csv"] = lambda: store.put("bills/may.csv", month(5, "11"))

    store.before["bills/may.csv"] = replaced
    ran = company.run("refresh")
    assert ran.code == 1
    assert len(store.ranges) == 1
    assert "s3://acme/bills/may.csv was replaced while it was read" in ran.err
    assert copies(company) in ([], ["bill/acme/bills/.may.csv.part"])


def test_a_refresh_says_how_far_it_is(company: Company, store: Store) -> None:
    on_s3(company, store)
    store.put("bills/may.csv", month(5, "10"))
    store.put("bills/june.csv", month(6, "20"))
    said: list[str] = []
    refresh(load(company.folder), as_of=datetime(2026, 7, 1), say=said.append)
    assert said[:2] == [f"fetched {n} of 2 files of bill, 0.0 of 0.0 MB" for n in (1, 2)]


def test_a_copy_that_died_between_file_and_etag_is_fetched_again(
    company: Company, store: Store
) -> None:
    on_s3(company, store)
    store.put("bills/may.csv", month(5, "10"))
    company.refresh()
    (company.folder / "lake/.s3/bill/acme/bills/.may.csv.etag").unlink()
    store.fetched()
    company.refresh()
    assert store.fetched() == ["bills/may.csv"]


RUN_1, RUN_2 = "2026-05-10T01:00:00.000Z-1111", "2026-05-31T01:00:00.000Z-2222"


def export(bucket: Path, run: str, *costs: str) -> None:
    """Deliver May as a data export that keeps its former runs, as AWS lays it out."""
    keys = []
    for number, cost in enumerate(costs, start=1):
        key = f"acme/data/BILLING_PERIOD=2026-05/{run}/acme-{number:05}.snappy.parquet"
        write_parquet(bucket / key, [line("Usage", cost, resource_tags={"user_team": "risk"})])
        keys.append(f"s3://acme/exports/{key}")
    metadata = bucket / "acme/metadata/BILLING_PERIOD=2026-05"
    write_manifest(metadata / "acme-Manifest.json", keys, key="dataFiles")


def test_an_export_with_manifests_counts_as_from_a_folder_and_only_that_is_fetched(
    company: Company, store: Store, tmp_path: Path
) -> None:
    local = Company(folder=tmp_path / "local")
    bucket = local.folder / "exports"
    export(bucket, RUN_1, "1")
    export(bucket, RUN_2, "2", "3")
    local.source(name="bill", type="aws_cur", path="exports/")
    local.refresh()
    store.put_folder(bucket, "exports")
    on_s3(company, store, "s3://acme/exports/", type="aws_cur")
    ran = company.refresh()
    month_of_run = f"exports/acme/data/BILLING_PERIOD=2026-05/{RUN_2}"
    manifest = "exports/acme/metadata/BILLING_PERIOD=2026-05/acme-Manifest.json"
    assert store.fetched() == [
        f"{month_of_run}/acme-00001.snappy.parquet".replace("=", "%3D").replace(":", "%3A"),
        f"{month_of_run}/acme-00002.snappy.parquet".replace("=", "%3D").replace(":", "%3A"),
        manifest.replace("=", "%3D"),
    ]
    everything = "from charges order by all"
    assert company.ask("query", everything) == local.ask("query", everything)
    assert billed(company) == {"2026-05": Decimal(5)}
    assert (
        f"info: s3://acme/exports/acme/data/BILLING_PERIOD=2026-05/{RUN_1}: 1 file of former"
        in ran.err
    )
    export(bucket, "2026-06-03T01:00:00.000Z-3333", "7")
    store.put_folder(bucket, "exports")
    company.refresh()
    assert len(store.fetched()) == 2
    assert billed(company) == {"2026-05": Decimal(7)}
    assert [name.rpartition("/")[2] for name in copies(company)] == [
        "acme-00001.snappy.parquet",
        "acme-Manifest.json",
    ]


def test_a_manifest_that_names_what_is_not_there_fetches_nothing_else(
    company: Company, store: Store, tmp_path: Path
) -> None:
    export(tmp_path / "exports", RUN_1, "1", "2")
    store.put_folder(tmp_path / "exports", "exports")
    store.remove(f"exports/acme/data/BILLING_PERIOD=2026-05/{RUN_1}/acme-00002.snappy.parquet")
    on_s3(company, store, "s3://acme/exports", type="aws_cur")
    ran = company.run("refresh")
    assert ran.code == 1
    assert (
        "s3://acme/exports/acme/metadata/BILLING_PERIOD=2026-05/acme-Manifest.json: names "
        in ran.err
    )
    assert len(store.fetched()) == 1


@pytest.mark.slow
def test_check_fetches_the_last_of_files_alike_and_check_full_all(
    company: Company, store: Store
) -> None:
    on_s3(company, store)
    for number in (4, 5, 6):
        store.put(f"bills/2026-{number:02}/bill-0001.csv", month(number, "1"))
        store.put(f"bills/2026-{number:02}/bill-0002.csv", month(number, "1"))
    ran = company.run("check")
    assert ran.code == 0, ran.err
    assert store.fetched() == ["bills/2026-06/bill-0002.csv"]
    assert not (company.folder / "lake" / "builds").exists()
    store.put("bills/2026-06/bill-0002.csv", month(6, "one"))
    ran = company.run("check")
    assert ran.code == 1
    assert "s3://acme/bills/2026-06/bill-0002.csv:2" in ran.err
    store.fetched()
    assert company.run("check", "--full").code == 1
    assert len(store.fetched()) == 5


def test_a_folder_of_tables_is_a_folder_on_s3(company: Company, store: Store) -> None:
    sample = Path(__file__).parents[2] / "connectors" / "airflow"
    folders = [
        path for path in sample.iterdir() if path.is_dir() and path.name.startswith("sample")
    ]
    assert folders, "the pack airflow has a folder as its sample"
    store.put_folder(folders[0], "airflow/export-1")
    on_s3(company, store, "s3://acme/airflow", name="runs", type="airflow")
    ran = company.run("check")
    assert ran.code == 0, ran.err
    company.refresh()
    (row,) = company.ask("query", "select files from loads limit 1")
    assert "s3://acme/airflow/export-1/" in row["files"]


def test_the_help_imports_no_boto3() -> None:
    code = (
        "import sys\nfrom costlens.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "assert not {'boto3', 'botocore'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


@pytest.mark.parametrize("word", ["check", "refresh"])
def test_no_local_source_imports_boto3(company: Company, word: str) -> None:
    company.bill({"cost": "1"})
    code = (
        "import sys\nfrom costlens.cli import main\n"
        f"try: main(['{word}', '--config', '{company.folder}'])\nexcept SystemExit as e: assert not e.code\n"
        "assert not {'boto3', 'botocore'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
