-- connectors/snowflake/charges.sql
-- Days of usage in currency as charges. Grain: one row per line of the view.
-- Reads: source. An adjustment lowers the work it adjusts; a rebate and a support credit are credits.
with typed as (
    select
        x_line,
        money(USAGE_IN_CURRENCY) as cost,
        upper(words(CURRENCY)) as currency,
        utc(USAGE_DATE) as start,
        coalesce(words(ORGANIZATION_NAME), words(CONTRACT_NUMBER)) as organisation,
        words(ACCOUNT_NAME) as account_name,
        coalesce(words(ACCOUNT_LOCATOR), words(ACCOUNT_NAME)) as account,
        words(REGION) as region,
        words(SERVICE_LEVEL) as edition,
        words(USAGE_TYPE) as usage_type,
        lower(words(SERVICE_TYPE)) as service_type,
        lower(words(RATING_TYPE)) as rating,
        replace(lower(words(BILLING_TYPE)), ' ', '_') as billing,
        lower(words(BALANCE_SOURCE)) as paid_by,
        quantity(USAGE) as used,
        lower(words(IS_ADJUSTMENT)) in ('true', 't', '1', 'yes') as is_adjustment
    from source
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
    (start + interval 1 day)::timestamp as ChargePeriodEnd,
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
    service_type as ResourceType,
    usage_type as SkuMeter,
    used as ConsumedQuantity,
    case rating
        when 'compute' then 'credits'
        when 'storage' then 'TB'
        when 'data_transfer' then 'TB'
    end as ConsumedUnit
from typed
