-- connectors/oci/charges.sql
-- Lines of Oracle's cost report as charges. Grain: one row per line.
-- Reads: source. Overage is part of myCost already; a correction is a line of its own.
with typed as (
    select
        x_line,
        money("cost/myCost") as cost,
        upper(words("cost/currencyCode")) as currency,
        utc("lineItem/intervalUsageStart") as start,
        utc("lineItem/intervalUsageEnd") as stop,
        words("lineItem/tenantId") as tenant,
        words("product/compartmentId") as compartment,
        words("product/compartmentName") as compartment_name,
        words("product/service") as service,
        words("product/region") as region,
        words("product/resourceId") as resource,
        words("product/Description") as description,
        words("cost/productSku") as sku,
        quantity("usage/billedQuantity") as quantity,
        coalesce(words("cost/skuUnitDescription"), words("cost/billingUnitReadable")) as unit,
        lower(words("lineItem/isCorrection")) = 'true' as is_correction,
        tags
    from source
)

select
    x_line,
    'work' as x_class,
    coalesce(description, sku) as x_usage_type,
    nullif(
        concat_ws(
            ',',
            case
                when currency is null and currency_if_missing() is not null then 'BillingCurrency'
            end,
            case when tenant is null then 'BillingAccountId' end
        ),
        ''
    ) as x_repairs,
    cost as BilledCost,
    cost as EffectiveCost,
    cost as ListCost,
    cost as ContractedCost,
    coalesce(currency, currency_if_missing()) as BillingCurrency,
    coalesce(tenant, '(none)') as BillingAccountId,
    compartment as SubAccountId,
    compartment_name as SubAccountName,
    'Oracle' as InvoiceIssuerName,
    'Oracle' as ProviderName,
    date_trunc('month', start)::timestamp as BillingPeriodStart,
    (date_trunc('month', start) + interval 1 month)::timestamp as BillingPeriodEnd,
    start as ChargePeriodStart,
    stop as ChargePeriodEnd,
    'Usage' as ChargeCategory,
    case when is_correction then 'Correction' end as ChargeClass,
    description as ChargeDescription,
    'Usage-Based' as ChargeFrequency,
    service as ServiceName,
    region as RegionId,
    resource as ResourceId,
    sku as SkuId,
    description as SkuMeter,
    quantity as ConsumedQuantity,
    unit as ConsumedUnit,
    json(tags) as Tags
from typed
