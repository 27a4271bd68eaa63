"""`costlens init` on real exports: what it finds, what it writes, and that the rest works on it."""

import gzip
import json
import re
import shutil
import sqlite3
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from company import Ran, costlens, write

from costlens.paths import bundled

HERE = Path(__file__).parent
BILLING = HERE.parent / "data" / "billing"
UNCOMMENT = re.compile(r"^# ?", re.MULTILINE)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Take the sample company without what people wrote about it."""
    copy_exports(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ran]:
    """Begin a workspace on the sample company and refresh it; tests ask it and change nothing."""
    folder = tmp_path_factory.mktemp("begun") / "acme"
    copy_exports(folder)
    ran = init(folder)
    refresh(folder)
    return folder, ran


def copy_exports(to: Path) -> None:
    for name in ("billing", "meta"):
        shutil.copytree(bundled("sample_data") / name, to / name)


def init(folder: Path, *words: str) -> Ran:
    ran = costlens("init", str(folder), *words, "--format", "csv")
    assert ran.code == 0, ran.err
    return ran


def ask(folder: Path, *words: str) -> list[dict[str, str]]:
    ran = costlens(*words, "--config", str(folder), "--format", "csv")
    assert ran.code == 0, ran.err
    return ran.rows


def check(folder: Path) -> None:
    """Insist that what was written is right."""
    ran = costlens("check", "--config", str(folder))
    assert ran.code == 0, ran.err


def refresh(folder: Path) -> None:
    """Check and refresh, and insist that all of the bill is there."""
    check(folder)
    ran = costlens("refresh", "--config", str(folder))
    assert ran.code == 0, ran.err
    for row in ask(folder, "statement"):
        assert Decimal(row["difference"]) == 0


def unmatched(folder: Path) -> Decimal:
    rows = ask(folder, "statement")
    return sum((Decimal(r["unmatched"]) for r in rows if r["basis"] == "effective"), Decimal(0))


def test_the_sample_company_is_found_and_its_features_cost_something(
    begun: tuple[Path, Ran], golden: Callable[[Path, str], None]
) -> None:
    shop, ran = begun
    assert {row["path"]: row["type"] for row in ran.rows} == {
        "billing/aws/acme-cur/": "aws_cur",
        "billing/snowflake/": "focus",
        "meta/airflow.db": "airflow",
        "meta/mlflow.db": "mlflow",
        "meta/requests.csv": "activity",
    }
    bills = {row["type"]: row for row in ran.rows if row["cost"]}
    assert bills["focus"]["months"] == "2026-08 to 2026-10"
    for name in ("costlens.yaml", "catalog/found.yaml", "catalog/todo.yaml"):
        golden(HERE / "sample_company" / name, (shop / name).read_text())
    stated = {
        (row["source"], row["period"], row["basis"]): Decimal(row["source_total"])
        for row in ask(shop, "statement")
    }
    for name, source in (("aws_cur", "acme-cur"), ("focus", "snowflake")):
        billed = [total for key, total in stated.items() if key[0] == source and key[2] == "billed"]
        assert Decimal(bills[name]["cost"]) == sum(billed)
    # Nothing in these exports says what ran on which machine: only tags and names pick charges.
    features = ask(shop, "cost", "--by", "feature")
    names = [row["name"] for row in features if Decimal(row["allocated"]) > 0]
    assert {"fv_customer_sessions", "fv_support_tickets"} <= set(names)
    models = {row["name"]: Decimal(row["allocated"]) for row in ask(shop, "cost", "--by", "model")}
    assert all(models[name] > 0 for name in ("fraud", "recommendations", "search_ranking"))


def test_what_it_says_is_left_is_what_stays_unmatched(begun: tuple[Path, Ran]) -> None:
    shop, ran = begun
    told = re.search(r"no rule picks ([\d,.]+) of ([\d,.]+) USD", ran.err)
    assert told is not None
    assert told[1] == f"{unmatched(shop):,.2f}"
    assert told[2] == "130,360.04"


def test_the_list_of_what_is_left_can_be_used_as_it_stands(
    begun: tuple[Path, Ran], tmp_path: Path
) -> None:
    shop = tmp_path / "acme"
    shutil.copytree(begun[0], shop)
    todo = (shop / "catalog/todo.yaml").read_text()
    stages = todo[todo.index("# stages:") : todo.index("# Nothing says what these pipelines")]
    product = todo[todo.index("# products:") :]
    (shop / "catalog/todo.yaml").write_text(UNCOMMENT.sub("", stages + product))
    refresh(shop)
    rest = re.search(r"and \d+ more services: ([\d,.]+) USD", todo)
    assert rest is not None
    assert f"{unmatched(shop):,.2f}" == rest[1]
    assert ask(shop, "cost", "--by", "product")[0]["name"] == "my_product"


def test_nothing_is_written_when_asked_only_to_look(shop: Path) -> None:
    ran = init(shop, "--dry-run")
    assert len(ran.rows) == 5
    assert sorted(path.name for path in shop.iterdir()) == ["billing", "meta"]


def test_it_can_write_to_another_folder_than_the_exports(shop: Path, tmp_path: Path) -> None:
    shutil.rmtree(shop / "billing/aws")
    into = tmp_path / "work" / "costs"
    init(shop, "--into", str(into))
    assert not (shop / "costlens.yaml").exists()
    check(into)


@pytest.mark.slow
def test_every_focus_sample_is_a_bill_that_ties(tmp_path: Path) -> None:
    of_others = shutil.ignore_patterns("azure", "gcp")
    shutil.copytree(BILLING, tmp_path / "billing", ignore=of_others)
    ran = init(tmp_path)
    types = {row["path"]: row["type"] for row in ran.rows}
    contract = "billing/focus_1_3_azure_contract_commitment.csv.gz"
    assert types.pop(contract) == ""
    told = next(row["note"] for row in ran.rows if row["path"] == contract)
    assert told == "a FOCUS Contract Commitment file, which holds no charges"
    focus = [path for path, kind in types.items() if kind == "focus"]
    assert len(focus) >= 7
    refresh(tmp_path)
    billed = sum(Decimal(row["cost"]) for row in ran.rows if row["cost"])
    statement = [row for row in ask(tmp_path, "statement") if row["basis"] == "billed"]
    assert sum(Decimal(row["ingested"]) for row in statement) == billed


def test_a_mixed_folder_gives_a_source_each_and_a_reason_for_the_rest(shop: Path) -> None:
    mixed = shop / "exports"
    mixed.mkdir()
    for month, path in enumerate(sorted((shop / "billing/snowflake").iterdir()), start=8):
        path.rename(mixed / f"focus-2026-{month:02}.csv")
    (shop / "meta/requests.csv").rename(mixed / "requests.csv")
    shutil.copy(bundled("connectors") / "runs/sample.csv", mixed / "runs.csv")
    shutil.rmtree(shop / "billing")
    shutil.rmtree(shop / "meta")
    (mixed / "junk.csv").write_text("a,b\n1,2\n")
    (mixed / "old.zip").write_bytes(b"PK")
    (mixed / "empty.csv").touch()
    (mixed / "azure.csv").write_text("MeterCategory,ConsumedService,PreTaxCost\nVM,Compute,1\n")
    (mixed / "cut.csv").write_text("BilledCost,ChargeCategory,ChargePeriodStart\n1,Usage,2026\n")
    (mixed / "cut.parquet").write_bytes(b"PAR1abcdefghijkl")
    ran = init(shop)
    assert {row["path"]: row["type"] or row["note"] for row in ran.rows} == {
        "exports/focus-*.csv": "focus",
        "exports/requests.csv": "activity",
        "exports/runs.csv": "runs",
        "exports/azure.csv": "nearest is Azure cost exports, actual and amortized (azure): "
        "it lacks Date",
        "exports/cut.csv": "nearest is FOCUS Cost and Usage (1.0-preview to 1.4) (focus): "
        "it lacks BillingPeriodStart",
        "exports/cut.parquet": "is cut short: a Parquet file ends in its index, this one does not",
        "exports/empty.csv": "empty",
        "exports/junk.csv": "no pack knows its columns: a, b",
        "exports/old.zip": "packed as .zip: unpack it",
    }
    check(shop)


def test_an_aws_export_in_its_own_folders_is_one_source(tmp_path: Path) -> None:
    month = tmp_path / "aws/acme/20260501-20260601"
    delivery = month / "0e0267b9-6600-4e89-939f-8afb8fe235ec"
    delivery.mkdir(parents=True)
    shutil.copy(bundled("connectors") / "aws_cur/sample.csv", delivery / "acme-00001.csv")
    (month / "acme-Manifest.json").write_text("{}")
    ran = costlens("init", str(tmp_path), "--dry-run", "--format", "csv")
    assert [(row["path"], row["type"]) for row in ran.rows] == [("aws/acme/", "aws_cur")]


@pytest.mark.parametrize("stored", ["folder", "database", "gzipped database"])
def test_a_tools_own_tables_are_one_source(tmp_path: Path, stored: str) -> None:
    for pack in ("airflow", "mlflow"):
        store(bundled("connectors") / pack / "sample", tmp_path / pack, stored)
    ran = init(tmp_path)
    assert [row["type"] for row in ran.rows] == ["airflow", "mlflow"]
    assert all(int(row["lines"]) > 0 for row in ran.rows)
    refresh(tmp_path)
    found = (tmp_path / "catalog/found.yaml").read_text()
    # A name that no catalogue takes is matched as the log spells it.
    assert "- name: churn_training" in found
    assert 'runs: {match: {pipeline: "churn training"}}' in found
    names = {row["name"] for row in ask(tmp_path, "query", "select name from catalogue")}
    assert {"orders", "sessions", "churn"} <= names


def store(tables: Path, to: Path, how: str) -> None:
    """Put the tables of a pack's sample where a user might have them."""
    to.mkdir()
    if how == "folder":
        shutil.copytree(tables, to, dirs_exist_ok=True)
        return
    path = to / f"{to.name}.db"
    with sqlite3.connect(path) as database:
        for table in sorted(tables.iterdir()):
            rows = csv_rows(table)
            marks = ", ".join("?" for _ in rows[0])
            columns = ", ".join(f'"{name}"' for name in rows[0])
            database.execute(f'create table "{table.stem}" ({columns})')
            database.executemany(f'insert into "{table.stem}" values ({marks})', rows[1:])
    database.close()
    if how == "gzipped database":
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()


