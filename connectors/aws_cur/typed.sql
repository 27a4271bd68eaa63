-- connectors/aws_cur/typed.sql
-- The lines of the report in types. Grain: one row per line item. Reads: source.
select
    x_line,
    line_item_line_item_type as kind,
    line_item_line_item_type::varchar as type,
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
    split_line_item_parent_resource_id::varchar as parent,
    list_price(pricing_public_on_demand_cost) as listed_at,
    written_text(pricing_public_on_demand_cost) is not null as has_list_price,
    coalesce(upper(line_item_currency_code::varchar), currency_if_missing()) as currency,
    bill_payer_account_id::varchar as account,
    bill_payer_account_name::varchar as account_name,
    line_item_usage_account_id::varchar as sub_account,
    line_item_usage_account_name::varchar as sub_account_name,
    bill_invoice_id::varchar as invoice,
    coalesce(bill_invoicing_entity::varchar, line_item_legal_entity::varchar) as issuer,
    date_trunc('month', utc(bill_billing_period_start_date))::timestamp as month_start,
    utc(bill_billing_period_start_date) as period_start,
    utc(line_item_usage_start_date) as start,
    utc(line_item_usage_end_date) as stop,
    line_item_line_item_description::varchar as description,
    line_item_product_code::varchar as code,
    product_product_name::varchar as product_name,
    product_servicecode::varchar as product_code,
    coalesce(product_region_code::varchar, product_region::varchar) as region,
    line_item_resource_id::varchar as resource,
    product_sku::varchar as sku,
    line_item_usage_type::varchar as usage_type,
    line_item_operation::varchar as operation,
    line_item_tax_type::varchar as tax_type,
    quantity(line_item_usage_amount) as consumed,
    quantity(split_line_item_split_usage) as split_usage,
    pricing_unit::varchar as consumed_unit,
    product_model::varchar as model,
    savings_plan_savings_plan_arn::varchar as plan_arn,
    reservation_reservation_arn::varchar as reservation_arn,
    product,
    product_instance_type,
    product_vcpu,
    product_memory,
    product_gpu,
    tags,
    resource_tags,
    cost_category,
    x_gathered,
    line_item_iam_principal as principal
from source
