"""Azure's cost exports: both kinds together, each alone, every header, and runs of an export."""

import csv
import io
import shutil
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from azure_export import write_run
from company import Company

DATA = Path(__file__).parents[1] / "data" / "billing" / "azure"
HEADER = [
    "SubscriptionId",
    "ResourceLocation",
    "Date",
    "ProductName",
    "MeterCategory",
    "MeterName",
    "UnitOfMeasure",
    "Quantity",
    "CostInBillingCurrency",
    "ResourceId",
    "Tags",
    "AdditionalInfo",
    "ReservationId",
    "UnitPrice",
    "ChargeType",
    "Frequency",
    "PricingModel",
    "BillingAccountId",
    "BillingCurrencyCode",
    "BillingPeriodStartDate",
    "BillingPeriodEndDate",
    "PayGPrice",
    "BenefitId",
]
RI = {"PricingModel": "Reservation", "ReservationId": "r-1", "BenefitId": "/capacity/r-1"}
SP = {"PricingModel": "SavingsPlan", "BenefitId": "/microsoft.billingbenefits/sp-1"}

Line = Mapping[str, str]


def line(cost: str, **more: str) -> Line:
    """Write a line of an Enterprise Agreement, a day of a virtual machine unless told otherwise."""
    plain = {
        "SubscriptionId": "s-1",
        "ResourceLocation": "EU West",
        "Date": "05/04/2026",
        "ProductName": "VM D4s v3",
        "MeterCategory": "Virtual Machines",
        "MeterName": "D4s v3",
        "UnitOfMeasure": "1 Hour",
        "Quantity": "24",
        "CostInBillingCurrency": cost,
        "ResourceId": "/subscriptions/s-1/virtualMachines/a",
        "Tags": '"team": "ranking"',
        "UnitPrice": "0.2",
        "ChargeType": "Usage",
        "Frequency": "UsageBased",
        "PricingModel": "OnDemand",
        "BillingAccountId": "8765",
        "BillingCurrencyCode": "USD",
        "BillingPeriodStartDate": "05/01/2026",
        "BillingPeriodEndDate": "05/31/2026",
    }
    return {column: {**plain, **more}.get(column, "") for column in HEADER}


ORDINARY = [
    line("4.8"),
    line("1.2", Date="05/05/2026", PricingModel="Spot", Tags='{"team": "search"}'),
    line("0.0000564902000001", UnitOfMeasure="10K", MeterCategory="Storage"),
    line("500", ChargeType="Purchase", Frequency="Recurring", PricingModel=""),
    line("-0.01", ChargeType="RoundingAdjustment", PricingModel=""),
    line("19", ChargeType="Tax", PricingModel=""),
    line("-7", ChargeType="Credit", PricingModel=""),
    line("-2", ChargeType="Refund"),
]
# A reservation and a savings plan: what was paid, and where it went.
ACTUAL = [
    *ORDINARY,
    line("0", **RI),
    line("0", **SP),
    line("1200", ChargeType="Purchase", Frequency="OneTime", **RI),
    line("-50", ChargeType="Refund", Frequency="OneTime", **RI),
    line("9.5", ChargeType="Purchase", Frequency="Recurring", **SP),
]
AMORTIZED = [
    *ORDINARY,
    line("3", **RI),
    line("0.6", ChargeType="UnusedReservation", SubscriptionId="", ResourceId="", **RI),
    line("1", **SP),
    line("0.24", ChargeType="UnusedSavingsPlan", SubscriptionId="", ResourceId="", **SP),
]
BILLED = sum(Decimal(one["CostInBillingCurrency"]) for one in ACTUAL)
EFFECTIVE = sum(Decimal(one["CostInBillingCurrency"]) for one in AMORTIZED)
BILL = (
    "select x_class, ChargeCategory, ChargeClass, ChargePeriodStart, BilledCost, EffectiveCost, "
    "ListCost, ContractedCost, ResourceId, RegionId, CommitmentDiscountId, "
    "CommitmentDiscountStatus, PricingCategory, ConsumedQuantity, ConsumedUnit, Tags "
    "from charges order by all"
)


