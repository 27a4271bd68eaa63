-- connectors/anthropic/charges.sql
-- Results of Anthropic's cost report as charges. Grain: one row per result.
-- Reads: source. Amounts are cents, with places behind the point.
with typed as (
    select
        x_line,
        case
            when upper(words(currency)) = 'USD'
                then trunc(exact(amount)::decimal(28, 16) * 0.01::decimal(4, 2), 12)
            else error('amounts are read in USD alone, not in ' || currency::varchar)::decimal(32, 18)
        end::decimal(38, 12) as cost,
        upper(words(currency)) as billing_currency,
        utc(starting_at) as start,
        utc(ending_at) as stop,
        words(workspace_id) as workspace,
        words(description) as told,
        words(cost_type) as kind,
        words(model) as model_name,
        words(token_type) as token,
        words(service_tier) as tier,
        words(inference_geo) as geo
    from source
)

select
    x_line,
    'work' as x_class,
    coalesce(concat_ws('/', coalesce(model_name, kind), token, tier), told) as x_usage_type,
    cost as BilledCost,
    cost as EffectiveCost,
    cost as ListCost,
    cost as ContractedCost,
    billing_currency as BillingCurrency,
    '(none)' as BillingAccountId,
    workspace as SubAccountId,
    'Anthropic' as InvoiceIssuerName,
    'Anthropic' as ProviderName,
    date_trunc('month', start)::timestamp as BillingPeriodStart,
    (date_trunc('month', start) + interval 1 month)::timestamp as BillingPeriodEnd,
    start as ChargePeriodStart,
    stop as ChargePeriodEnd,
    'Usage' as ChargeCategory,
    told as ChargeDescription,
    'Usage-Based' as ChargeFrequency,
    'Anthropic' as ServiceName,
    'AI and Machine Learning' as ServiceCategory,
    geo as RegionId,
    workspace as ResourceId,
    model_name as SkuId,
    token as SkuMeter
from typed
