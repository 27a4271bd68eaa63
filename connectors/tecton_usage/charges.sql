-- connectors/tecton_usage/charges.sql
-- Billable usage at its price as charges. Grain: one row per line of the logs.
-- Reads: usage, prices. A price holds over [since, until), and a line has the price of its hour; a cost is
-- its product, cut off after 18 places. What no price is known for is of the class `unpriced`.
with known as (
    select distinct
        upper(words(unit)) as unit,
        coalesce(utc(since), timestamp '-infinity') as since,
        utc(until) as until,
        upper(words(currency)) as currency,
        exact(price)::decimal(12, 8) as price
    from prices
),

usual as (
    select min(currency) as currency
    from known
),

used as (
    select
        x_line,
        words(accountName) as account,
        date_trunc('hour', utc("timestamp")) as start,
        exact(quantity)::decimal(26, 18) as quantity,
        words(unit) as unit_name,
        upper(words(unit)) as unit,
        json_text(metadata)::json as about,
        words(workspace) as workspace,
        words(tectonObjectName) as object
    from usage
),

priced as (
    select
        u.*,
        coalesce(k.currency, usual.currency) as currency,
        case
            when u.start < coalesce(k.until, timestamp 'infinity')
                then trunc(trunc(u.quantity * k.price, 18), 12)::decimal(38, 12)
        end as cost
    from used as u
    cross join usual
    asof left join known as k on u.unit = k.unit and u.start >= k.since
)

select
    x_line,
    case when cost is null then 'unpriced' else 'work' end as x_class,
    unit_name as x_usage_type,
    coalesce(cost, 0) as BilledCost,
    coalesce(cost, 0) as EffectiveCost,
    cost as ListCost,
    cost as ContractedCost,
    currency as BillingCurrency,
    coalesce(account, '(none)') as BillingAccountId,
    coalesce(about ->> '$.workspace', workspace) as SubAccountId,
    'Tecton' as InvoiceIssuerName,
    'Tecton' as ProviderName,
    date_trunc('month', start)::timestamp as BillingPeriodStart,
    (date_trunc('month', start) + interval 1 month)::timestamp as BillingPeriodEnd,
    start as ChargePeriodStart,
    (start + interval 1 hour)::timestamp as ChargePeriodEnd,
    'Usage' as ChargeCategory,
    concat_ws(', ', unit_name, case when cost is null then 'no price' end) as ChargeDescription,
    'Usage-Based' as ChargeFrequency,
    'Tecton' as ServiceName,
    'AI and Machine Learning' as ServiceCategory,
    about ->> '$.region' as RegionId,
    coalesce(about ->> '$.tecton_object_name', about ->> '$.tectonObjectName', object) as ResourceId,
    unit_name as SkuId,
    quantity::decimal(38, 12) as ConsumedQuantity,
    unit_name as ConsumedUnit,
    -- Ids that rules may name, beside the tags of the feature view or service.
    nullif(
        json_merge_patch(
            coalesce(json(about -> '$.tags'), '{}')::json,
            json_object(
                'tecton:workspace', coalesce(about ->> '$.workspace', workspace),
                'tecton:object', coalesce(
                    about ->> '$.tecton_object_name', about ->> '$.tectonObjectName', object
                ),
                'tecton:job_id', about ->> '$.tecton_job_id'
            )
        )::varchar,
        '{}'
    ) as Tags
from priced
