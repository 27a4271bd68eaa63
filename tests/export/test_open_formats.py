"""What other tools read adds up to the bill, and comes back through our own packs the same."""

import json
import uuid
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from company import Company

LEVELS = (
    "feature",
    pytest.param("model", marks=pytest.mark.slow),
    pytest.param("product", marks=pytest.mark.slow),
)
COLUMNS_OF_1_3 = 65


def exported(company: Company, out: Path, level: str, month: str = "2026-10") -> Path:
    ran = company.run("export", "focus", "--by", level, "--month", month, "-o", str(out))
    assert ran.code == 0, ran.err
    return out


@pytest.fixture(scope="module", params=LEVELS)
def at_level(
    request: pytest.FixtureRequest, demo: Company, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Path]:
    folder = tmp_path_factory.mktemp("focus")
    return request.param, exported(demo, folder / f"{request.param}.parquet", request.param)


def ask(path: Path, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect() as con:
        con.execute(f"create view rows as from '{path}'")
        return con.execute(sql).fetchall()


def test_what_each_target_bears_is_what_the_ledger_says(
    demo: Company, at_level: tuple[str, Path]
) -> None:
    level, path = at_level
    for basis, column in (("effective", "EffectiveCost"), ("billed", "BilledCost")):
        found = ask(
            path,
            f"select coalesce(x_{level.title()}, x_Unallocated), sum({column}) from rows group by 1",
        )
        told = demo.cost(level, "--month", "2026-10", "--basis", basis)
        assert {name: amount for name, amount in found if amount} == {
            name: amount for name, amount in told.items() if amount
        }


def test_each_charge_is_replaced_by_rows_that_add_up_to_it(
    demo: Company, at_level: tuple[str, Path]
) -> None:
    _, path = at_level
    columns = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")
    sums = ", ".join(f"sum({column})" for column in columns)
    rows = ask(path, f"select x_OriginLine, {sums} from rows group by 1 order by 1")
    charges = demo.ask(
        "query",
        "select source || ':' || billing_period || ':' || x_line as line, BilledCost, EffectiveCost,"
        " coalesce(ListCost, ContractedCost, EffectiveCost) as l, coalesce(ContractedCost, EffectiveCost)"
        " as c from charges where billing_period = '2026-10' order by line",
    )
    assert [tuple(map(str, row[:1])) + row[1:] for row in rows] == [
        (row["line"], *(Decimal(row[name]) for name in ("BilledCost", "EffectiveCost", "l", "c")))
        for row in charges
    ]


def test_ratios_of_a_charge_sum_to_one_and_its_tags_stay(at_level: tuple[str, Path]) -> None:
    level, path = at_level
    ratio = "(AllocatedMethodDetails->>'$.Elements[0].AllocatedRatio')::decimal(38, 12)"
    off = ask(
        path,
        f"select x_OriginLine from rows where AllocatedMethodId = 'costlens-need-{level}'"
        f" group by 1 having sum({ratio}) <> 1",
    )
    assert off == []
    lost = ask(
        path,
        "select count(*) from rows where Tags is not null and AllocatedMethodId is not null"
        " and not json_contains(AllocatedTags, Tags)",
    )
    assert lost == [(0,)]
    ((allocated, named),) = ask(
        path,
        f"select count(*) filter (AllocatedMethodId is not null), count(x_{level.title()}) from rows",
    )
    assert allocated >= named > 0  # type: ignore[operator]


def test_the_columns_are_those_of_focus_1_3(at_level: tuple[str, Path]) -> None:
    _, path = at_level
    columns = [row[0] for row in ask(path, "describe rows")]
    assert len([name for name in columns if not str(name).startswith("x_")]) == COLUMNS_OF_1_3
    assert {
        "ServiceProviderName",
        "HostProviderName",
        "AllocatedMethodId",
        "ContractApplied",
    } < set(columns)


def test_what_focus_wants_of_every_row_is_there(at_level: tuple[str, Path]) -> None:
    _, path = at_level
    wanted = ("HostProviderName", "InvoiceIssuerName", "ChargeDescription", "ServiceProviderName")
    missing = " or ".join(f"{column} is null" for column in wanted)
    assert ask(path, f"select count(*) from rows where {missing}") == [(0,)]
    # What another is paid for is billed as nothing, so who bills is the provider.
    others = "InvoiceIssuerName <> ProviderName and BilledCost <> 0"
    assert ask(path, f"select count(*) from rows where {others}") == [(0,)]
    assert ask(
        path,
        "select distinct InvoiceIssuerName, x_InvoiceIssuerName from rows"
        " where ProviderName = 'AWS' and contains(x_Repairs, 'InvoiceIssuerName')",
    ) == [("AWS", "Amazon Web Services EMEA SARL, Switzerland Branch")]


def test_units_are_spelled_as_focus_spells_them(tmp_path: Path) -> None:
    units = {
        "Hrs": "Hours",
        "GB-Mo": "GB-Months",
        "DPU-Hour": "DPU-Hours",
        "vCPU-Hours": "vCPU-Hours",
        "Lambda-GB-Second": "Lambda GB-Seconds",
        "Requests": "Requests",
        "Mo": "Months",
        "Memo": "Memo",
    }
    company = Company(folder=tmp_path)
    company.bill(*({"cost": "1", "ConsumedQuantity": "1", "ConsumedUnit": unit} for unit in units))
    company.refresh()
    path = exported(company, tmp_path / "units.parquet", "feature", "2026-05")
    rows = ask(path, "select ConsumedUnit, x_Repairs from rows order by x_OriginLine")
    assert [unit for unit, _ in rows] == list(units.values())
    assert ["ConsumedUnit" in str(said) for _, said in rows] == [
        unit != spelled for unit, spelled in units.items()
    ]


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_our_own_pack_reads_the_same_totals_back(
    demo: Company, tmp_path: Path, suffix: str
) -> None:
    path = exported(demo, tmp_path / f"back.{suffix}", "product", "2026-09..2026-10")
    again = Company(folder=tmp_path)
    again.source(name="back", type="focus", path=path.name)
    again.refresh()
    there = demo.ask(
        "query",
        "select billing_period, sum(BilledCost) as b, sum(EffectiveCost) as e from charges"
        " where billing_period >= '2026-09' group by all order by all",
    )
    here = again.ask(
        "query",
        "select billing_period, sum(BilledCost) as b, sum(EffectiveCost) as e from charges"
        " group by all order by all",
    )
    assert here == there
    assert len(there) == 2


def test_a_month_without_a_bill_is_told(demo: Company, tmp_path: Path) -> None:
    out = tmp_path / "f.csv"
    ran = demo.run("export", "focus", "--month", "2025-01", "-o", str(out))
    assert (ran.code, out.exists()) == (1, False)
    assert "months with a bill: 2026-08, 2026-09, 2026-10" in ran.err


def test_every_run_has_an_event_with_its_cost(demo: Company, tmp_path: Path) -> None:
    out = tmp_path / "costs.ndjson"
    ran = demo.run("export", "openlineage", "--month", "2026-10", "-o", str(out))
    assert ran.code == 0, ran.err
    events = [json.loads(line) for line in out.read_text().splitlines()]
    facets = [event["run"]["facets"]["costlens_cost"] for event in events]
    total = sum(Decimal(one["effective"]) for facet in facets for one in facet["amounts"])
    ((known,),) = [
        tuple(row.values())
        for row in demo.ask(
            "query",
            "select sum(effective) from placements where run is not null and pipeline is not null"
            " and billing_period = '2026-10'",
        )
    ]
    assert total == Decimal(known) > 0
    ids = [uuid.UUID(event["run"]["runId"]) for event in events]
    assert len(set(ids)) == len(ids) > 100
    for event in events[:50]:
        assert {"eventTime", "producer", "schemaURL", "run", "job"} <= set(event)
        assert event["eventTime"].endswith("Z")
        assert {"_producer", "_schemaURL"} < set(event["run"]["facets"]["costlens_cost"])
