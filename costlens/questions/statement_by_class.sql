-- The statement's lines, split by class of charge.
-- Grain: one row per (source, period, currency, basis, class). Reads: stage_costs.
-- Takes: $start, $stop, $first and $after: billing periods that touch the window.
with went as (
    select source, billing_period as period, currency, class, outcome, 'billed' as basis, billed as amount
    from stage_costs
    union all
    select source, billing_period, currency, class, outcome, 'effective', effective
    from stage_costs
)

select
    source,
    period,
    currency,
    basis,
    class,
    sum(amount) as ingested,
    coalesce(sum(amount) filter (outcome = 'allocated'), 0) as allocated,
    coalesce(sum(amount) filter (outcome = 'idle'), 0) as idle,
    coalesce(sum(amount) filter (outcome = 'unmatched'), 0) as unmatched,
    coalesce(sum(amount) filter (outcome = 'unneeded'), 0) as unneeded,
    coalesce(sum(amount) filter (outcome = 'stranded'), 0) as stranded,
    coalesce(sum(amount) filter (outcome = 'excluded'), 0) as excluded
from went
where
    period || '-01' < strftime($stop::date, '%Y-%m-%d')
    and period >= strftime($start::date, '%Y-%m')
    and period >= $first
    and period < $after
group by all
order by source, period, currency, basis, class
