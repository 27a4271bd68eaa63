-- connectors/databricks/charges.sql
-- Usage at its price as charges. Grain: one row per usage record, of every record type.
-- Reads: usage, list_prices. A price holds over [price_start_time, price_end_time), and a record
-- has the price of its start. A cost is its product, cut off after 18 places. What no price is known
-- for is of the class `unpriced`: its costs are unknown, and 0 in the sums.
with prices as (
    select distinct
        words(sku_name) as sku,
        coalesce(upper(words(cloud)), '') as cloud_name,
        upper(words(usage_unit)) as unit,
        utc(price_start_time) as since,
        utc(price_end_time) as until,
        upper(words(currency_code)) as currency,
        (json_text(pricing)::json ->> '$.default')::decimal(12, 8) as list_price,
        coalesce(
            json_text(pricing)::json ->> '$.effective_list.default',
            json_text(pricing)::json ->> '$.default'
        )::decimal(12, 8) as price
    from list_prices
),

used as (
    select
        x_line,
        words(account_id) as account,
        words(workspace_id) as workspace,
        words(sku_name) as sku,
        coalesce(upper(words(cloud)), '') as cloud_name,
        upper(words(usage_unit)) as unit,
        utc(usage_start_time) as start,
        utc(usage_end_time) as stop,
        exact(usage_quantity)::decimal(26, 18) as quantity,
        coalesce(upper(words(record_type)), 'ORIGINAL') as record,
        json(custom_tags) as tags,
        json_text(usage_metadata)::json as about,
        words(billing_origin_product) as product,
        words(usage_type) as kind
    from usage
),

usual as (
    select min(currency) as currency
    from prices
),

priced as (
    select
        u.*,
        coalesce(p.currency, usual.currency) as currency,
        case
            when u.start < coalesce(p.until, timestamp 'infinity')
                then trunc(trunc(u.quantity * p.price, 18), 12)::decimal(38, 12)
        end as cost,
        trunc(u.quantity * p.list_price, 12)::decimal(38, 12) as list_cost
    from used as u
    cross join usual
    asof left join prices as p
        on
            u.sku = p.sku
            and u.cloud_name = p.cloud_name
            and u.unit = p.unit
            and u.start >= p.since
)

select
    x_line,
    case when cost is null then 'unpriced' else 'work' end as x_class,
    sku as x_usage_type,
    coalesce(cost, 0) as BilledCost,
    coalesce(cost, 0) as EffectiveCost,
    case when cost is not null then list_cost end as ListCost,
    cost as ContractedCost,
    currency as BillingCurrency,
    account as BillingAccountId,
    workspace as SubAccountId,
    'Databricks' as InvoiceIssuerName,
    'Databricks' as ProviderName,
    date_trunc('month', start)::timestamp as BillingPeriodStart,
    (date_trunc('month', start) + interval 1 month)::timestamp as BillingPeriodEnd,
    start as ChargePeriodStart,
    stop as ChargePeriodEnd,
    'Usage' as ChargeCategory,
    -- What is taken back and what takes its place.
    case when record <> 'ORIGINAL' then 'Correction' end as ChargeClass,
    concat_ws(
        ', ', product, lower(record), case when cost is null then 'no price' end
    ) as ChargeDescription,
    'Usage-Based' as ChargeFrequency,
    'Databricks' as ServiceName,
    product as ServiceCategory,
    coalesce(
        about ->> '$.cluster_id',
        about ->> '$.warehouse_id',
        about ->> '$.endpoint_id',
        about ->> '$.dlt_pipeline_id',
        about ->> '$.instance_pool_id',
        about ->> '$.job_id',
        about ->> '$.notebook_id'
    ) as ResourceId,
    coalesce(about ->> '$.endpoint_name', about ->> '$.job_name') as ResourceName,
    sku as SkuId,
    kind as SkuMeter,
    quantity::decimal(38, 12) as ConsumedQuantity,
    unit as ConsumedUnit,
    -- Ids that rules may name, beside the tags of the owner.
    nullif(
        json_merge_patch(
            coalesce(tags, '{}')::json,
            json_object(
                'databricks:job_id', about ->> '$.job_id',
                'databricks:job_run_id', about ->> '$.job_run_id',
                'databricks:dlt_pipeline_id', about ->> '$.dlt_pipeline_id',
                'databricks:endpoint_name', about ->> '$.endpoint_name'
            )
        )::varchar,
        '{}'
    ) as Tags
from priced
