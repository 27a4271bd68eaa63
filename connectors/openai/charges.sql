-- connectors/openai/charges.sql
-- Results of OpenAI's costs endpoint as charges. Grain: one row per result.
-- Reads: source. Times are Unix seconds.
with typed as (
    select
        x_line,
        money(json_text(amount)::json ->> '$.value') as cost,
        upper(json_text(amount)::json ->> '$.currency') as currency,
        make_timestamp(whole(start_time) * 1000000) as start,
        make_timestamp(whole(end_time) * 1000000) as stop,
        words(line_item) as item,
        words(project_id) as project,
        words(project_name) as project_name,
        words(organization_id) as organisation
    from source
)

select
    x_line,
    'work' as x_class,
    item as x_usage_type,
    cost as BilledCost,
    cost as EffectiveCost,
    cost as ListCost,
    cost as ContractedCost,
    currency as BillingCurrency,
    coalesce(organisation, '(none)') as BillingAccountId,
    project as SubAccountId,
    project_name as SubAccountName,
    'OpenAI' as InvoiceIssuerName,
    'OpenAI' as ProviderName,
    date_trunc('month', start)::timestamp as BillingPeriodStart,
    (date_trunc('month', start) + interval 1 month)::timestamp as BillingPeriodEnd,
    start as ChargePeriodStart,
    stop as ChargePeriodEnd,
    'Usage' as ChargeCategory,
    item as ChargeDescription,
    'Usage-Based' as ChargeFrequency,
    'OpenAI' as ServiceName,
    'AI and Machine Learning' as ServiceCategory,
    project as ResourceId,
    item as SkuMeter
from typed
