-- connectors/focus/charges.sql
-- FOCUS lines as charges. Grain: one row per line.
-- Reads: source. What was mended stands in x_repairs, by the names of the columns.
with typed as (
    select
        x_line,
        money(BilledCost) as billed,
        money(EffectiveCost) as effective,
        money(ContractedCost) as contracted,
        money(ListCost) as listed_at,
        upper(words(BillingCurrency)) as currency,
        words(BillingAccountId) as account,
        words(BillingAccountName) as account_name,
        words(SubAccountId) as sub_account,
        words(SubAccountName) as sub_account_name,
        words(InvoiceId) as invoice,
        words(InvoiceIssuerName) as issuer,
        coalesce(words(ProviderName), words(ServiceProviderName)) as provider,
        case
            when words(x_ServiceCode) is not null then 'AWS'
            when words(x_SkuMeterId) is not null then 'Microsoft'
            when words(x_ServiceId) is not null then 'Google Cloud'
            else coalesce(words(InvoiceIssuerName), words(PublisherName), '(none)')
        end as likely_provider,
        words(x_ServiceCode) as service_code,
        service_code is not null or provider = 'AWS' or starts_with(provider, 'Amazon Web Services')
            as is_aws,
        utc(BillingPeriodStart) as period_start,
        utc(BillingPeriodEnd) as period_end,
        date_trunc('month', utc(BillingPeriodStart))::timestamp as month_start,
        utc(ChargePeriodStart) as start,
        utc(ChargePeriodEnd) as stop,
        words(ChargeCategory) as category,
        words(ChargeSubcategory) as subcategory,
        words(ChargeClass) as class,
        words(ChargeDescription) as description,
        words(ChargeFrequency) as frequency,
        words(ServiceName) as service,
        -- Google's view has a list of them.
        case
            when suffix(typeof(ServiceCategory), '[]')
                then array_to_string(
                    list_sort(
                        list_distinct(from_json(to_json(ServiceCategory), '["VARCHAR"]'))
                    ),
                    ', '
                )
            else words(ServiceCategory)
        end as service_category,
        words(ServiceSubcategory) as service_subcategory,
        words(RegionId) as region,
        words(ResourceId) as resource,
        words(ResourceName) as resource_name,
        words(ResourceType) as resource_type,
        words(SkuId) as sku,
        words(SkuMeter) as meter,
        words(x_UsageType) as usage_type,
        json_text(SkuPriceDetails) as price_details,
        words(PricingCategory) as pricing,
        quantity(ConsumedQuantity) as consumed,
        words(ConsumedUnit) as consumed_unit,
        words(CommitmentDiscountId) as commitment,
        words(CommitmentDiscountStatus) as commitment_status,
        words(AllocatedResourceId) as allocated_resource,
        json(AllocatedTags) as allocated_tags,
        written_text(AllocatedTags) as allocated_tags_text,
        json(Tags) as tags,
        written_text(Tags) as tags_text
    from source
),

-- 1.0-preview says in ChargeSubcategory what later versions say in three columns.
worded as (
    select
        * replace (
            case when subcategory = 'Credit' then 'Credit' else category end as category,
            case when subcategory = 'Refund' then 'Correction' else class end as class,
            case subcategory
                when 'Unused Commitment' then 'Unused'
                when 'Used Commitment' then 'Used'
                else commitment_status
            end as commitment_status
        )
    from typed
),

-- AWS' services have the names here that they have from its other reports, and so have Bedrock's models.
named as (
    select
        * replace (
            case when is_aws then service_of_aws(service_code, service) else service end as service
        ),
        is_aws and service_of_aws(service_code, service) = 'Amazon Bedrock' as is_bedrock,
        case when is_bedrock then meter_of_tokens(usage_type) end as token_meter,
        case
            when is_bedrock
                then details_of_tokens(model_of_bedrock(usage_type, service, null), token_meter)
        end as token_details
    from worded
),

mended as (
    select
        *,
        coalesce(effective, billed) as effective_cost,
        coalesce(contracted, effective, billed) as contracted_cost,
        (month_start + interval 1 month)::timestamp as month_stop,
        end_of(start, stop) as charge_stop,
        category = 'Usage' and commitment is not null and pricing is null as is_committed
    from named
)

select
    x_line,
    case
        when category = 'Tax' then 'tax'
        when category = 'Credit' then 'credit'
        when commitment_status = 'Unused' then 'commitment_unused'
        when service_subcategory = 'Support' then 'support'
        when contains(lower(service), 'support')
            and regexp_matches(lower(service), '(^|[^a-z])support([^a-z]|$)|^(aws|ocb) ?[a-z]*support')
            then 'support'
        when category = 'Adjustment' then 'other'
        when category = 'Purchase' and commitment is not null then 'other'
        else 'work'
    end as x_class,
    coalesce(usage_type, meter, sku) as x_usage_type,
    nullif(
        concat_ws(
            ',',
            case when effective is null and billed is not null then 'EffectiveCost' end,
            case when contracted is null and billed is not null then 'ContractedCost' end,
            case when listed_at is null and billed is not null then 'ListCost' end,
            case
                when currency is null and currency_if_missing() is not null then 'BillingCurrency'
            end,
            case when account is null then 'BillingAccountId' end,
            case when provider is null then 'ProviderName' end,
            case when period_start != month_start then 'BillingPeriodStart' end,
            case when period_end is distinct from month_stop then 'BillingPeriodEnd' end,
            case when stop is null then 'ChargePeriodEnd' end,
            case when is_committed then 'PricingCategory' end,
            case when malformed(allocated_tags_text, allocated_tags) then 'AllocatedTags' end,
            case when malformed(tags_text, tags) then 'Tags' end
        ),
        ''
    ) as x_repairs,
    billed as BilledCost,
    effective_cost as EffectiveCost,
    coalesce(listed_at, contracted_cost) as ListCost,
    contracted_cost as ContractedCost,
    coalesce(currency, currency_if_missing()) as BillingCurrency,
    coalesce(account, '(none)') as BillingAccountId,
    account_name as BillingAccountName,
    sub_account as SubAccountId,
    sub_account_name as SubAccountName,
    invoice as InvoiceId,
    issuer as InvoiceIssuerName,
    coalesce(provider, likely_provider) as ProviderName,
    month_start as BillingPeriodStart,
    month_stop as BillingPeriodEnd,
    start as ChargePeriodStart,
    charge_stop as ChargePeriodEnd,
    category as ChargeCategory,
    class as ChargeClass,
    description as ChargeDescription,
    frequency as ChargeFrequency,
    service as ServiceName,
    service_category as ServiceCategory,
    region as RegionId,
    resource as ResourceId,
    resource_name as ResourceName,
    resource_type as ResourceType,
    sku as SkuId,
    coalesce(meter, token_meter) as SkuMeter,
    case
        when token_details is null or (price_details is not null and not json_valid(price_details))
            then price_details
        else json_merge_patch(token_details::json, coalesce(price_details, '{}')::json)::varchar
    end as SkuPriceDetails,
    case when is_committed then 'Committed' else pricing end as PricingCategory,
    consumed as ConsumedQuantity,
    consumed_unit as ConsumedUnit,
    commitment as CommitmentDiscountId,
    commitment_status as CommitmentDiscountStatus,
    allocated_resource as AllocatedResourceId,
    allocated_tags as AllocatedTags,
    tags as Tags
from mended