def text(
    lines: Sequence[Line], delimiter: str = ",", names: Mapping[str, str] | None = None
) -> str:
    """Write lines as CSV, with other names where told."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow([(names or {}).get(column, column) for column in HEADER])
    writer.writerows([one[column] for column in HEADER] for one in lines)
    return out.getvalue()


def write(path: Path, content: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8", newline="")
    return path


def run_of(
    folder: Path,
    lines: Sequence[Line],
    *,
    type: str = "ActualCost",
    at: str = "2026-06-02T06:00:00Z",
    parts: int = 1,
    rows: int | None = None,
) -> Path:
    """Write a run of an export, its lines dealt out to parts."""
    dealt = [lines[number::parts] for number in range(parts)]
    return write_run(folder, [(text(some), rows or len(some)) for some in dealt], type=type, at=at)


def both(company: Company) -> None:
    run_of(company.folder / "exports", ACTUAL)
    run_of(company.folder / "exports", AMORTIZED, type="AmortizedCost")
    company.source(name="bill", type="azure", path="exports/")


def totals(company: Company) -> dict[str, Decimal]:
    """Ask the statement, and insist that it ties."""
    rows = company.ask("statement")
    assert {Decimal(row["difference"]) for row in rows} == {Decimal(0)}
    return {row["basis"]: Decimal(row["source_total"]) for row in rows}


def test_actual_and_amortized_cost_together_give_both_bases(company: Company) -> None:
    both(company)
    ran = company.refresh()
    assert "warning" not in ran.err, ran.err
    assert totals(company) == {"billed": BILLED, "effective": EFFECTIVE}
    rows = company.ask(
        "query",
        "select x_class, ChargeCategory, BilledCost, EffectiveCost from charges "
        "where CommitmentDiscountId is not null order by all",
    )
    assert [tuple(row.values()) for row in rows] == [
        ("commitment_unused", "Usage", "0", "0.24"),
        ("commitment_unused", "Usage", "0", "0.6"),
        ("other", "Purchase", "-50", "0"),
        ("other", "Purchase", "9.5", "0"),
        ("other", "Purchase", "1200", "0"),
        ("work", "Usage", "0", "1"),
        ("work", "Usage", "0", "3"),
    ]


@pytest.mark.few(1)
@pytest.mark.parametrize(
    ("actual", "amortized"),
    [
        ("actual/bill.csv", "amortized/bill.csv"),
        ("acme-ActualCost-2026-05.csv", "acme-AmortizedCost-2026-05.csv"),
    ],
)
def test_files_that_say_in_their_names_what_they_are_give_the_same(
    company: Company, tmp_path: Path, actual: str, amortized: str
) -> None:
    write(company.folder / "bill" / actual, text(ACTUAL[::-1]))
    write(company.folder / "bill" / amortized, text(AMORTIZED[::-1]))
    company.source(name="bill", type="azure", path="bill/")
    company.refresh()
    assert totals(company) == {"billed": BILLED, "effective": EFFECTIVE}
    other = Company(folder=tmp_path / "other")
    other.folder.mkdir()
    both(other)
    other.refresh()
    assert company.ask("query", BILL) == other.ask("query", BILL)


def test_actual_cost_alone_is_billed_and_says_what_is_missing(company: Company) -> None:
    write(company.folder / "bill.csv", text(ACTUAL))
    company.source(name="bill", type="azure", path="bill.csv")
    ran = company.refresh()
    assert totals(company) == {"billed": BILLED, "effective": BILLED}
    assert (
        "bill.csv:10: 2026-05 of 8765 has actual cost and no amortized cost: what its commitments "
        "cost effectively is not known on 5 lines, 1159.5 USD billed\n"
        "    export the amortized cost as well, into a folder of this source" in ran.err
    )
    assert "EffectiveCost was missing on 5 lines of 2026-05, 1159.5 USD billed" in ran.err


def test_amortized_cost_alone_is_effective_and_says_what_is_missing(company: Company) -> None:
    write(company.folder / "bill.csv", text(AMORTIZED))
    company.source(name="bill", type="azure", path="bill.csv")
    ran = company.refresh()
    ordinary = sum(Decimal(one["CostInBillingCurrency"]) for one in ORDINARY)
    assert totals(company) == {"billed": ordinary, "effective": EFFECTIVE}
    assert (
        "bill.csv:10: 2026-05 of 8765 has amortized cost and no actual cost: BilledCost lacks what "
        "was paid for its commitments, whose use costs 4.84 USD effectively\n"
        "    export the actual cost as well, into a folder of this source" in ran.err
    )


def test_what_only_additional_info_tells_of_a_line_is_read(company: Company) -> None:
    told = '{"ServiceType": "Standard_D4s_v3", "VCPUs": 4, "ReservationId": "r-9"}'
    of_machine = '{"ServiceType": "Standard_D8s_v3", "VCPUs": 8}'
    lines = [
        line("3", PricingModel="", AdditionalInfo=told),
        line("0.6", PricingModel="", ChargeType="UnusedReservation", AdditionalInfo=told),
        line("4", PricingModel="", AdditionalInfo=of_machine),
    ]
    write(company.folder / "bill.csv", text(lines))
    company.source(name="bill", type="azure", path="bill.csv")
    company.refresh()
    assert totals(company) == {"billed": Decimal(4), "effective": Decimal("7.6")}
    rows = company.ask(
        "query",
        "select EffectiveCost, BilledCost, CommitmentDiscountId, SkuPriceDetails from charges "
        "order by 1",
    )
    assert [tuple(row.values()) for row in rows] == [
        ("0.6", "0", "r-9", '{"InstanceType":"Standard_D4s_v3","CoreCount":4.0}'),
        ("3", "0", "r-9", '{"InstanceType":"Standard_D4s_v3","CoreCount":4.0}'),
        ("4", "4", "", '{"InstanceType":"Standard_D8s_v3","CoreCount":8.0}'),
    ]


def test_of_the_runs_of_an_export_the_newest_counts_with_all_its_parts(company: Company) -> None:
    exports = company.folder / "exports"
    run_of(exports, ACTUAL[:2], at="2026-05-04T06:00:00Z")
    company.source(name="bill", type="azure", path="exports/")
    company.refresh()
    assert totals(company)["billed"] == 6
    run_of(exports, ACTUAL[:5], at="2026-05-05T06:00:00Z", parts=2)
    run_of(exports, ORDINARY, type="AmortizedCost", at="2026-05-05T07:00:00Z", parts=3)
    run_of(exports, [], at="2026-05-03T06:00:00Z")
    ran = company.refresh()
    assert "files of former deliveries are left out" in ran.err
    # The amortized cost counts: the actual one of that day is behind it.
    assert totals(company)["billed"] == sum(
        Decimal(one["CostInBillingCurrency"]) for one in ORDINARY
    )
    assert "ordinary lines of 2026-05 of 8765 come to" in ran.err
    both(company)
    company.refresh()
    assert totals(company) == {"billed": BILLED, "effective": EFFECTIVE}
    (months,) = company.ask("query", "select count(distinct x_load) as n from charges")
    assert months["n"] == "1"


@pytest.mark.parametrize("left", [0, 5, 12])
def test_a_part_that_is_cut_between_two_lines_is_known_by_the_number_in_its_manifest(
    company: Company, left: int
) -> None:
    place = run_of(company.folder / "exports", ACTUAL)
    whole = (place / "part_0_0001.csv").read_bytes().splitlines(keepends=True)
    (place / "part_0_0001.csv").write_bytes(b"".join(whole[: left + 1]))
    company.source(name="bill", type="azure", path="exports/")
    ran = company.run("refresh")
    assert ran.code == 1
    assert f"part_0_0001.csv: has {left} lines, its manifest says 13" in ran.err


def test_an_export_of_something_else_is_left_out_with_a_warning(company: Company) -> None:
    both(company)
    run_of(company.folder / "exports", [], type="FocusCost")
    ran = company.refresh()
    assert "is left out: it is an export of FocusCost" in ran.err
    assert totals(company)["billed"] == BILLED


def test_a_subscription_without_amortized_cost_beside_others_is_refused(company: Company) -> None:
    write(company.folder / "bill" / "actual.csv", text([*ACTUAL, line("3", SubscriptionId="s-2")]))
    write(company.folder / "bill" / "amortized.csv", text(AMORTIZED))
    company.source(name="bill", type="azure", path="bill/")
    ran = company.run("refresh")
    assert ran.code == 1
    assert (
        "bill/actual.csv:15: the subscription s-2 has 3 USD of actual cost in 2026-05 and no "
        "amortized cost, which others have" in ran.err
    )


def test_two_files_of_one_kind_are_refused(company: Company) -> None:
    for name in ("actual-1", "actual-2"):
        write(company.folder / "bill" / f"{name}.csv", text(ACTUAL[: 3 if "1" in name else 4]))
    company.source(name="bill", type="azure", path="bill/")
    ran = company.run("refresh")
    assert ran.code == 1
    assert "holds Microsoft: 8765 in 2026-05, as bill/actual-1.csv does" in ran.err


NAMES = {
    "translated": {"ResourceId": "Ressourcen-ID (ResourceId)", "Date": "Datum (Date)"},
    "camel case": {column: column[0].lower() + column[1:] for column in HEADER},
    "lower case": {column: column.lower() for column in HEADER},
}


@pytest.mark.few(2)
@pytest.mark.parametrize("names", NAMES.values(), ids=NAMES)
@pytest.mark.parametrize(("mark", "delimiter"), [("", ","), ("\ufeff", ";")], ids=["plain", "mark"])
def test_any_spelling_of_the_header_is_read(
    company: Company, tmp_path: Path, names: Mapping[str, str], mark: str, delimiter: str
) -> None:
    write(company.folder / "amortized.csv", mark + text(AMORTIZED, delimiter, names))
    company.source(name="bill", type="azure", path="amortized.csv")
    company.refresh()
    plain = Company(folder=tmp_path / "plain")
    write(plain.folder / "amortized.csv", text(AMORTIZED))
    plain.source(name="bill", type="azure", path="amortized.csv")
    plain.refresh()
    assert company.ask("query", BILL) == plain.ask("query", BILL)


def test_parquet_with_numbers_and_dates_is_read(company: Company) -> None:
    whole = write(company.folder / "unread.txt", text(AMORTIZED))
    duckdb.connect().execute(
        "copy (select * replace (CostInBillingCurrency::double as CostInBillingCurrency, "
        'strptime("Date", \'%m/%d/%Y\') as "Date", Quantity::double as Quantity) from read_csv('
        f"'{whole}', header = true, all_varchar = true)) to '{company.folder}/amortized.parquet'"
    ).fetchall()
    company.source(name="bill", type="azure", path="amortized.parquet")
    company.refresh()
    assert totals(company)["effective"] == EFFECTIVE


@pytest.mark.parametrize(
    ("name", "lines", "total"),
    [
        ("aks_cost_export.csv", "87", "16.393506212224"),
        ("ea_amortized_anonymous.csv", "27", "1.261369265057"),
        ("headers_Enterprise.csv", "1", "0"),
        ("headers_EnterpriseCamel.csv", "1", "0.012"),
        ("headers_PayAsYouGo.csv", "1", "0.075"),
    ],
)
def test_published_exports_come_to_their_totals(
    company: Company, name: str, lines: str, total: str
) -> None:
    shutil.copy(DATA / name, company.folder)
    rates = "".join(f"{m},CAD,USD,1\n" for m in ("2021-02", "2021-05", "2023-09"))
    (company.folder / "fx.csv").write_text("month,from,to,rate\n" + rates)
    company.source(name="bill", type="azure", path=name)
    company.refresh()
    found = totals(company)
    assert {value.quantize(Decimal("1e-12")) for value in found.values()} == {Decimal(total)}
    (count,) = company.ask("query", "select count(*) as n from charges")
    assert count["n"] == lines


def test_a_published_export_with_a_line_too_long_or_cut_is_refused(company: Company) -> None:
    whole = (DATA / "aks_cost_export.csv").read_bytes()
    company.source(name="bill", type="azure", path="bill.csv")
    rows = whole.split(b"\r\n")
    (company.folder / "bill.csv").write_bytes(
        b"\r\n".join([*rows[:5], rows[5] + b",x,y", *rows[6:]])
    )
    ran = company.run("refresh")
    assert "bill.csv:6: this line has 12 columns, the header 11" in ran.err
    (company.folder / "bill.csv").write_bytes(whole[: whole.rindex(b"Storage") + 3])
    ran = company.run("refresh")
    assert "bill.csv: is cut short: its last line does not end" in ran.err


def test_tags_that_are_no_json_are_flagged_and_their_money_counts(company: Company) -> None:
    lines = [line("1", Tags='"team": "rank'), line("2"), line("3", Tags="")]
    write(company.folder / "bill.csv", text(lines))
    company.source(name="bill", type="azure", path="bill.csv")
    ran = company.refresh()
    assert "Tags is no JSON object on 1 line of 2026-05, 1 USD billed" in ran.err
    assert totals(company)["billed"] == 6