def csv_rows(path: Path) -> list[list[str | None]]:
    import csv

    with path.open(newline="", encoding="utf-8") as opened:
        first, *rows = csv.reader(opened)
    return [first, *([cell or None for cell in row] for row in rows)]


def test_a_pack_of_your_own_is_recognised(tmp_path: Path) -> None:
    own = tmp_path / "connectors/own_runs"
    shutil.copytree(bundled("connectors") / "runs", own)
    text = (own / "connector.yaml").read_text()
    text = text.replace("name: runs", "name: own_runs")
    text = text.replace("needs: [run_id, pipeline, start]", "needs: [run_id, pipeline, start, lab]")
    (own / "connector.yaml").write_text(text)
    row = {"run_id": "1", "pipeline": "p", "start": "2026-05-01", "end": "2026-05-02"}
    write(tmp_path / "plain.csv", [row])
    write(tmp_path / "mine.csv", [{**row, "run_id": "2", "lab": "x"}])
    types = {row["path"]: row["type"] for row in init(tmp_path).rows}
    assert types == {"mine.csv": "own_runs", "plain.csv": "runs"}
    refresh(tmp_path)


def charge(**more: object) -> dict[str, object]:
    tags = more.pop("Tags", None)
    cost = more.pop("cost", "1")
    return {
        "BilledCost": cost,
        "EffectiveCost": cost,
        "BillingCurrency": "EUR",
        "BillingAccountId": "1",
        "ProviderName": "P",
        "BillingPeriodStart": "2026-05-01",
        "ChargePeriodStart": "2026-05-01",
        "ChargePeriodEnd": "2026-05-02",
        "ChargeCategory": "Usage",
        "ServiceName": "Compute",
        **more,
        "Tags": json.dumps(tags) if tags else "",
    }


