-- connectors/gcp/charges.sql
-- Google Cloud's billing lines as charges. Grain: one row per line, and one more per line with a
-- credit that is a payment (a promotion) and no lower price.
-- Reads: source. Credits are added up inside their line, never joined to it.
with pulled as (
    select
        *,
        entry(project, 'id') as nested_project_id,
        entry(project, 'name') as nested_project_name,
        entry(project, 'labels') as nested_project_labels,
        entry(invoice, 'month') as nested_month,
        entry(adjustment_info, 'type') as nested_adjustment,
        entry(service, 'description') as nested_service,
        entry(sku, 'id') as nested_sku,
        entry(sku, 'description') as nested_meter,
        entry(location, 'region') as nested_region,
        entry(location, 'location') as nested_location,
        entry(resource, 'name') as nested_resource,
        entry(resource, 'global_name') as nested_global_name,
        entry(subscription, 'instance_id') as nested_commitment,
        entry(usage, 'amount') as nested_amount,
        entry(usage, 'unit') as nested_unit,
        elements(credits) as credit_list
    from source
),

typed as (
    select
        x_line,
        exact(cost) as cost,
        money(cost_at_list) as listed_at,
        upper(words(currency)) as currency,
        words(billing_account_id) as account,
        coalesce(words(project_id), nested_project_id) as project_id,
        coalesce(words(project_name), nested_project_name) as project_name,
        coalesce(month_of(invoice_month), month_of(nested_month)) as invoice_month,
        utc(usage_start_time) as start,
        utc(usage_end_time) as stop,
        lower(coalesce(words(cost_type), 'regular')) as cost_type,
        coalesce(words(adjustment_type), nested_adjustment) as adjustment,
        coalesce(words(service_description), nested_service) as service,
        coalesce(words(sku_id), nested_sku) as sku,
        coalesce(words(sku_description), nested_meter) as meter,
        coalesce(
            words(location_region), nested_region, words(location_location), nested_location
        ) as region,
        coalesce(words(resource_name), nested_resource) as resource_name,
        coalesce(words(resource_global_name), nested_global_name) as global_name,
        coalesce(words(subscription_instance_id), nested_commitment) as commitment,
        coalesce(quantity(usage_amount), quantity(nested_amount)) as consumed,
        coalesce(words(usage_unit), nested_unit) as unit,
        list_transform(
            json_extract(credit_list, '$[*]'),
            lambda credit: {
                'amount': (credit ->> 'amount')::decimal(38, 18),
                'type': nullif(credit ->> 'type', ''),
                'title': coalesce(
                    nullif(credit ->> 'full_name', ''),
                    nullif(credit ->> 'name', ''),
                    credit ->> 'id'
                )
            }
        ) as credits,
        try_elements(labels) as labels,
        try_elements(tags) as tags,
        try_elements(system_labels) as system_labels,
        coalesce(try_elements(project_labels), try_elements(nested_project_labels))
            as project_labels,
        words(labels) is not null and try_elements(labels) is null as has_bad_labels
    from pulled
),

-- Before September 2020 credits had a name and no type.
judged as (
    select
        *,
        -- Invoices close at midnight in California.
        date_trunc(
            'month', timezone('America/Los_Angeles', timezone('UTC', start))
        )::timestamp as likely_month,
        list_filter(
            credits,
            lambda credit: case credit.type
                when 'SUSTAINED_USAGE_DISCOUNT' then true
                when 'COMMITTED_USAGE_DISCOUNT' then true
                when 'COMMITTED_USAGE_DISCOUNT_DOLLAR_BASE' then true
                when 'FEE_UTILIZATION_OFFSET' then true
                when 'SPENDING_BASED_DISCOUNT' then true
                when 'DISCOUNT' then true
                when 'FREE_TIER' then true
                when 'SUBSCRIPTION_BENEFIT' then true
                when 'RESELLER_MARGIN' then true
                else credit.type is null and contains(lower(credit.title), 'usage discount')
            end
        ) as lower_prices,
        coalesce(starts_with(lower(meter), 'commitment'), false) as is_fee
    from typed
),

summed as (
    select
        * exclude (credits, lower_prices),
        coalesce(list_sum(list_transform(lower_prices, lambda credit: credit.amount)), 0)
            as reduction,
        coalesce(list_sum(list_transform(credits, lambda credit: credit.amount)), 0) as credit,
        list_transform(lower_prices, lambda credit: credit.type) as price_types,
        array_to_string(
            list_sort(
                list_distinct(
                    list_transform(
                        list_filter(credits, lambda one: not list_contains(lower_prices, one)),
                        lambda one: one.title
                    )
                )
            ),
            ', '
        ) as payments,
        coalesce(invoice_month, likely_month) as month_start
    from judged
),

