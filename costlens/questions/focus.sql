-- The charges of a month as FOCUS 1.3 has them, each split by who bears it: the rows that a charge was
-- split into stand in its place and add up to it. Grain: one row per (line, target), of one level.
-- A charge that no target bears at all stays as it was. Where the source had no ContractedCost, ListCost,
-- InvoiceIssuerName or ChargeDescription, the nearest that is known stands there; units are spelled as FOCUS
-- does (GB-Months); and who issues what is billed is the provider, by the provider's name, as FOCUS has what
-- is paid to others billed as 0: x_Repairs says where, x_InvoiceIssuerName the bill's own. What FOCUS wants
-- and the lake does not keep is the plainest that is true: the provider as publisher and host, the billing
-- currency as that of prices, the region's id as its name, a service of no category as Other. Reads: charges, chosen_lines, line_shares of their bundles. Takes: $level; $period.
with borne as (
    select
        x_line as bundle,
        target,
        units(sum(billed)::decimal(38, 12)) as billed,
        units(sum(effective)::decimal(38, 12)) as effective,
        max(grade) as grade
    from line_shares
    where level = $level
    group by all
),

-- What comes to nothing is left out, unless all of its bundle does.
members as (
    select *
    from borne
    qualify
        billed <> 0 or effective <> 0
        or (
            max(abs(billed) + abs(effective)) over (partition by bundle) = 0
            and row_number() over (partition by bundle order by target) = 1
        )
),

weights as (
    select
        bundle,
        target,
        case
            when max(abs(billed)) over of_bundle > 0 then abs(billed)
            when max(abs(effective)) over of_bundle > 0 then abs(effective)
            else 1
        end as billed_weight,
        case
            when max(abs(effective)) over of_bundle > 0 then abs(effective)
            when max(abs(billed)) over of_bundle > 0 then abs(billed)
            else 1
        end as effective_weight
    from members
    window of_bundle as (partition by bundle)
),

-- The lines of a bundle are split alike: each has what it adds to the split of the sum before it, so
-- that a line's parts add up to it, and a target's parts to what the ledger says it bears.
prefixes as (
    select
        'billed ' || c.bundle || ' ' || c.line_number as piece,
        w.target as member,
        w.billed_weight as weight,
        c.billed_so_far as billed,
        0::decimal(38, 12) as effective
    from chosen_lines as c
    inner join weights as w on c.bundle = w.bundle
    union all
    select
        'effective ' || c.bundle || ' ' || c.line_number,
        w.target,
        w.effective_weight,
        c.effective_so_far,
        0
    from chosen_lines as c
    inner join weights as w on c.bundle = w.bundle
),

reached as (
    select
        split_part(piece, ' ', 1) as basis,
        split_part(piece, ' ', 2)::bigint as bundle,
        split_part(piece, ' ', 3)::bigint as line_number,
        member as target,
        billed_part as amount
    from split('prefixes')
),

steps as (
    select
        basis,
        bundle,
        line_number,
        target,
        (
            amount - coalesce(
                lag(amount) over (partition by basis, bundle, target order by line_number), 0
            )
        )::decimal(38, 12) as amount
    from reached
),

parts as (
    select
        c.x_load,
        c.x_line,
        s.target,
        any_value(m.grade) as grade,
        sum(s.amount) filter (s.basis = 'billed')::decimal(38, 12) as billed,
        sum(s.amount) filter (s.basis = 'effective')::decimal(38, 12) as effective
    from steps as s
    inner join chosen_lines as c on s.bundle = c.bundle and s.line_number = c.line_number
    inner join members as m on s.bundle = m.bundle and s.target = m.target
    group by all
),

-- Of a line, likewise: a row that has no money is none, unless all have none.
kept as (
    select *, count(*) over (partition by x_load, x_line) as members
    from (
        select *
        from parts
        qualify
            billed <> 0 or effective <> 0
            or (
                max(abs(billed) + abs(effective)) over (partition by x_load, x_line) = 0
                and row_number() over (partition by x_load, x_line order by target) = 1
            )
    ) as with_money
),

