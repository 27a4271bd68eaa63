-- connectors/confluent/charges.sql
-- Costs of Confluent Cloud as charges. Grain: one row per cost.
-- Reads: source. The amount is what is left after the discount; money is US dollars.
with typed as (
    select
        x_line,
        money(amount) as cost,
        coalesce(money(original_amount), money(amount)) as before_discount,
        utc(start_date) as start,
        utc(end_date) as stop,
        words(product) as product_name,
        words(line_type) as kind,
        words(description) as told,
        quantity(quantity) as used,
        words(unit) as unit_name,
        words(organization_id) as organisation,
        json_text(resource)::json as thing
    from source
)

select
    x_line,
    case
        when kind = 'PROMO_CREDIT' then 'credit'
        when kind = 'SUPPORT' then 'support'
        else 'work'
    end as x_class,
    kind as x_usage_type,
    cost as BilledCost,
    cost as EffectiveCost,
    before_discount as ListCost,
    cost as ContractedCost,
    'USD' as BillingCurrency,
    coalesce(organisation, '(none)') as BillingAccountId,
    words(thing ->> '$.environment.id') as SubAccountId,
    'Confluent' as InvoiceIssuerName,
    'Confluent' as ProviderName,
    date_trunc('month', start)::timestamp as BillingPeriodStart,
    (date_trunc('month', start) + interval 1 month)::timestamp as BillingPeriodEnd,
    start as ChargePeriodStart,
    stop as ChargePeriodEnd,
    case
        when kind = 'PROMO_CREDIT' then 'Credit'
        when kind = 'SUPPORT' then 'Purchase'
        else 'Usage'
    end as ChargeCategory,
    told as ChargeDescription,
    'Usage-Based' as ChargeFrequency,
    'Confluent Cloud' as ServiceName,
    product_name as ServiceCategory,
    words(thing ->> '$.id') as ResourceId,
    words(thing ->> '$.display_name') as ResourceName,
    kind as SkuMeter,
    used as ConsumedQuantity,
    unit_name as ConsumedUnit
from typed
