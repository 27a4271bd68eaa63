-- connectors/azure/charges.sql
-- Azure's cost details as charges. Grain: one row per line that counts: every amortized line, and of
-- the actual ones of the same account and month only what was paid or given back for commitments.
-- Reads: source. An account and month with one of the two kinds only has all its lines.
with typed as (
    select
        x_line,
        x_line // 10000000000 as file,
        words(x_kind) as told_kind,
        money(CostInBillingCurrency) as cost,
        coalesce(upper(words(BillingCurrency)), currency_if_missing()) as currency,
        words(BillingAccountId) as account_id,
        words(BillingAccountName) as account_name,
        words(BillingProfileId) as profile_id,
        words(BillingProfileName) as profile_name,
        words(SubscriptionId) as sub_account,
        words(SubscriptionName) as sub_account_name,
        words(InvoiceId) as invoice,
        words(PartnerName) as partner,
        utc(BillingPeriodStartDate) as period_start,
        utc("Date") as start,
        lower(coalesce(words(ChargeType), 'Usage')) as type,
        replace(lower(words(PricingModel)), ' ', '') as model,
        words(ReservationId) as reservation,
        words(BenefitId) as benefit,
        words(ProductName) as product,
        words(ProductId) as product_id,
        words(Frequency) as frequency,
        words(MeterCategory) as service,
        words(MeterName) as meter,
        words(ResourceLocation) as location,
        words(ResourceId) as resource,
        words(ResourceName) as resource_name,
        words(ResourceType) as resource_type,
        quantity(Quantity) as consumed,
        words(UnitOfMeasure) as measure,
        quantity(UnitPrice) as unit_price,
        quantity(PayGPrice) as list_price,
        money(PaygCostInBillingCurrency) as list_cost,
        coalesce(quantity(ExchangeRatePricingToBilling), 1) as rate,
        json(AdditionalInfo) as details,
        json_text(Tags) as tags_text
    from source
),

judged as (
    select
        *,
        -- What a customer agreement bills is a profile of the account.
        case when contains(account_id, ':') then profile_id else account_id end as account,
        case when contains(account_id, ':') then profile_name else account_name end
            as account_title,
        coalesce(date_trunc('month', period_start), date_trunc('month', start))::timestamp
            as month_start,
        case
            when model is not null then model = 'reservation' or model = 'savingsplan'
            else coalesce(reservation, entry(details, 'ReservationId')) is not null
        end or starts_with(type, 'unused') as is_committed,
        starts_with(type, 'unused') as is_unused,
        type = 'purchase' or type = 'refund' as is_purchase,
        case when ltrim(tags_text)[1] = '{' then tags_text else '{' || tags_text || '}' end
            as wrapped_tags,
        regexp_extract(measure, '^([0-9]+)\s*([KM]?)\s*(.*)$', ['number', 'thousands', 'unit'])
            as measured
    from typed
),

-- Where neither manifest nor name says which kind a file is, its lines may.
kinds as (
    select
        file,
        case
            when count(told_kind) > 0 then any_value(told_kind)
            when bool_or(is_unused) then 'amortized'
            when bool_or(is_committed and not is_purchase and cost <> 0) then 'amortized'
            when bool_or(is_committed) then 'actual'
        end as kind
    from judged
    group by file
),

bills as (
    select
        j.month_start,
        j.currency,
        j.account,
        bool_or(coalesce(k.kind = 'amortized', false)) as has_amortized,
        bool_or(coalesce(k.kind = 'actual', false)) as has_actual
    from judged as j
    join kinds as k on j.file = k.file
    group by all
),

counted as (
    select
        j.*,
        coalesce(k.kind, '') as kind,
        b.has_amortized and b.has_actual as is_paired
    from judged as j
    join kinds as k on j.file = k.file
    join bills as b
        on
            j.month_start is not distinct from b.month_start
            and j.currency is not distinct from b.currency
            and j.account is not distinct from b.account
    where
        coalesce(k.kind, '') <> 'actual'
        or not b.has_amortized
        or (j.is_committed and j.is_purchase)
),

costed as (
    select
        *,
        case
            when measured.unit = '' then 'Units'
            when starts_with(measured.unit, '/') then 'Units' || measured.unit
            else measured.unit
        end as unit,
        case
            when kind = 'amortized' and is_committed and not is_purchase then 0
            else cost
        end as billed,
        case
            when is_committed and is_purchase and (is_paired or kind = 'amortized') then 0
            else cost
        end as effective,
        text_object(wrapped_tags) as tags,
        (month_start + interval 1 month)::timestamp as month_stop,
        (start + interval 1 day)::timestamp as stop,
        coalesce(
            benefit, reservation, case when is_committed then entry(details, 'ReservationId') end
        ) as commitment,
        nullif(
            try_cast(measured.number as bigint)
            * case measured.thousands when 'K' then 1000 when 'M' then 1000000 else 1 end,
            0
        ) as block
    from counted
),

