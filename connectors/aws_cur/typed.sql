-- connectors/aws_cur/typed.sql
-- The lines of the report in types. Grain: one row per line item. Reads: source.
select
    x_line,
    line_item_line_item_type as kind,
    words(line_item_line_item_type) as type,
    line_item_line_item_type = 'RIFee' or line_item_line_item_type = 'DiscountedUsage'
        as is_reservation,
    money(line_item_unblended_cost) as unblended,
    money(line_item_net_unblended_cost) as net,
    net_money(line_item_net_unblended_cost, line_item_unblended_cost) as price,
    net_money(reservation_net_effective_cost, reservation_effective_cost) as reserved_cost,
    net_money(
        savings_plan_net_savings_plan_effective_cost, savings_plan_savings_plan_effective_cost
    ) as plan_cost,
    net_money(
        reservation_net_amortized_upfront_fee_for_billing_period,
        reservation_amortized_upfront_fee_for_billing_period
    ) as reservation_upfront,
    net_money(
        savings_plan_net_amortized_upfront_commitment_for_billing_period,
        savings_plan_amortized_upfront_commitment_for_billing_period
    ) as plan_upfront,
    net_money(
        reservation_net_unused_amortized_upfront_fee_for_billing_period,
        reservation_unused_amortized_upfront_fee_for_billing_period
    ) as unused_upfront,
    net_money(reservation_net_unused_recurring_fee, reservation_unused_recurring_fee)
        as unused_recurring,
    money(savings_plan_total_commitment_to_date) as plan_total,
    money(savings_plan_used_commitment) as plan_used,
    coalesce(net_money(split_line_item_net_split_cost, split_line_item_split_cost), 0)
    + coalesce(net_money(split_line_item_net_unused_cost, split_line_item_unused_cost), 0)
        as split_cost,
    words(split_line_item_parent_resource_id) as parent,
    list_price(pricing_public_on_demand_cost) as listed_at,
    written_text(pricing_public_on_demand_cost) is not null as has_list_price,
    coalesce(upper(words(line_item_currency_code)), currency_if_missing()) as currency,
    words(bill_payer_account_id) as account,
    words(bill_payer_account_name) as account_name,
    words(line_item_usage_account_id) as sub_account,
    words(line_item_usage_account_name) as sub_account_name,
    words(bill_invoice_id) as invoice,
    coalesce(words(bill_invoicing_entity), words(line_item_legal_entity)) as issuer,
    date_trunc('month', utc(bill_billing_period_start_date))::timestamp as month_start,
    utc(bill_billing_period_start_date) as period_start,
    utc(line_item_usage_start_date) as start,
    utc(line_item_usage_end_date) as stop,
    words(line_item_line_item_description) as description,
    words(line_item_product_code) as code,
    words(product_product_name) as product_name,
    words(product_servicecode) as product_code,
    coalesce(words(product_region_code), words(product_region)) as region,
    words(line_item_resource_id) as resource,
    words(product_sku) as sku,
    words(line_item_usage_type) as usage_type,
    words(line_item_operation) as operation,
    words(line_item_tax_type) as tax_type,
    words(line_item_iam_principal) as principal,
    quantity(line_item_usage_amount) as consumed,
    quantity(split_line_item_split_usage) as split_usage,
    words(pricing_unit) as consumed_unit,
    words(product_vcpu) as cores,
    words(product_memory) as memory,
    words(product_gpu) as gpus,
    words(product_model) as model,
    words(product_instance_type) as instance_type,
    words(savings_plan_savings_plan_arn) as plan_arn,
    words(reservation_reservation_arn) as reservation_arn,
    product,
    tags,
    resource_tags,
    cost_category,
    coalesce(tags_csv, tags_flat) as flat_tags,
    coalesce(categories_csv, categories_flat) as flat_categories,
    coalesce(written_text(tags), written_text(resource_tags)) as tags_text
from source
