-- connectors/fivetran/charges.sql
-- What each destination cost in a month. Grain: one row per row of usage_cost.
-- Reads: usage_cost, incremental_mar, destination. Money is US dollars.
with paid_rows as (
    select
        words(destination_id) as destination_id,
        date_trunc('month', utc(measured_date)) as month_start,
        sum(quantity(incremental_rows)) as paid
    from incremental_mar
    where coalesce(upper(words(free_type)), 'PAID') = 'PAID'
    group by all
),

named as (
    select
        words(id) as id,
        max(words(name)) as name,
        max(words(account_id)) as account,
        max(words(region)) as region
    from destination
    group by all
)

select
    u.x_line,
    'work' as x_class,
    'connections' as x_usage_type,
    case when n.account is null then 'BillingAccountId' end as x_repairs,
    money(u.amount) as BilledCost,
    money(u.amount) as EffectiveCost,
    money(u.amount) as ListCost,
    money(u.amount) as ContractedCost,
    'USD' as BillingCurrency,
    coalesce(n.account, '(none)') as BillingAccountId,
    words(u.destination_id) as SubAccountId,
    n.name as SubAccountName,
    'Fivetran' as InvoiceIssuerName,
    'Fivetran' as ProviderName,
    month_of(u.measured_month)::timestamp as BillingPeriodStart,
    (month_of(u.measured_month) + interval 1 month)::timestamp as BillingPeriodEnd,
    month_of(u.measured_month)::timestamp as ChargePeriodStart,
    (month_of(u.measured_month) + interval 1 month)::timestamp as ChargePeriodEnd,
    'Usage' as ChargeCategory,
    'paid active rows of all connections' as ChargeDescription,
    'Usage-Based' as ChargeFrequency,
    'Fivetran' as ServiceName,
    'Integration' as ServiceCategory,
    n.region as RegionId,
    words(u.destination_id) as ResourceId,
    n.name as ResourceName,
    'destination' as ResourceType,
    p.paid::decimal(38, 12) as ConsumedQuantity,
    case when p.paid is not null then 'active rows' end as ConsumedUnit
from usage_cost as u
left join paid_rows as p
    on words(u.destination_id) = p.destination_id and month_of(u.measured_month) = p.month_start
left join named as n on words(u.destination_id) = n.id