priced as (
    select
        *,
        -- In 10^-12 of the currency, so that no float comes near.
        (
            (try_cast(consumed as decimal(20, 9)) * try_cast(unit_price * rate as decimal(18, 9)))
            ::decimal(38, 12) * 1000000000000
        )::hugeint // coalesce(block, 1) as contracted,
        (
            (try_cast(consumed as decimal(20, 9)) * try_cast(list_price * rate as decimal(18, 9)))
            ::decimal(38, 12) * 1000000000000
        )::hugeint // coalesce(block, 1) as listed
    from costed
)

select
    x_line,
    case
        when type = 'tax' then 'tax'
        when type = 'credit' then 'credit'
        when is_unused then 'commitment_unused'
        when type = 'roundingadjustment' or (is_committed and is_purchase) then 'other'
        when regexp_matches(lower(service), '(^|[^a-z])support([^a-z]|$)') then 'support'
        else 'work'
    end as x_class,
    meter as x_usage_type,
    nullif(
        concat_ws(
            ',',
            case when kind = 'amortized' and not is_paired and is_committed then 'BilledCost' end,
            case when kind = 'actual' and not is_paired and is_committed then 'EffectiveCost' end,
            case when account is null then 'BillingAccountId' end,
            case when period_start is distinct from month_start then 'BillingPeriodStart' end,
            case when currency_if_missing() is not null then 'BillingCurrency' end,
            case when malformed(tags_text, tags) then 'Tags' end
        ),
        ''
    ) as x_repairs,
    billed as BilledCost,
    effective as EffectiveCost,
    coalesce(
        list_cost,
        listed::decimal(38, 0) * 0.000000000001,
        contracted::decimal(38, 0) * 0.000000000001,
        cost
    ) as ListCost,
    coalesce(contracted::decimal(38, 0) * 0.000000000001, cost) as ContractedCost,
    currency as BillingCurrency,
    coalesce(account, '(none)') as BillingAccountId,
    account_title as BillingAccountName,
    sub_account as SubAccountId,
    sub_account_name as SubAccountName,
    invoice as InvoiceId,
    coalesce(partner, 'Microsoft') as InvoiceIssuerName,
    'Microsoft' as ProviderName,
    month_start as BillingPeriodStart,
    month_stop as BillingPeriodEnd,
    start as ChargePeriodStart,
    stop as ChargePeriodEnd,
    case
        when type = 'usage' or is_unused then 'Usage'
        when is_purchase then 'Purchase'
        when type = 'credit' then 'Credit'
        when type = 'tax' then 'Tax'
        else 'Adjustment'
    end as ChargeCategory,
    case when type = 'refund' or stop <= month_start then 'Correction' end as ChargeClass,
    product as ChargeDescription,
    case lower(frequency)
        when 'onetime' then 'One-Time'
        when 'recurring' then 'Recurring'
        when 'usagebased' then 'Usage-Based'
    end as ChargeFrequency,
    service as ServiceName,
    replace(lower(location), ' ', '') as RegionId,
    case when is_unused then commitment else resource end as ResourceId,
    coalesce(resource_name, nullif(regexp_extract(resource, '[^/]+$'), '')) as ResourceName,
    resource_type as ResourceType,
    product_id as SkuId,
    meter as SkuMeter,
    case
        when entry(details, 'VCPUs') is not null then json_object(
            'InstanceType', entry(details, 'ServiceType'),
            'CoreCount', try_cast(entry(details, 'VCPUs') as decimal(12, 3))
        )::varchar
    end as SkuPriceDetails,
    case
        when type <> 'usage' and not is_unused then null
        when is_committed then 'Committed'
        when model = 'spot' then 'Dynamic'
        when model = 'ondemand' or model is null then 'Standard'
    end as PricingCategory,
    case when type = 'usage' then consumed end as ConsumedQuantity,
    case when type = 'usage' then coalesce(unit, measure) end as ConsumedUnit,
    commitment as CommitmentDiscountId,
    case
        when is_unused then 'Unused'
        when is_committed and not is_purchase then 'Used'
    end as CommitmentDiscountStatus,
    tags as Tags
from priced
