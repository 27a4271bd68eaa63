"""Folders of FOCUS exports as AWS and Azure deliver them: the current run counts, no former one does."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import duckdb
from azure_export import write_run
from company import Company, costlens
from focus_export import export, text

RUN_1 = "2026-05-10T01:00:00.000Z-1111"
RUN_2 = "2026-05-31T01:00:00.000Z-2222"


def billed(company: Company) -> dict[str, Decimal]:
    rows = company.ask(
        "query",
        "select billing_period as period, sum(BilledCost) as billed from charges group by all",
    )
    return {row["period"]: Decimal(row["billed"]) for row in rows}


def test_of_an_aws_export_the_run_counts_that_its_manifest_names_with_all_its_parts(
    company: Company,
) -> None:
    bucket = company.folder / "exports"
    export(bucket, RUN_1, "1", "7")
    company.source(name="bill", type="focus", path="exports/")
    company.refresh()
    assert billed(company) == {"2026-05": 8}
    export(bucket, RUN_2, "2", "3")
    june = {
        "BillingPeriodStart": "2026-06-01 00:00:00",
        "BillingPeriodEnd": "2026-07-01 00:00:00",
        "ChargePeriodStart": "2026-06-02 00:00:00",
        "ChargePeriodEnd": "2026-06-03 00:00:00",
    }
    export(bucket, "", "0.5", month="2026-06", **june)  # as a delivery that is written over
    ran = company.refresh()
    assert billed(company) == {"2026-05": 5, "2026-06": Decimal("0.5")}
    assert (
        f"info: exports/focus/data/BILLING_PERIOD=2026-05/{RUN_1}: 2 files of former deliveries are "
        "left out" in ran.err
    )
    assert all(Decimal(row["difference"]) == 0 for row in company.ask("statement"))
    (load,) = company.ask("query", "select count(*) as n from loads where superseded_by is null")
    assert load["n"] == "2"
    (bucket / f"focus/data/BILLING_PERIOD=2026-05/{RUN_2}/focus-00002.snappy.parquet").unlink()
    ran = company.run("refresh")
    assert ran.code == 1
    assert "focus-00002.snappy.parquet, which is not there" in ran.err
    assert billed(company)["2026-05"] == 5


AZURE: Mapping[str, str] = {
    "ProviderName": "Microsoft",
    "InvoiceIssuerName": "Microsoft",
    "BillingAccountId": "8765",
    "ServiceName": "Virtual Machines",
}


def azure(*costs: str) -> tuple[str, int]:
    return text(*costs, **AZURE), len(costs)


def test_of_an_azure_export_the_newest_run_counts_and_other_exports_are_left_out(
    company: Company,
) -> None:
    exports = company.folder / "exports"
    write_run(exports, [azure("1", "1")], type="FocusCost", at="2026-05-04T06:00:00Z")
    write_run(exports, [azure("1", "1"), azure("3")], type="FocusCost", at="2026-05-05T06:00:00Z")
    write_run(exports, [azure("1")], type="FocusCost", at="2026-05-03T06:00:00Z")
    write_run(exports, [("Date,CostInBillingCurrency\n", 0)], type="ActualCost")
    company.source(name="bill", type="focus", path="exports/")
    ran = company.refresh()
    assert billed(company) == {"2026-05": 5}
    assert "2 files of former deliveries are left out" in ran.err
    assert (
        "is left out: it is an export of ActualCost\n    name it in a source of the pack that "
        "reads it: azure" in ran.err
    )
    write_run(exports, [azure("6")], type="FocusCost", at="2026-05-06T06:00:00Z")
    company.refresh()
    assert billed(company) == {"2026-05": 6}


def test_a_first_workspace_names_the_folders_of_exports_and_not_those_of_their_runs(
    tmp_path: Path,
) -> None:
    run = "-0e0267b9-6600-4e89-939f-8afb8fe235ec"
    export(tmp_path / "aws", f"2026-05-10T01:00:00.000Z{run}", "1", "7")
    export(tmp_path / "aws", f"2026-05-31T01:00:00.000Z{run}", "2", "3")
    write_run(tmp_path / "azure", [azure("1")], type="FocusCost", at="2026-05-04T06:00:00Z")
    write_run(tmp_path / "azure", [azure("9")], type="FocusCost", at="2026-05-05T06:00:00Z")
    rows = costlens("init", str(tmp_path), "--dry-run", "--format", "csv").rows
    assert [(row["path"], row["type"], Decimal(row["cost"])) for row in rows] == [
        ("aws/focus/", "focus", 5),
        ("azure/focuscost/", "focus", 9),
    ]


def test_a_folder_without_manifests_is_read_whole(company: Company) -> None:
    exports = company.folder / "exports"
    export(exports, "", "2", "3")
    run = write_run(exports, [azure("4")], type="FocusCost")
    (exports / "focus/metadata/BILLING_PERIOD=2026-05/focus-Manifest.json").unlink()
    (run / "manifest.json").unlink()
    company.source(name="bill", type="focus", path="exports/")
    company.refresh()
    assert billed(company) == {"2026-05": 9}


def test_googles_view_is_read_with_what_it_lacks_and_its_lists(company: Company) -> None:
    (company.folder / "bills").mkdir()
    with duckdb.connect() as con:
        con.execute(
            "copy (select 'ba-1' as BillingAccountId, 12.5::double as BilledCost, "
            "10.25::double as EffectiveCost, 12.5::double as ListCost, 12.5::double as ContractedCost, "
            "'USD' as BillingCurrency, timestamptz '2026-05-01 00:00:00+00' as BillingPeriodStart, "
            "timestamptz '2026-05-04 05:00:00+00' as ChargePeriodStart, 'Usage' as ChargeCategory, "
            "null::varchar as ChargeClass, 'Vertex AI' as ServiceName, "
            "unnest([['AI and Machine Learning', 'Compute', 'Compute'], ['Compute'], null]) as "
            "ServiceCategory, 'Google' as ProviderName, 'regular' as x_CostType, "
            "[{'Name': 'SUD', 'Amount': -2.25}] as x_Credits, {'id': 'p-1'} as x_Project) "
            f"to '{company.folder / 'bills' / 'view.parquet'}' (format parquet)"
        )
    company.source(name="bill", type="focus", path="bills/")
    told = company.refresh().err
    rows = company.ask(
        "query",
        "select ServiceCategory, EffectiveCost, ChargePeriodEnd, BillingPeriodEnd from charges "
        "order by all",
    )
    assert [row["ServiceCategory"] for row in rows] == [
        "AI and Machine Learning, Compute",
        "Compute",
        "",
    ]
    assert {tuple(row.values())[1:] for row in rows} == {
        ("10.25", "2026-05-04 06:00:00", "2026-06-01 00:00:00")
    }
    assert "ChargePeriodEnd was missing on 3 lines of 2026-05, 37.5 USD billed" in told
