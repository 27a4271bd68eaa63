"""Manifests say which files of a bucket's copy are a month; nothing else that lies there counts."""

import shutil
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest
from aws_report import line, write_csv, write_manifest, write_parquet
from company import Company

RUN_1 = "2026-05-10T01:00:00.000Z-1111"
RUN_2 = "2026-05-31T01:00:00.000Z-2222"
JUNE = {
    "bill_billing_period_start_date": "2026-06-01 00:00:00",
    "usage_start_date": "2026-06-04 05:00:00",
    "usage_end_date": "2026-06-04 06:00:00",
}


@pytest.fixture
def bucket(company: Company) -> Path:
    company.source(name="bill", type="aws_cur", path="cur/")
    return company.folder / "cur"


def billed(company: Company) -> dict[str, Decimal]:
    rows = company.ask(
        "query",
        "select billing_period as period, sum(BilledCost) as billed from charges group by all",
    )
    return {row["period"]: Decimal(row["billed"]) for row in rows}


def export(bucket: Path, run: str, *costs: str) -> None:
    """Deliver May as a data export that keeps its former runs: files beside them, one manifest."""
    folder = f"acme/data/BILLING_PERIOD=2026-05/{run}"
    keys = []
    for number, cost in enumerate(costs, start=1):
        key = f"{folder}/acme-{number:05}.snappy.parquet"
        write_parquet(bucket / key, [line("Usage", cost, resource_tags={"user_team": "risk"})])
        keys.append(f"s3://acme-billing/exports/{key}")
    metadata = bucket / "acme/metadata/BILLING_PERIOD=2026-05"
    write_manifest(metadata / "acme-Manifest.json", keys, key="dataFiles")


def test_the_run_that_the_manifest_names_counts_and_former_ones_are_told(
    company: Company, bucket: Path
) -> None:
    export(bucket, RUN_1, "1")
    export(bucket, RUN_2, "2", "3")
    ran = company.refresh()
    assert billed(company) == {"2026-05": Decimal(5)}
    assert (
        f"info: cur/acme/data/BILLING_PERIOD=2026-05/{RUN_1}: 1 file of former deliveries is left "
        "out\n    the current manifest" in ran.err
    )


def test_a_restated_month_replaces_what_was_there(company: Company, bucket: Path) -> None:
    export(bucket, RUN_1, "1", "7")
    company.refresh()
    export(bucket, RUN_2, "2", "3")
    company.refresh()
    assert billed(company) == {"2026-05": Decimal(5)}
    assert all(Decimal(row["difference"]) == 0 for row in company.ask("statement"))


def test_a_part_that_the_manifest_names_no_more_goes(company: Company, bucket: Path) -> None:
    export(bucket, RUN_1, "1", "7")
    company.refresh()
    export(bucket, RUN_1, "1")
    company.refresh()
    assert billed(company) == {"2026-05": Decimal(1)}


def test_a_file_that_is_named_and_missing_is_told(company: Company, bucket: Path) -> None:
    export(bucket, RUN_1, "1", "7")
    company.refresh()
    (bucket / f"acme/data/BILLING_PERIOD=2026-05/{RUN_1}/acme-00002.snappy.parquet").unlink()
    ran = company.run("refresh")
    assert ran.code == 1
    assert (
        "cur/acme/metadata/BILLING_PERIOD=2026-05/acme-Manifest.json: names s3://acme-billing/"
        f"exports/acme/data/BILLING_PERIOD=2026-05/{RUN_1}/acme-00002.snappy.parquet, which is not "
        "there" in ran.err
    )
    assert billed(company) == {"2026-05": Decimal(8)}


def legacy(bucket: Path, assembly: str, cost: str, *, slash: str = "/") -> str:
    """Deliver May as a legacy report: an assembly with its manifest, and the same one above it."""
    month = bucket / "20260501-20260601"
    write_csv(month / assembly / "acme-1.csv", [line("Usage", cost)])
    key = f"{slash}reports/acme/20260501-20260601/{assembly}/acme-1.csv"
    write_manifest(month / assembly / "acme-Manifest.json", [key])
    write_manifest(month / "acme-Manifest.json", [key])
    return key


@pytest.mark.parametrize("slash", ["", "/"])
def test_of_a_legacy_report_the_assembly_counts_that_the_upper_manifest_names(
    company: Company, bucket: Path, slash: str
) -> None:
    legacy(bucket, "b-old", "1", slash=slash)
    legacy(bucket, "a-new", "2", slash=slash)
    company.refresh()
    assert billed(company) == {"2026-05": Decimal(2)}


def test_an_assembly_that_is_not_copied_is_missed_and_no_older_one_stands_in(
    company: Company, bucket: Path
) -> None:
    legacy(bucket, "b-old", "1")
    key = legacy(bucket, "a-new", "2")
    shutil.rmtree(bucket / "20260501-20260601" / "a-new")
    ran = company.run("refresh")
    assert ran.code == 1
    assert f"acme-Manifest.json: names {key}, which is not there" in ran.err


def test_assemblies_without_a_manifest_above_them_are_refused(
    company: Company, bucket: Path
) -> None:
    legacy(bucket, "b-old", "1")
    legacy(bucket, "a-new", "2")
    (bucket / "20260501-20260601" / "acme-Manifest.json").unlink()
    ran = company.run("refresh")
    assert ran.code == 1
    assert "holds 2 deliveries, and no acme-Manifest.json that says which is current" in ran.err


