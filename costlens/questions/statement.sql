-- Does it tie to the bill? Where all of each bill went, in both bases.
-- Grain: one row per (source, period, currency, basis). Reads: loads, stage_costs.
-- Takes: $start, $stop, $first and $after: billing periods that touch the window.
with bills as (
    select
        source,
        period,
        currency,
        sum(source_billed) as source_billed,
        sum(source_effective) as source_effective,
        sum(billed) as billed,
        sum(effective) as effective,
        sum(residual_billed) as residual_billed,
        sum(residual_effective) as residual_effective
    from loads
    where
        makes = 'charges'
        and superseded_by is null
        and period || '-01' < strftime($stop::date, '%Y-%m-%d')
        and period >= strftime($start::date, '%Y-%m')
        and period >= $first
        and period < $after
    group by all
),

went as (
    select
        source,
        billing_period as period,
        currency,
        outcome,
        sum(billed) as billed,
        sum(effective) as effective
    from stage_costs
    group by all
),

bases as (
    select
        source,
        period,
        currency,
        'billed' as basis,
        source_billed as source_total,
        billed as ingested,
        residual_billed as residual
    from bills
    union all
    select
        source,
        period,
        currency,
        'effective',
        source_effective,
        effective,
        residual_effective
    from bills
),

placed as (
    select
        b.*,
        coalesce(sum(w.amount) filter (w.outcome = 'allocated'), 0) as allocated,
        coalesce(sum(w.amount) filter (w.outcome = 'idle'), 0) as idle,
        coalesce(sum(w.amount) filter (w.outcome = 'unmatched'), 0) as unmatched,
        coalesce(sum(w.amount) filter (w.outcome = 'unneeded'), 0) as unneeded,
        coalesce(sum(w.amount) filter (w.outcome = 'stranded'), 0) as stranded,
        coalesce(sum(w.amount) filter (w.outcome = 'excluded'), 0) as excluded
    from bases as b
    left join (
        select source, period, currency, outcome, 'billed' as basis, billed as amount from went
        union all
        select source, period, currency, outcome, 'effective', effective from went
    ) as w
        on
            b.source = w.source
            and b.period = w.period
            and b.currency = w.currency
            and b.basis = w.basis
    group by all
)

select
    source,
    period,
    currency,
    basis,
    source_total,
    ingested,
    residual,
    allocated,
    idle,
    unmatched,
    unneeded,
    stranded,
    excluded,
    source_total - residual
    - (allocated + idle + unmatched + unneeded + stranded + excluded) as difference
from placed
order by source, period, currency, basis
