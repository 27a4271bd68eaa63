"""What is stored and the residual are the source, to the last unit."""

import gzip
import shutil
import tempfile
from decimal import Decimal, localcontext
from pathlib import Path

import duckdb
import pytest
from conftest import DATA, HEADER, Desk, line
from effort import examples
from hypothesis import example, given, settings
from hypothesis import strategies as st

BILLS = [
    ("focus_1_0_multicloud_real.csv", 234, "6.478614687400", "6.005023078000", "1.0"),
    ("focus_1_2_aws.csv.gz", 1500, "32234.886531198001", "32234.886531198001", "1.2"),
    ("focus_1_3_azure.csv.gz", 1500, "51518.540848939824", "51518.540848939824", "1.3"),
    ("ai_multi_model_usage.csv", 4, "104.50", "104.50", "1.4"),
    ("virtual_currency_pricing_model_b2.csv", 3, "0", "615", "1.2"),
    ("saas_spend_agreements_a1.csv", 4, "1200", "1200", "1.1"),
    (
        "one_hundred_percent_utilization_with_commitment_discount_flexibility_with_2_resources.csv",
        3,
        "2",
        "2",
        "1.0",
    ),
    ("commitment_discount_usage_scenario_2.csv", 1, "0", "1", "1.0"),
    ("corrections_open_current_s1_ledger.csv", 2, "0", "0", "1.2"),
]
TOTALS = (
    "select sum(rows), sum(source_billed), sum(source_effective), "
    "sum(billed) + sum(residual_billed), sum(effective) + sum(residual_effective) "
    "from loads where superseded_by is null"
)


@pytest.mark.parametrize(("name", "rows", "billed", "effective", "version"), BILLS)
def test_a_published_bill_loads_with_its_totals(
    desk: Desk, *, name: str, rows: int, billed: str, effective: str, version: str
) -> None:
    (desk.folder / "bills").mkdir()
    shutil.copy(DATA / name, desk.folder / "bills")
    desk.load()
    ((stored_rows, source, source_effective, ours, ours_effective),) = desk.rows(TOTALS)
    assert stored_rows == rows
    assert (ours, ours_effective) == (source, source_effective)
    assert _at_twelve(source) == Decimal(billed)  # the README's totals have 12 places
    assert _at_twelve(source_effective) == Decimal(effective)
    files = desk.rows("select distinct files ->> '$.files[0].version' from loads")
    assert files == [(version,)]


def _at_twelve(amount: Decimal) -> Decimal:
    with localcontext() as context:
        context.prec = 60
        return amount.quantize(Decimal("1e-12"))


TYPES = [
    # A DOUBLE has 15 safe digits: the second bill's amounts have no more.
    ("focus_1_2_aws.csv.gz", "decimal(38, 18)", "timestamptz"),
    ("focus_1_3_azure.csv.gz", "double", "timestamp"),
]


@pytest.mark.parametrize(("bill", "amount", "time"), TYPES)
def test_csv_gzip_and_parquet_of_one_bill_give_the_same_rows(
    tmp_path: Path, *, bill: str, amount: str, time: str
) -> None:
    text = gzip.decompress((DATA / bill).read_bytes())
    (tmp_path / "bill.csv").write_bytes(text)
    typed = (
        f"* replace (BilledCost::{amount} as BilledCost, EffectiveCost::{amount} as EffectiveCost, "
        f"ListCost::{amount} as ListCost, ConsumedQuantity::double as ConsumedQuantity, "
        f"BillingPeriodStart::{time} as BillingPeriodStart, "
        "ChargePeriodStart::timestamp as ChargePeriodStart, "
        """from_json(Tags, '"MAP(VARCHAR, VARCHAR)"') as Tags)"""
    )
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'Asia/Tokyo'")
        con.execute(
            f"copy (select {typed} from read_csv('{tmp_path}/bill.csv', all_varchar = true)) "
            f"to '{tmp_path}/bill.parquet'"
        )
    (tmp_path / "bill.csv.gz").write_bytes(gzip.compress(text))
    seen = [_stored(tmp_path / name) for name in ("bill.csv", "bill.csv.gz", "bill.parquet")]
    assert seen[0] == seen[1]
    assert seen[0] == seen[2]


