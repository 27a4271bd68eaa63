"""What is written comes back, with the declared types, to us and to other Delta readers."""

import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

import duckdb
import pytest
from deltalake import DeltaTable, Field, QueryBuilder

from costlens.errors import CostLensError
from costlens.lake import TABLES, Build, Draft, Lake
from costlens.lake.schema import delta_schema

Publish = Callable[[Draft], Build]

VALUES = {
    "VARCHAR": "it's",
    "BIGINT": -(2**63),
    "INTEGER": 2**31 - 1,
    "BOOLEAN": True,
    "DATE": date(2026, 2, 28),
    "TIMESTAMP": datetime(2026, 2, 28, 23, 59, 59, 999999),
}
DELTA = {
    "VARCHAR": "string",
    "BIGINT": "long",
    "INTEGER": "integer",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "timestamp_ntz",
}


def value_of(kind: str) -> object:
    if kind.endswith("[]"):
        whole = Decimal(10**38 - 1)
        texts = dict.fromkeys(("hop", "via", "measure", "grade"), "é")
        return [texts | {"numerator": whole, "denominator": whole.copy_negate()}, None]
    if kind.startswith("DECIMAL"):
        digits, scale = map(int, kind[8:-1].split(","))
        return Decimal(f"-{'9' * digits}E-{scale}")
    return VALUES[kind]


def write_full_row(lake: Lake, con: duckdb.DuckDBPyConnection, publish: Publish) -> None:
    with lake.writing() as draft:
        for table in TABLES.values():
            if table.name == "builds":
                continue
            names = [name for name in table.columns if name not in table.partitions]
            kinds = [table.columns[name] for name in names]
            columns = (
                f'cast($p{at} as {kind}) as "{name}"'
                for at, (name, kind) in enumerate(zip(names, kinds, strict=True))
            )
            query = f"select {', '.join(columns)}"
            params = {f"p{at}": value_of(kind) for at, kind in enumerate(kinds)}
            draft.write(con, table.name, query, dict.fromkeys(table.partitions, "it's"), params)
        publish(draft)


@pytest.mark.parametrize("table", [table for table in TABLES if table != "builds"])
def test_every_column_comes_back_with_its_declared_type_and_widest_value(
    lake: Lake, con: duckdb.DuckDBPyConnection, publish: Publish, table: str
) -> None:
    write_full_row(lake, con, publish)
    lake.open(con, lake.build())
    columns = TABLES[table].columns
    described = con.execute(f'describe "{table}"').fetchall()
    assert {row[0]: row[1] for row in described} == columns
    assert list(columns) == [row[0] for row in described]
    assert con.execute(f'select * from "{table}"').fetchall() == [
        tuple(value_of(kind) for kind in columns.values())
    ]


def test_a_foreign_reader_sees_the_declared_types_and_the_same_values(
    lake: Lake, con: duckdb.DuckDBPyConnection, publish: Publish
) -> None:
    write_full_row(lake, con, publish)
    for table in TABLES.values():
        found = DeltaTable(lake.folder / table.name)
        for field in found.schema().fields:
            kind = table.columns[field.name]
            if not kind.endswith("[]"):
                assert field.type.type == DELTA.get(kind, kind.lower()), field.name
        assert [field.name for field in found.schema().fields] == list(table.columns)
        assert found.metadata().partition_columns == list(table.partitions)
    found = DeltaTable(lake.folder / "placements")
    reader = QueryBuilder().register("placements", found)
    rows = reader.execute("select * from placements").read_all()
    for name, kind in TABLES["placements"].columns.items():
        wanted = "it's" if name == "billing_period" else value_of(kind)
        assert rows.column(name).to_pylist() == [wanted], name


def test_the_hops_of_a_placement_are_spelled_for_delta_as_a_list_of_structs() -> None:
    field = {field.name: field for field in delta_schema(TABLES["placements"]).fields}["hops"]
    members = {member.name: member.type.type for member in field.type.element_type.fields}
    assert members == {
        "hop": "string",
        "via": "string",
        "measure": "string",
        "numerator": "decimal(38,0)",
        "denominator": "decimal(38,0)",
        "grade": "string",
    }


def test_a_hugeint_does_not_become_a_double(
    lake: Lake, con: duckdb.DuckDBPyConnection, publish: Publish
) -> None:
    whole = 10**37 + 1
    with lake.writing() as draft:
        path = draft.write(
            con,
            "shares",
            "select $whole::hugeint as numerator, 3::hugeint as denominator",
            {"billing_period": "2026-05"},
            {"whole": whole},
        )
        publish(draft)
    lake.open(con, lake.build())
    assert con.execute("select numerator from shares").fetchall() == [(Decimal(whole),)]
    kinds = con.execute("describe (select * from read_parquet($path))", {"path": str(path)})
    assert "DOUBLE" not in {row[1] for row in kinds.fetchall()}


def test_a_float_is_refused_where_the_table_has_a_decimal(
    lake: Lake, con: duckdb.DuckDBPyConnection
) -> None:
    with (
        lake.writing() as draft,
        pytest.raises(ValueError, match="ledger has decimals, not floats, in billed"),
    ):
        draft.write(con, "ledger", "select 7 / 2 as billed", {"billing_period": "2026-05"})


def test_columns_go_by_name_and_a_missing_one_is_null(
    lake: Lake, con: duckdb.DuckDBPyConnection, publish: Publish
) -> None:
    with lake.writing() as draft:
        draft.write(con, "realised", "select 5 as amount, 'roi' as claim -- in any order")
        publish(draft)
    lake.open(con, lake.build())
    rows = con.execute("select claim, month, amount from realised").fetchall()
    assert rows == [("roi", None, Decimal(5))]


def test_an_unknown_column_is_refused(lake: Lake, con: duckdb.DuckDBPyConnection) -> None:
    with lake.writing() as draft, pytest.raises(ValueError, match="realised has no column amout"):
        draft.write(con, "realised", "select 5 as amout")


def test_rows_keep_the_order_of_the_query(
    lake: Lake, con: duckdb.DuckDBPyConnection, publish: Publish
) -> None:
    shuffled = "select hash(i)::varchar as node from range(300000) as t(i) order by node"
    with lake.writing() as draft:
        draft.write(con, "catalogue", shuffled)
        publish(draft)
    lake.open(con, lake.build())
    nodes = [row[0] for row in con.execute("select node from catalogue").fetchall()]
    assert nodes == sorted(nodes)


def test_the_lake_is_imported_without_its_engines() -> None:
    code = "import sys, costlens.lake; print(sorted({'duckdb', 'deltalake'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_lake_of_other_columns_is_an_error_and_not_a_wrong_answer(
    lake: Lake, con: duckdb.DuckDBPyConnection, publish: Publish
) -> None:
    write_full_row(lake, con, publish)
    delta = DeltaTable(lake.folder / "ledger")
    delta.alter.add_columns([Field("colour", "string")])
    with lake.writing() as draft, pytest.raises(CostLensError, match="'ledger' has other columns"):
        publish(draft)