lines as (
    select
        c.*,
        k.target,
        k.billed as part_billed,
        k.effective as part_effective,
        k.grade,
        k.target is not null and (k.members > 1 or k.target not like '(%') as is_allocated,
        c.source || ':' || c.billing_period || ':' || c.x_line as line,
        coalesce(
            c.ServiceCategory, min(c.ServiceCategory) over (partition by c.ServiceName), 'Other'
        ) as category,
        coalesce(c.ContractedCost, c.EffectiveCost) as contracted,
        coalesce(c.ListCost, c.ContractedCost, c.EffectiveCost) as listed,
        coalesce(
            c.ChargeDescription,
            nullif(concat_ws(', ', c.ServiceName, c.x_usage_type, c.ChargeCategory), '')
        ) as description,
        case
            when
                bool_or(c.BilledCost <> 0)
                    over (partition by c.source, c.ProviderName, c.InvoiceIssuerName)
                then c.ProviderName
            else coalesce(c.InvoiceIssuerName, c.ProviderName)
        end as issuer,
        -- Vendors' Hrs, GB-Mo, DPU-Hour, LCU-Hrs and Lambda-GB-Second.
        regexp_replace(c.ConsumedUnit, '(?i)(hour|hr)s?$', 'Hours') as hours_spelled,
        regexp_replace(hours_spelled, '(?i)(^|-)(mo|month|months)$', '\1Months') as months_spelled,
        regexp_replace(months_spelled, '(?i)(^|-)(second|sec)s?$', '\1Seconds') as spelled,
        regexp_replace(spelled, '-([^-]*-)', ' \1') as unit
    from charges as c
    left join kept as k on c.x_load = k.x_load and c.x_line = k.x_line
    where c.billing_period = $period
),

-- A line's other quantities go as its effective cost, or its billed cost where that is nothing.
sized as (
    select
        line,
        target,
        contracted,
        listed,
        coalesce(ConsumedQuantity, 0) as consumed,
        case
            when bool_or(part_effective <> 0) over of_line then abs(units(part_effective))
            else abs(units(part_billed))
        end as size
    from lines
    where is_allocated
    window of_line as (partition by line)
),

weighted as (
    select
        *,
        -- So that no product on the way is too large.
        case
            when sum(size) over of_line = 0 then 1
            else size // greatest(sum(size) over of_line // 1000000000000, 1)
        end as weight
    from sized
    window of_line as (partition by line)
),

safe as (
    select
        * replace (case when sum(weight) over of_line = 0 then 1 else weight end as weight)
    from weighted
    window of_line as (partition by line)
),

costs as (
    select line as piece, target as member, weight, listed as billed, contracted as effective
    from safe
),

amounts as (
    select
        line as piece,
        target as member,
        weight,
        consumed as billed,
        1::decimal(38, 12) as effective
    from safe
),

split_costs as (
    select piece, member, billed_part as listed, effective_part as contracted
    from split('costs')
),

split_amounts as (
    select piece, member, billed_part as consumed, effective_part as part
    from split('amounts')
),

told as (
    select
        l.*,
        s.listed as part_listed,
        s.contracted as part_contracted,
        case when l.ConsumedQuantity is not null then a.consumed end as part_consumed,
        a.part
    from lines as l
    left join split_costs as s on l.line = s.piece and l.target = s.member and l.is_allocated
    left join split_amounts as a on l.line = a.piece and l.target = a.member and l.is_allocated
)

