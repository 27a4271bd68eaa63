"""Databricks' usage at its list price: every record counts, and a missing price is told."""

import shutil
from decimal import Decimal
from pathlib import Path

from company import Company

from costlens.ingest import find_packs

TOTAL = "0.615185183518518518"
PRICES = "sample/list_prices.csv"


def source_of(name: str) -> Path:
    return next(pack.folder for pack in find_packs(None) if pack.name == name)


def load(company: Company) -> None:
    shutil.copytree(source_of("databricks") / "sample", company.folder / "sample")
    company._source(name="dbx", type="databricks", path="sample")


def test_a_sample_ties_to_what_its_source_adds_up_to(company: Company) -> None:
    load(company)
    company.refresh()
    for row in company.ask("statement"):
        assert (row["currency"], row["source_total"]) == ("USD", TOTAL)
        assert Decimal(row["ingested"]) + Decimal(row["residual"]) == Decimal(TOTAL)
        assert row["difference"] == "0"


def refusal(company: Company) -> str:
    ran = company.run("refresh")
    assert ran.code == 1
    return ran.err


def test_usage_has_the_price_of_its_start_and_every_record_counts(company: Company) -> None:
    load(company)
    company.refresh()
    rows = company.ask(
        "query",
        "select BilledCost, ListCost, ChargeClass, ResourceId, Tags from charges order by x_line",
    )
    assert [(row["BilledCost"], row["ListCost"], row["ChargeClass"]) for row in rows] == [
        ("0.185185183518", "0.185185183518", ""),
        ("0.2", "0.4", ""),
        ("-0.2", "-0.4", "Correction"),
        ("0.15", "0.3", "Correction"),
        ("0.28", "0.28", ""),
    ]
    assert rows[0]["ResourceId"] == "0504-1"
    tags = '{"team":"retention","databricks:job_id":"77","databricks:job_run_id":"9001"}'
    assert rows[0]["Tags"] == tags
    assert "ann" not in "".join(row["Tags"] for row in rows)


def test_usage_without_a_price_stays_and_is_told_with_its_quantity(company: Company) -> None:
    load(company)
    prices = company.folder / PRICES
    kept = [line for line in prices.read_text().splitlines() if "0.20" not in line]
    prices.write_text("\n".join(kept) + "\n")
    told = (
        "sample/usage.csv:3: no price for PREMIUM_JOBS_COMPUTE, AWS: 1.5 DBU on 3 lines from "
        "2026-05-04T10:00:00Z cost an unknown amount, which is in no total\n"
        "    export the whole of system.billing.list_prices beside usage, or add a line with the "
        "price that you agreed on\n"
    )
    assert told in company.refresh().err
    rows = company.ask(
        "query",
        "select sum(ConsumedQuantity) as used, sum(BilledCost) as billed, max(BillingCurrency) as "
        "currency, count(ListCost) as listed, max(ChargeDescription) as said, count(*) as lines "
        "from charges where x_class = 'unpriced'",
    )
    said = "JOBS, retraction, no price"
    assert [tuple(row.values()) for row in rows] == [("1.5", "0", "USD", "0", said, "3")]
    # It has a row of its own wherever the bill is split, and no other line's money moves.
    by_class = {
        (row["class"], row["basis"]): row["ingested"]
        for row in company.ask("statement", "--by", "class")
    }
    assert by_class == {
        ("unpriced", "billed"): "0",
        ("unpriced", "effective"): "0",
        ("work", "billed"): "0.465185183518",
        ("work", "effective"): "0.465185183518",
    }
    assert all(row["difference"] == "0" for row in company.ask("statement"))
    # It stands as long as the load does, and ends with the price.
    assert "missing_price" in {row["code"] for row in company.ask("findings")}
    shutil.copy(source_of("databricks") / PRICES, prices)
    company.refresh()
    assert "missing_price" not in {row["code"] for row in company.ask("findings")}
    assert Decimal(company.ask("statement")[0]["source_total"]) == Decimal(TOTAL)


def test_without_any_price_there_is_no_currency_and_no_load(company: Company) -> None:
    load(company)
    prices = company.folder / PRICES
    prices.write_text(prices.read_text().splitlines()[0] + "\n")
    assert "no price for PREMIUM_JOBS_COMPUTE, AWS: 2.734567890123456789 DBU" in refusal(company)


def test_two_prices_at_one_time_are_refused(company: Company) -> None:
    load(company)
    prices = company.folder / PRICES
    text = prices.read_text()
    prices.write_text(text + text.splitlines()[2].replace("USD", "EUR") + "\n")
    assert "PREMIUM_JOBS_COMPUTE has a second price at 2026-05-04T10:00:00Z" in refusal(company)
    # The same price in the exports of two accounts is one price.
    prices.write_text(text + text.splitlines()[2].replace("acc-1", "acc-2") + "\n")
    company.refresh()
    (row,) = company.ask("query", "select count(*) as n from charges")
    assert row["n"] == "5"


def test_usage_in_the_types_of_parquet_costs_the_same(company: Company) -> None:
    import duckdb

    load(company)
    folder = company.folder / "sample"
    usage = "read_csv('{}', all_varchar = true)".format(folder / "usage.csv")
    with duckdb.connect() as con:
        con.execute(
            "copy (select * replace (usage_start_time::timestamptz as usage_start_time, "
            "usage_end_time::timestamptz as usage_end_time, usage_quantity::decimal(38, 18) as "
            "usage_quantity, from_json(custom_tags, '\"map(varchar, varchar)\"') as custom_tags, "
            'from_json(usage_metadata, \'{"cluster_id": "VARCHAR", "job_id": "VARCHAR", '
            '"job_run_id": "VARCHAR", "endpoint_id": "VARCHAR"}\') as usage_metadata) '
            f"from {usage}) to '{folder / 'usage.parquet'}' (format parquet)"
        )
    (folder / "usage.csv").unlink()
    company.refresh()
    row = company.ask("statement")[0]
    assert Decimal(row["source_total"]) == Decimal(TOTAL)
    (tags,) = company.ask("query", "select Tags from charges where x_line = 1")
    assert '"databricks:job_id":"77"' in tags["Tags"]
    assert '"team":"retention"' in tags["Tags"]


def test_a_pack_of_several_tables_takes_no_column_names(company: Company) -> None:
    (company.folder / "list_prices.csv").write_text("a\n1\n")
    company._source(name="dbx", type="databricks", path=".", columns={"sku_name": "sku"})
    assert refusal(company) == (
        'costlens: costlens.yaml:4: columns: the pack databricks has no column "sku_name"\n'
        "    it reads several tables, whose columns have the names of their source\n"
    )
