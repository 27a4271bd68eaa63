-- costlens/ingest/checks/oddities.sql
-- What is odd in the charges of one load but may be right, and the commitments that were not used
-- up. Grain: one row per oddity and currency, then one per commitment and currency, dearest first.
-- Reads: charges. Takes: $source and $period, the load.
with judged as (
    select
        BilledCost,
        EffectiveCost,
        BillingCurrency,
        ContractedCost,
        CommitmentDiscountId,
        x_class,
        ChargeCategory,
        case
            when
                ChargeCategory is distinct from 'Usage'
                or x_class <> 'work'
                or ChargeClass is not distinct from 'Correction'
                then null
            when (BilledCost < 0 or EffectiveCost < 0)
                and not regexp_matches(
                    lower(concat_ws(' ', ChargeDescription, x_usage_type)),
                    'discount|credit|refund|rebate'
                )
                then 'negative_usage'
            when ConsumedQuantity = 0 and (BilledCost <> 0 or EffectiveCost <> 0)
                then 'cost_without_quantity'
        end as odd
    from charges
    where source = $source and billing_period = $period
),

gathered as (
    select
        odd,
        coalesce(
            CommitmentDiscountId, case when x_class = 'commitment_unused' then '(without an id)' end
        ) as commitment,
        x_class = 'commitment_unused' as is_unused,
        ChargeCategory,
        BillingCurrency as currency,
        count(*) as lines,
        sum(BilledCost) as billed,
        sum(EffectiveCost) as effective,
        sum(ContractedCost - EffectiveCost) as given_back
    from judged
    where odd is not null or commitment is not null
    group by all
),

-- Google gives a fee back as far as it was used: what is left of it is unused.
commitments as (
    select
        commitment,
        currency,
        sum(lines) as lines,
        coalesce(sum(billed) filter (ChargeCategory = 'Purchase'), 0) as billed,
        coalesce(sum(effective) filter (ChargeCategory = 'Usage' and not is_unused), 0)
        + coalesce(sum(given_back) filter (ChargeCategory = 'Purchase' and is_unused), 0)
            as effective,
        sum(effective) filter (is_unused) as unused
    from gathered
    where commitment is not null
    group by commitment, currency
)

select
    odd,
    null::varchar as commitment,
    currency,
    sum(lines)::bigint as lines,
    sum(billed)::decimal(38, 12) as billed,
    sum(effective)::decimal(38, 12) as effective,
    null::decimal(38, 12) as unused
from gathered
where odd is not null
group by odd, currency
union all
select
    'unused',
    commitment,
    currency,
    lines::bigint,
    billed::decimal(38, 12),
    effective::decimal(38, 12),
    unused::decimal(38, 12)
from commitments
where unused <> 0
order by odd, unused desc, commitment, currency
