"""What a file is that no pack reads, where that is easily told."""

from collections.abc import Iterable

_PACKED = {
    ".zip": "packed as .zip: unpack it",
    ".gz": "gzipped, but no .csv.gz or .jsonl.gz: name it for what is in it",
    ".zst": "packed as .zst: unpack it",
    ".bz2": "packed as .bz2: unpack it",
    ".xz": "packed as .xz: unpack it",
    ".7z": "packed as .7z: unpack it",
    ".tar": "packed as .tar: unpack it",
    ".tgz": "packed as .tgz: unpack it",
    ".xlsx": "a spreadsheet: save the sheet as CSV",
    ".xls": "a spreadsheet: save the sheet as CSV",
    ".ods": "a spreadsheet: save the sheet as CSV",
}
_USAGE = (
    "Databricks' system.billing.usage, which is read beside list_prices in one folder, "
    "as usage and list_prices"
)
_SNOWFLAKE = (
    "Snowflake's usage in currency, which is read as usage_in_currency_daily in a folder, "
    "with warehouse_metering_history beside it"
)
_METERING = (
    "Snowflake's warehouse metering, which is read as warehouse_metering_history beside "
    "usage_in_currency_daily in one folder"
)
_QUERIES = (
    "Snowflake's queries, which are read as query_attribution_history and query_history in one "
    "folder"
)
_FIVETRAN = "a table of Fivetran's, which is read by its name beside usage_cost in one folder"
_TECTON = "Tecton's billable usage, which is read as usage beside prices in one folder"
_FEAST = "Feast's registry, which is read as: feast registry-dump > registry.json"
_DAGSTER = "Dagster's own database, which is read with the others of its folder history/"
_RATES = "a table of rates: named fx.csv, beside costlens.yaml, it counts"
_READ = (
    _RATES,
    _USAGE,
    _FEAST,
    _DAGSTER,
    _SNOWFLAKE,
    _METERING,
    _QUERIES,
    _FIVETRAN,
    _TECTON,
)
# Columns, in lower case, that only such a file has together.
_COLUMNS = (
    (("sku_name", "usage_metadata", "usage_quantity"), _USAGE),
    (("usage_in_currency", "usage_date"), _SNOWFLAKE),
    (("warehouse_name", "credits_used"), _METERING),
    (("query_id", "warehouse_name"), _QUERIES),
    (("measured_month", "amount"), _FIVETRAN),
    (("measured_date", "incremental_rows"), _FIVETRAN),
    (("accountname", "quantity", "unit", "metadata"), _TECTON),
    (("month", "from", "to", "rate"), _RATES),
)
_TABLES = (
    (("event_logs",), _DAGSTER),
    (("run_tags", "runs"), _DAGSTER),
    (("feature_views", "entities"), _FEAST),
    (("alembic_version",), "a tool's own database"),
)


def by_suffix(name: str) -> str:
    """Say what a file is that is not opened."""
    low = name.lower()
    for suffix, told in _PACKED.items():
        if low.endswith(suffix):
            return told
    return "no kind of file that is read (csv, parquet, jsonl, SQLite)"


def is_json(name: str) -> bool:
    """Say whether a file is JSON by its name: one document, or one a line."""
    return name.lower().endswith((".json", ".json.gz"))


def by_columns(columns: Iterable[str]) -> str:
    """Say what a file with these columns is; empty where nobody can tell."""
    return _known(_COLUMNS, columns)


def by_tables(tables: Iterable[str]) -> str:
    """Say what a database with these tables is; empty where nobody can tell."""
    return _known(_TABLES, tables)


def _known(signs: Iterable[tuple[tuple[str, ...], str]], names: Iterable[str]) -> str:
    has = {name.strip().casefold() for name in names}
    for wanted, told in signs:
        if has.issuperset(wanted):
            return told if told in _READ else f"{told}, which no pack reads yet"
    return ""