def _stored(bill: Path) -> list[list[object]]:
    desk = Desk(folder=bill.parent / bill.name.replace(".", "_"))
    desk.folder.mkdir()
    desk.sources("name: bill, type: focus, path: bills/")
    desk.write(f"bills/{bill.name}", bill.read_bytes())
    desk.load("owner")
    columns = "x_line, x_class, x_tags, BilledCost, EffectiveCost, ListCost, ChargePeriodStart"
    return [
        desk.rows(
            f"select {columns}, ResourceId, Tags::json ->> 'Owner' from charges order by x_line"
        ),
        desk.rows("select source_billed, source_effective, billed, effective from loads"),
    ]


AMOUNTS = st.decimals(
    min_value=Decimal("-1e14"), max_value=Decimal("1e14"), places=18, allow_nan=False
)
SPELLINGS = st.sampled_from(["{:f}", "{:e}", "{:E}", " {:f}", "+{:f}"])


def _spelled(amount: Decimal, spelling: str) -> str:
    with localcontext() as context:
        context.prec = 60
        return spelling.format(amount) if amount >= 0 else spelling.replace("+", "").format(amount)


@settings(max_examples=examples(5))
@given(st.lists(st.tuples(AMOUNTS, SPELLINGS), min_size=1, max_size=20))
@example([(Decimal("10000000000.000000000000000001"), "{:f}")])
@example([(Decimal("1e-7"), "{:e}"), (Decimal("-0.9999999999999"), "{:f}")])
def test_any_amounts_are_kept_and_what_is_cut_is_the_residual(
    amounts: list[tuple[Decimal, str]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(folder=Path(folder))
        desk.sources("name: bill, type: focus, path: bill.csv")
        texts = [_spelled(amount, spelling) for amount, spelling in amounts]
        desk.write("bill.csv", HEADER + "".join(line(text) for text in texts))
        desk.load()
        ((rows, source, _, ours, _),) = desk.rows(TOTALS)
        stored = desk.rows("select BilledCost from charges order by x_line")
    with localcontext() as context:
        context.prec = 60
        assert rows == len(amounts)
        assert source == ours == sum(amount for amount, _ in amounts)
        cut = [amount.quantize(Decimal("1e-12"), rounding="ROUND_DOWN") for amount, _ in amounts]
        assert [amount for (amount,) in stored] == cut


def test_a_float_of_parquet_is_read_as_it_is_printed(desk: Desk) -> None:
    amounts = [0.3, 0.1, 1e-7, 1234.56, -999.999999999999, 123456789.12, 0.000012345678901]
    with duckdb.connect() as con:
        con.execute(
            "create table bill (BilledCost double, BillingPeriodStart timestamp, "
            "ChargePeriodStart date, ChargeCategory text, BillingCurrency text)"
        )
        con.executemany(
            "insert into bill values (?, '2026-05-01', '2026-05-02', 'Usage', 'USD')",
            [[amount] for amount in amounts],
        )
        (desk.folder / "bills").mkdir()
        con.execute(f"copy bill to '{desk.folder}/bills/bill.parquet'")
    desk.load()
    stored = desk.rows("select BilledCost from charges order by x_line")
    wanted = [Decimal(repr(amount)).quantize(Decimal("1e-12"), "ROUND_DOWN") for amount in amounts]
    assert [amount for (amount,) in stored] == wanted


NOTHING = st.sampled_from(["", "NULL", "null", "(null)", "None", "NaN", "nan"])


@settings(max_examples=examples(8))
@given(st.lists(NOTHING | st.sampled_from(["x", "nullable", "none", "N/A", "0"]), min_size=1))
def test_every_spelling_of_nothing_is_null_and_nothing_else_is(words: list[str]) -> None:
    nothing = {"", "NULL", "null", "(null)", "None", "NaN", "nan"}
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(folder=Path(folder))
        desk.sources("name: use, type: activity, path: use.csv")
        lines = "".join(f'"{w}",t{n},2026-05-01,reads,1\n' for n, w in enumerate(words))
        desk.write("use.csv", "consumer,target,hour,measure,quantity\n" + lines)
        desk.load()
        got = desk.rows("select consumer from activity order by x_line")
    assert [word for (word,) in got] == [None if word in nothing else word for word in words]
