-- connectors/snowflake/charges.sql
-- Days of usage in currency as charges; what a day's warehouses cost, by their hours where the metering
-- tells of them. Grain: one row per line of the view, or per hour of a warehouse in place of its day's.
-- Reads: usage_lines, warehouse_hours. An adjustment lowers the work it adjusts; a rebate and a support
-- credit are credits. An hour's part is the difference that its credits make to the running sum.
with typed as (
    select
        x_line,
        cost,
        currency,
        start,
        start + interval 1 day as stop,
        organisation,
        account_name,
        account,
        region,
        edition,
        usage_type,
        service_type,
        rating,
        billing,
        paid_by,
        used,
        is_adjustment,
        null::varchar as warehouse
    from usage_lines as u
    where not exists (
        select 1
        from warehouse_hours as h
        where
            u.service_type = 'warehouse_metering'
            and not u.is_adjustment
            and coalesce(u.billing, 'consumption') = 'consumption'
            and u.start = h.day
            and coalesce(upper(u.account_name), '') = h.account_key
    )
    union all by name
    select
        x_line,
        part_between(cost, weight_to - weight, weight_to, whole) as cost,
        currency,
        start,
        start + interval 1 hour as stop,
        organisation,
        account_name,
        account,
        region,
        edition,
        usage_type,
        service_type,
        rating,
        'consumption' as billing,
        paid_by,
        credits as used,
        false as is_adjustment,
        warehouse
    from warehouse_hours
)

select
    x_line,
    case
        when billing in ('rebate', 'support_credit') then 'credit'
        when billing = 'priority_support' then 'support'
        else 'work'
    end as x_class,
    coalesce(service_type, usage_type) as x_usage_type,
    case when organisation is null then 'BillingAccountId' end as x_repairs,
    cost as BilledCost,
    cost as EffectiveCost,
    cost as ListCost,
    cost as ContractedCost,
    currency as BillingCurrency,
    coalesce(organisation, '(none)') as BillingAccountId,
    account as SubAccountId,
    account_name as SubAccountName,
    'Snowflake' as InvoiceIssuerName,
    'Snowflake' as ProviderName,
    date_trunc('month', start)::timestamp as BillingPeriodStart,
    (date_trunc('month', start) + interval 1 month)::timestamp as BillingPeriodEnd,
    start as ChargePeriodStart,
    stop::timestamp as ChargePeriodEnd,
    case
        when billing in ('rebate', 'support_credit') then 'Credit'
        when is_adjustment then 'Adjustment'
        when billing in ('priority_support', 'vps_deployment_fee') then 'Purchase'
        else 'Usage'
    end as ChargeCategory,
    concat_ws(', ', usage_type, edition, 'paid by ' || paid_by) as ChargeDescription,
    case
        when billing in ('priority_support', 'vps_deployment_fee') then 'Recurring'
        else 'Usage-Based'
    end as ChargeFrequency,
    'Snowflake' as ServiceName,
    rating as ServiceCategory,
    region as RegionId,
    case when warehouse is not null then concat_ws('/', account_name, warehouse) end as ResourceId,
    warehouse as ResourceName,
    service_type as ResourceType,
    usage_type as SkuMeter,
    used as ConsumedQuantity,
    case rating
        when 'compute' then 'credits'
        when 'storage' then 'TB'
        when 'data_transfer' then 'TB'
    end as ConsumedUnit
from typed