-- From here on a row is a charge: a line's own, and beside it what a promotion pays of it.
charges as (
    select *, false as is_payment, cost + reduction as amount
    from summed
    union all
    select *, true as is_payment, credit - reduction as amount
    from summed
    where credit <> reduction
),

worded as (
    select
        *,
        trunc(amount, 12)::decimal(38, 12) as billed,
        timezone(
            'UTC', timezone('America/Los_Angeles', month_start)
        ) as period_start,
        timezone(
            'UTC', timezone('America/Los_Angeles', (month_start + interval 1 month)::timestamp)
        ) as period_stop,
        coalesce(
            stop,
            case when start = date_trunc('day', start) then start + interval 1 day end,
            start + interval 1 hour
        )::timestamp as charge_stop,
        case
            when is_payment then 'Credit'
            when cost_type = 'tax' then 'Tax'
            when cost_type <> 'regular' then 'Adjustment'
            when is_fee then 'Purchase'
            else 'Usage'
        end as category,
        coalesce(
            list_has_any(
                price_types, ['COMMITTED_USAGE_DISCOUNT', 'COMMITTED_USAGE_DISCOUNT_DOLLAR_BASE']
            ),
            false
        ) as is_committed,
        json_merge_patch(
            coalesce(pairs_object(project_labels), '{}')::json,
            coalesce(pairs_object(tags), '{}')::json,
            coalesce(pairs_object(system_labels), '{}')::json,
            coalesce(pairs_object(labels), '{}')::json
        )::varchar as all_tags
    from charges
)

select
    case when is_payment then second_line(x_line) else x_line end as x_line,
    case
        when category = 'Tax' then 'tax'
        when category = 'Credit' then 'credit'
        when category = 'Adjustment' then 'other'
        when entry(all_tags, 'compute.googleapis.com/is_unused_reservation') = 'true'
            then 'commitment_unused'
        -- What the offset leaves of a fee is what nothing used of the commitment.
        when is_fee and list_contains(price_types, 'FEE_UTILIZATION_OFFSET')
            then 'commitment_unused'
        when is_fee then 'other'
        when lower(service) = 'support' then 'support'
        else 'work'
    end as x_class,
    meter as x_usage_type,
    nullif(
        concat_ws(
            ',',
            case
                when listed_at is null and (category = 'Usage' or category = 'Purchase')
                    then 'ListCost'
            end,
            case when account is null then 'BillingAccountId' end,
            case when invoice_month is null then 'BillingPeriodStart' end,
            case when stop is null then 'ChargePeriodEnd' end,
            case when has_bad_labels then 'Tags' end
        ),
        ''
    ) as x_repairs,
    billed as BilledCost,
    billed as EffectiveCost,
    case when is_payment then 0 else coalesce(listed_at, trunc(cost, 12)) end as ListCost,
    case when is_payment then 0 else trunc(cost, 12) end as ContractedCost,
    currency as BillingCurrency,
    coalesce(account, '(none)') as BillingAccountId,
    project_id as SubAccountId,
    project_name as SubAccountName,
    'Google Cloud' as InvoiceIssuerName,
    'Google Cloud' as ProviderName,
    period_start as BillingPeriodStart,
    period_stop as BillingPeriodEnd,
    start as ChargePeriodStart,
    charge_stop as ChargePeriodEnd,
    category as ChargeCategory,
    -- What an invoice holds of a month before it: corrections, and usage that was reported late.
    case
        when charge_stop <= period_start or suffix(adjustment, '_CORRECTION') then 'Correction'
    end as ChargeClass,
    case when is_payment then payments else meter end as ChargeDescription,
    case
        when category = 'Usage' then 'Usage-Based'
        when category = 'Purchase' then 'Recurring'
        else 'One-Time'
    end as ChargeFrequency,
    service as ServiceName,
    nullif(region, 'global') as RegionId,
    coalesce(global_name, resource_name) as ResourceId,
    resource_name as ResourceName,
    sku as SkuId,
    meter as SkuMeter,
    case
        when category <> 'Usage' then null
        when is_committed then 'Committed'
        when regexp_matches(meter, '\b(Spot|Preemptible)\b') then 'Dynamic'
        else 'Standard'
    end as PricingCategory,
    case when category = 'Usage' then consumed end as ConsumedQuantity,
    -- Seconds of a core or of a GPU are no seconds of a machine.
    case
        when category <> 'Usage' then null
        when unit <> 'seconds' or service <> 'Compute Engine' then unit
        when contains(lower(meter), 'core') then 'core-seconds'
        when contains(lower(meter), 'gpu') then 'gpu-seconds'
        else unit
    end as ConsumedUnit,
    commitment as CommitmentDiscountId,
    case when is_committed and category = 'Usage' then 'Used' end as CommitmentDiscountStatus,
    nullif(all_tags, '{}') as Tags
from worded