select
    case
        when is_allocated
            then
                json_object(
                    'Elements',
                    json_array(json_object('AllocatedRatio', part))
                )::varchar
    end as AllocatedMethodDetails,
    case when is_allocated then 'costlens-need-' || $level end as AllocatedMethodId,
    case when is_allocated then $level || ':' || target end as AllocatedResourceId,
    case when is_allocated then target end as AllocatedResourceName,
    case
        when is_allocated
            then
                json_merge_patch(
                    coalesce(AllocatedTags, Tags, '{}')::json,
                    json_object('costlens:' || $level, target)
                )::varchar
    end as AllocatedTags,
    null::varchar as AvailabilityZone,
    case when is_allocated then part_billed else BilledCost end as BilledCost,
    BillingAccountId,
    BillingAccountName,
    case when BillingAccountId is not null then 'Account' end as BillingAccountType,
    BillingCurrency,
    strftime(BillingPeriodEnd, '%Y-%m-%dT%H:%M:%SZ') as BillingPeriodEnd,
    strftime(BillingPeriodStart, '%Y-%m-%dT%H:%M:%SZ') as BillingPeriodStart,
    null::varchar as CapacityReservationId,
    null::varchar as CapacityReservationStatus,
    ChargeCategory,
    ChargeClass,
    description as ChargeDescription,
    ChargeFrequency,
    strftime(ChargePeriodEnd, '%Y-%m-%dT%H:%M:%SZ') as ChargePeriodEnd,
    strftime(ChargePeriodStart, '%Y-%m-%dT%H:%M:%SZ') as ChargePeriodStart,
    case
        when CommitmentDiscountId ilike '%saving%' then 'Spend'
        when CommitmentDiscountId is not null then 'Usage'
    end as CommitmentDiscountCategory,
    CommitmentDiscountId,
    null::varchar as CommitmentDiscountName,
    null::decimal(38, 12) as CommitmentDiscountQuantity,
    CommitmentDiscountStatus,
    case
        when CommitmentDiscountId ilike '%saving%' then 'Savings Plan'
        when CommitmentDiscountId is not null then 'Reservation'
    end as CommitmentDiscountType,
    null::varchar as CommitmentDiscountUnit,
    case when ChargeCategory = 'Usage' then coalesce(part_consumed, ConsumedQuantity) end
        as ConsumedQuantity,
    case when ChargeCategory = 'Usage' and ConsumedQuantity is not null then unit end as ConsumedUnit,
    null::varchar as ContractApplied,
    case when is_allocated then part_contracted else contracted end as ContractedCost,
    null::decimal(38, 12) as ContractedUnitPrice,
    case when is_allocated then part_effective else EffectiveCost end as EffectiveCost,
    case when ChargeCategory in ('Tax', 'Adjustment') then 'Not Applicable' else ProviderName end
        as HostProviderName,
    InvoiceId,
    issuer as InvoiceIssuerName,
    case when is_allocated then part_listed else listed end as ListCost,
    null::decimal(38, 12) as ListUnitPrice,
    PricingCategory,
    BillingCurrency as PricingCurrency,
    null::decimal(38, 12) as PricingCurrencyContractedUnitPrice,
    case when is_allocated then part_effective else EffectiveCost end
        as PricingCurrencyEffectiveCost,
    null::decimal(38, 12) as PricingCurrencyListUnitPrice,
    null::decimal(38, 12) as PricingQuantity,
    null::varchar as PricingUnit,
    ProviderName,
    ProviderName as PublisherName,
    RegionId,
    RegionId as RegionName,
    ResourceId,
    ResourceName,
    case when ResourceId is not null then coalesce(ResourceType, 'Unknown') end as ResourceType,
    category as ServiceCategory,
    ServiceName,
    ProviderName as ServiceProviderName,
    case category when 'Other' then 'Other (Other)' else 'Other (' || category || ')' end
        as ServiceSubcategory,
    SkuId,
    case when SkuId is not null then SkuMeter end as SkuMeter,
    SkuPriceDetails,
    null::varchar as SkuPriceId,
    SubAccountId,
    SubAccountName,
    case when SubAccountId is not null then 'Account' end as SubAccountType,
    Tags,
    case when grade is null or target like '(%' then 'U' else grade end as x_EvidenceGrade,
    case when $level = 'feature' and is_allocated and target not like '(%' then target end
        as x_Feature,
    case when $level = 'model' and is_allocated and target not like '(%' then target end
        as x_Model,
    case when $level = 'product' and is_allocated and target not like '(%' then target end
        as x_Product,
    case when target like '(%' then target end as x_Unallocated,
    line as x_OriginLine,
    AllocatedResourceId as x_OriginAllocatedResourceId,
    coalesce(x_usage_type, SkuMeter) as x_UsageType,
    InvoiceIssuerName as x_InvoiceIssuerName,
    nullif(
        concat_ws(
            ' ',
            x_repairs,
            case when ContractedCost is null then 'ContractedCost' end,
            case when ListCost is null then 'ListCost' end,
            case when issuer is distinct from InvoiceIssuerName then 'InvoiceIssuerName' end,
            case when description is distinct from ChargeDescription then 'ChargeDescription' end,
            case when unit is distinct from ConsumedUnit then 'ConsumedUnit' end
        ),
        ''
    ) as x_Repairs
from told
order by source, x_line, target