def test_a_month_without_a_manifest_beside_others_is_told(company: Company, bucket: Path) -> None:
    legacy(bucket, "a", "2")
    write_csv(bucket / "20260601-20260701" / "acme-1.csv", [line("Usage", "9", **JUNE)])
    ran = company.refresh()
    assert billed(company) == {"2026-05": Decimal(2)}
    assert (
        "warning: cur/20260601-20260701: 1 file that no manifest names is left out\n"
        "    copy the manifests of these months as well" in ran.err
    )


def test_a_zip_file_of_a_legacy_report_is_read(company: Company, bucket: Path) -> None:
    month = bucket / "20260501-20260601"
    plain = write_csv(company.folder / "acme-1.csv", [line("Usage", "2"), line("Usage", "x")])
    month.mkdir(parents=True)
    with zipfile.ZipFile(month / "acme-1.csv.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.write(plain, "acme-1.csv")
    write_manifest(month / "acme-Manifest.json", ["acme/20260501-20260601/acme-1.csv.zip"])
    ran = company.run("refresh")
    assert 'acme-1.csv.zip:3: "x" in the column line_item_unblended_cost' in ran.err
    write_csv(plain, [line("Usage", "2"), line("Usage", "0.5")])
    with zipfile.ZipFile(month / "acme-1.csv.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.write(plain, "acme-1.csv")
    company.refresh()
    assert billed(company) == {"2026-05": Decimal("2.5")}


def test_what_a_plan_left_unused_is_told_from_all_parts_of_a_month(
    company: Company, bucket: Path
) -> None:
    plan = {"savings_plan_savings_plan_arn": "arn:sp/1"}
    month = bucket / "20260501-20260601"
    write_csv(
        month / "acme-1.csv",
        [
            line("SavingsPlanRecurringFee", "2", **plan),
            line(
                "SavingsPlanCoveredUsage", "3", **plan, savings_plan_savings_plan_effective_cost="1"
            ),
        ],
    )
    write_csv(
        month / "acme-2.csv",
        [
            line("SavingsPlanNegation", "-5", **plan),
            line(
                "SavingsPlanCoveredUsage",
                "2",
                **plan,
                savings_plan_savings_plan_effective_cost="0.25",
            ),
            line("Usage", "bad"),
        ],
    )
    keys = [f"acme/20260501-20260601/acme-{number}.csv" for number in (1, 2)]
    write_manifest(month / "acme-Manifest.json", keys)
    assert "acme-2.csv:4: " in company.run("refresh").err
    text = (month / "acme-2.csv").read_text().replace("bad", "1")
    (month / "acme-2.csv").write_text(text)
    company.refresh()
    rows = company.ask(
        "query", "select x_line, BilledCost, EffectiveCost from charges order by x_line"
    )
    assert [(r["x_line"], Decimal(r["EffectiveCost"])) for r in rows] == [
        ("1", 0),
        ("2", 1),
        ("5000000001", Decimal("0.75")),
        ("10000000001", 0),
        ("10000000002", Decimal("0.25")),
        ("10000000003", 1),
    ]


def test_parts_with_different_columns_are_one_delivery(company: Company, bucket: Path) -> None:
    folder = bucket / "data/BILLING_PERIOD=2026-05"
    write_parquet(folder / "acme-00001.snappy.parquet", [line("Usage", "1")])
    write_parquet(
        folder / "acme-00002.snappy.parquet",
        [line("DiscountedUsage", "0", reservation_effective_cost="0.3")],
    )
    company.refresh()
    (row,) = company.ask("query", "select sum(EffectiveCost) as cost from charges")
    assert Decimal(row["cost"]) == Decimal("1.3")


def test_two_reports_of_one_account_are_refused(company: Company, bucket: Path) -> None:
    export(bucket, RUN_1, "1")
    legacy(bucket, "a", "1")
    ran = company.run("refresh")
    assert ran.code == 1
    assert "holds AWS: 011122223333 in 2026-05, as " in ran.err


@pytest.mark.parametrize("text", ["{", "[]", '{"reportKeys": 3}', '{"x": []}'])
def test_a_manifest_that_is_none_is_told(company: Company, bucket: Path, text: str) -> None:
    legacy(bucket, "a", "1")
    (bucket / "20260501-20260601" / "acme-Manifest.json").write_text(text)
    ran = company.run("refresh")
    assert ran.code == 1
    assert "acme-Manifest.json: is no manifest: it has no list reportKeys or dataFiles" in ran.err


def test_a_month_in_parts_without_a_manifest_does_not_guess_what_was_unused(
    company: Company,
) -> None:
    plan = {"savings_plan_savings_plan_arn": "arn:sp/1"}
    covered = {**plan, "savings_plan_savings_plan_effective_cost": "1"}
    write_csv(company.folder / "cur/acme-1.csv", [line("SavingsPlanRecurringFee", "2", **plan)])
    write_csv(
        company.folder / "cur/acme-2.csv",
        [
            line("SavingsPlanCoveredUsage", "3", **covered),
            line("SavingsPlanNegation", "-3", **plan),
        ],
    )
    company.source(name="bill", type="aws_cur", path="cur/", parts=True)
    ran = company.run("refresh")
    assert ran.code == 1
    assert (
        "cur/acme-1.csv: what arn:sp/1 left unused cannot be told: cur/acme-2.csv holds use of it "
        "as well\n    put the report's manifest beside its files" in ran.err
    )


def test_two_columns_of_one_tag_are_told(company: Company) -> None:
    path = write_csv(
        company.folder / "cur.csv", [{**line("Usage", "1"), "resourceTags/user:a": "x"}]
    )
    header, row = path.read_text().splitlines()
    path.write_text(f"{header},resourceTags/user:a\n{row},y\n")
    company.source(name="bill", type="aws_cur", path="cur.csv")
    told = "cur.csv: the column resourceTags/user:a stands twice in the header: the last one counts"
    assert told in company.refresh().err
