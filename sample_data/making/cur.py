"""Write lines as AWS Data Exports deliver CUR 2.0: Parquet of fixed columns, and a manifest."""

import csv
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
from making.company import PAYER, hex_id

EXPORT = "acme-cur"
BUCKET = f"s3://acme-billing/cur/{EXPORT}"
WORDS = """
bill_bill_type bill_billing_entity bill_invoice_id bill_invoicing_entity bill_payer_account_id
bill_payer_account_name identity_line_item_id identity_time_interval line_item_availability_zone
line_item_blended_rate line_item_currency_code line_item_legal_entity
line_item_line_item_description line_item_line_item_type line_item_net_unblended_rate
line_item_operation line_item_product_code line_item_resource_id line_item_tax_type
line_item_unblended_rate line_item_usage_account_id line_item_usage_account_name
line_item_usage_type pricing_currency pricing_lease_contract_length pricing_offering_class
pricing_public_on_demand_rate pricing_purchase_option pricing_rate_code pricing_rate_id
pricing_term pricing_unit product_comment product_fee_code product_fee_description
product_from_location product_from_location_type product_from_region_code
product_instance_family product_instance_type product_instancesku product_location
product_location_type product_operation product_pricing_unit product_product_family
product_region_code product_servicecode product_sku product_to_location
product_to_location_type product_to_region_code product_usagetype reservation_availability_zone
reservation_end_time reservation_modification_status
reservation_normalized_units_per_reservation reservation_number_of_reservations
reservation_reservation_a_r_n reservation_start_time reservation_subscription_id
reservation_total_reserved_normalized_units reservation_total_reserved_units
reservation_units_per_reservation savings_plan_end_time savings_plan_instance_type_family
savings_plan_offering_type savings_plan_payment_option savings_plan_purchase_term
savings_plan_region savings_plan_savings_plan_a_r_n savings_plan_start_time
"""
NUMBERS = """
discount_bundled_discount discount_total_discount line_item_blended_cost
line_item_net_unblended_cost line_item_normalization_factor line_item_normalized_usage_amount
line_item_unblended_cost line_item_usage_amount pricing_public_on_demand_cost
reservation_amortized_upfront_cost_for_usage
reservation_amortized_upfront_fee_for_billing_period reservation_effective_cost
reservation_net_amortized_upfront_cost_for_usage
reservation_net_amortized_upfront_fee_for_billing_period reservation_net_effective_cost
reservation_net_recurring_fee_for_usage
reservation_net_unused_amortized_upfront_fee_for_billing_period
reservation_net_unused_recurring_fee reservation_net_upfront_value
reservation_recurring_fee_for_usage
reservation_unused_amortized_upfront_fee_for_billing_period
reservation_unused_normalized_unit_quantity reservation_unused_quantity
reservation_unused_recurring_fee reservation_upfront_value
savings_plan_amortized_upfront_commitment_for_billing_period
savings_plan_net_amortized_upfront_commitment_for_billing_period
savings_plan_net_recurring_commitment_for_billing_period
savings_plan_net_savings_plan_effective_cost
savings_plan_recurring_commitment_for_billing_period savings_plan_savings_plan_effective_cost
savings_plan_savings_plan_rate savings_plan_total_commitment_to_date savings_plan_used_commitment
"""
TIMES = """
bill_billing_period_end_date bill_billing_period_start_date line_item_usage_end_date
line_item_usage_start_date
"""
MAP = "MAP(VARCHAR, VARCHAR)"
TYPES = dict(
    sorted(
        {
            **dict.fromkeys(WORDS.split(), "VARCHAR"),
            **dict.fromkeys(NUMBERS.split(), "DOUBLE"),
            **dict.fromkeys(TIMES.split(), "TIMESTAMP"),
            **dict.fromkeys(("cost_category", "product", "resource_tags"), MAP),
            "discount": "MAP(VARCHAR, DOUBLE)",
        }.items()
    )
)
MANIFEST_TYPES = {
    "VARCHAR": "string",
    "DOUBLE": "double",
    "TIMESTAMP": "timestamp",
    MAP: "map<string,string>",
    "MAP(VARCHAR, DOUBLE)": "map<string,double>",
}


def _selected(name: str, kind: str) -> str:
    """Write how a column of text gets its type. What is absent is null, or an empty map."""
    if kind.startswith("MAP"):
        return f"""coalesce({name}, '{{}}')::json::{kind} as {name}"""
    return f"{name}::{kind} as {name}" if kind != "VARCHAR" else name


def write(folder: Path, month: datetime, lines: Iterable[Mapping[str, str]]) -> None:
    """Write a month's data file and its manifest."""
    part = f"BILLING_PERIOD={month:%Y-%m}"
    file = f"{EXPORT}-00001.snappy.parquet"
    data, metadata = folder / EXPORT / "data" / part, folder / EXPORT / "metadata" / part
    for place in (data, metadata):
        place.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as temporary, duckdb.connect() as con:
        text = Path(temporary) / "lines.csv"
        with text.open("w", newline="", encoding="utf-8") as out:
            writer = csv.DictWriter(out, list(TYPES), restval="")
            writer.writeheader()
            writer.writerows(lines)
        con.execute("set threads to 1")
        columns = ", ".join(_selected(name, kind) for name, kind in TYPES.items())
        con.execute(
            f"""
            copy (select {columns} from read_csv('{text}', header = true, all_varchar = true))
            to '{data / file}' (format parquet, compression snappy)
            """
        )
    manifest = {
        "exportArn": f"arn:aws:bcm-data-exports:us-east-1:{PAYER}:export/{EXPORT}",
        "executionId": hex_id("execution", part),
        "table": "COST_AND_USAGE_REPORT",
        "dataFiles": [f"{BUCKET}/data/{part}/{file}"],
        "columns": [{"name": name, "type": MANIFEST_TYPES[kind]} for name, kind in TYPES.items()],
    }
    path = metadata / f"{EXPORT}-Manifest.json"
    path.write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
