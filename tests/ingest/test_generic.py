"""A bill of any columns, by what costlens.yaml says about them."""

import json
from pathlib import Path

import pytest
from company import Company, Ran, write

ROWS = (
    {"Date": "2026-05-03", "Amount": "12.5", "Product": "Labels", "Project": "churn"},
    {"Date": "2026-05-04", "Amount": "0.25", "Product": "Review", "Project": "risk"},
)
COLUMNS = {"BilledCost": "Amount", "ChargePeriodStart": "Date", "ServiceName": "product"}
VALUES = {"ProviderName": "Acme", "BillingAccountId": "A-17", "BillingCurrency": "EUR"}


def bill(company: Company, path: str = "labels.csv", **source: object) -> None:
    company.settings["currency"] = "EUR"
    company.sources.clear()
    company._source(name="labels", path=path, **{"type": "generic", **source})


def refused(company: Company) -> Ran:
    ran = company.run("refresh")
    assert ran.code == 1
    return ran


def test_columns_and_values_say_what_a_file_means(company: Company) -> None:
    write(company.folder / "labels.csv", ROWS)
    bill(company, columns=COLUMNS, values=VALUES)
    assert company.refresh().err == ""  # nothing to mend: no file has more
    rows = company.ask(
        "query",
        "select billing_period, BilledCost, EffectiveCost, BillingCurrency, ProviderName, "
        "BillingAccountId, ServiceName, ChargeCategory, ChargePeriodEnd from charges "
        "order by x_line",
    )
    assert [tuple(row.values()) for row in rows] == [
        (
            "2026-05",
            "12.5",
            "12.5",
            "EUR",
            "Acme",
            "A-17",
            "Labels",
            "Usage",
            "2026-05-04 00:00:00",
        ),
        (
            "2026-05",
            "0.25",
            "0.25",
            "EUR",
            "Acme",
            "A-17",
            "Review",
            "Usage",
            "2026-05-05 00:00:00",
        ),
    ]
    (row, _) = company.ask("statement")
    assert (row["source_total"], row["difference"]) == ("12.75", "0")


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_any_format_will_do(company: Company, kind: str) -> None:
    path = company.folder / f"labels.{kind}"
    if kind == "jsonl":
        path.write_text("\n".join(json.dumps(row) for row in ROWS))
    else:
        write_parquet(path)
    bill(company, path=path.name, columns=COLUMNS, values=VALUES)
    company.refresh()
    (row,) = company.ask("query", "select sum(BilledCost) as billed from charges")
    assert row["billed"] == "12.75"


def write_parquet(path: Path) -> None:
    import duckdb

    write(path.with_suffix(".csv"), ROWS)
    with duckdb.connect() as con:
        con.execute(f"copy (from read_csv('{path.with_suffix('.csv')}')) to '{path}'")
    path.with_suffix(".csv").unlink()


def test_another_mapping_reads_the_same_file_again(company: Company) -> None:
    write(company.folder / "labels.csv", ROWS)
    bill(company, columns=COLUMNS, values=VALUES)
    company.refresh()
    bill(company, columns={**COLUMNS, "ServiceName": "Project"}, values=VALUES)
    company.refresh()
    rows = company.ask("query", "select ServiceName from charges order by x_line")
    assert [row["ServiceName"] for row in rows] == ["churn", "risk"]


def test_what_does_not_fit_is_told_at_once(company: Company) -> None:
    write(company.folder / "labels.csv", ROWS)
    bill(company, columns={"BiledCost": "Amount"}, values={"Nothing": "1", "ServiceName": "x"})
    assert refused(company).err == (
        'costlens: costlens.yaml:4: columns: the pack generic has no column "BiledCost"\n'
        '    did you mean "BilledCost"?\n'
        'costlens: costlens.yaml:4: values: the pack generic has no column "Nothing"\n'
        "    it has BilledCost, ChargePeriodStart, BillingPeriodStart, ChargeCategory, "
        "EffectiveCost, ListCost, ContractedCost, BillingCurrency and 37 more\n"
    )


def test_a_column_that_the_file_lacks_is_told_with_what_it_has(company: Company) -> None:
    write(company.folder / "labels.csv", ROWS)
    bill(company, columns={"BilledCost": "Ammount", "ServiceName": "Nowhere"})
    assert refused(company).err == (
        "costlens: labels.csv:1: the column Ammount is missing\n"
        '    columns: of costlens.yaml:4 names it as BilledCost; the file has "Amount"\n'
        "costlens: labels.csv:1: the column ChargePeriodStart is missing\n"
        "    write columns: {ChargePeriodStart: <one of Date, Amount, Product, Project>} at "
        "costlens.yaml:4\n"
        "costlens: labels.csv:1: the column Nowhere is missing\n"
        "    columns: of costlens.yaml:4 names it as ServiceName; the file has Date, Amount, "
        "Product, Project\n"
    )


def test_columns_of_other_packs_can_be_named_too(company: Company) -> None:
    company.bill({"cost": "1"})
    row = {"Job Run": "r", "pipeline": "p", "start": "2026-05-01"}
    write(company.folder / "jobs.csv", [row])
    company._source(name="jobs", type="runs", path="jobs.csv", columns={"run_id": "Job Run"})
    company.refresh()
    (found,) = company.ask("query", "select run, pipeline from attempts")
    assert found == {"run": "r", "pipeline": "p"}


def test_a_pack_can_be_like_one_of_ours_and_like_no_other(company: Company) -> None:
    company.bill({"cost": "1"})
    folder = company.folder / "connectors" / "own"
    folder.mkdir(parents=True)
    text = "name: own\ntitle: Own\nproduces: charges\nformat: csv\nneeds: [BilledCost]\nlike: {}\n"
    (folder / "connector.yaml").write_text(text.format("focsu"))
    ran = company.run("check")
    assert 'connectors/own/connector.yaml:1: no pack "focsu" to be like' in ran.err
    (folder / "connector.yaml").write_text(text.format("focus"))
    assert company.run("check").code == 0


def test_what_cannot_be_read_is_told_by_the_files_own_names(company: Company) -> None:
    (company.folder / "bill.csv").write_text('Day,Paid\n13/05/2026,1\nTotal,"1,234.50"\n')
    columns = {"BilledCost": "Paid", "ChargePeriodStart": "Day"}
    company.source(name="bill", type="generic", path="bill.csv", columns=columns)
    ran = company.run("refresh")
    assert ran.code == 1
    assert 'bill.csv:3: "1,234.50" in the column Paid is not an amount of money' in ran.err
    assert ran.err.count('bill.csv:2: "13/05/2026" in the column Day is not a time') == 1