def test_tags_that_name_things_become_rules_and_a_line_has_one_owner(tmp_path: Path) -> None:
    both = {"pipeline": "orders", "model": "churn"}
    write(
        tmp_path / "bill.csv",
        [
            charge(cost="5", Tags={"Pipeline": "ORDERS", "team": "core"}),
            charge(cost="3", Tags=both),
            charge(cost="2", Tags={"model": "fraud", "team": "risk"}),
            charge(cost="1", Tags={"team": "risk"}),
        ],
    )
    run = {"run_id": "1", "start": "2026-05-01T00:00:00Z", "end": "2026-05-01T01:00:00Z"}
    write(
        tmp_path / "runs.csv",
        [
            {**run, "pipeline": "orders_daily", "part": "features.a"},
            {**run, "pipeline": "churn_training", "part": "run", "model": "churn"},
        ],
    )
    init(tmp_path)
    found = (tmp_path / "catalog/found.yaml").read_text()
    assert "{tags: {Pipeline: ORDERS}}" in found or "{tags: {pipeline: orders}}" in found
    assert "model: churn}" not in found  # those lines are the pipeline's
    assert "{tags: {model: fraud}}" in found
    assert "owner: risk" in found
    assert "currency: EUR" in (tmp_path / "costlens.yaml").read_text()
    refresh(tmp_path)
    assert unmatched(tmp_path) == 1
    assert "contested" not in [row["code"] for row in ask(tmp_path, "findings")]
