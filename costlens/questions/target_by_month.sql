-- What a target cost each month: stages that it alone needs (own), its part of stages that others
-- need too (shared), and failed, killed or repeated work (waste). They add up to `allocated`.
-- Grain: one row per (month, currency). Reads: ledger, shares, stage_costs, rates.
-- Takes: $level, $target; $basis; $start, $stop, $first and $after, the window.
with borne as (
    select
        billing_period,
        currency,
        sum_in($basis, billed, effective) as value,
        units(
            coalesce(
                sum(case $basis when 'billed' then billed else effective end)
                    filter (class = 'waste'),
                0
            )::decimal(38, 12)
        ) as waste
    from ledger
    where
        level = $level and target = $target
        and day >= $start and day < $stop
        and billing_period >= $first and billing_period < $after
    group by all
),

alone as (
    select distinct need_set
    from shares
    where level = $level and target = $target and members = 1
),

own as (
    select
        billing_period,
        currency,
        sum_in($basis, billed, effective) as value
    from stage_costs
    where
        class <> 'waste'
        and set_of($level, feature_set, model_set, product_set) in (select need_set from alone)
        and day >= $start and day < $stop
        and billing_period >= $first and billing_period < $after
    group by all
),

priced as (
    select
        b.billing_period as month,
        r.to_currency as currency,
        converted(sum(b.value * r.rate)) as allocated,
        converted(sum(b.waste * r.rate)) as waste,
        converted(coalesce(sum(o.value * r.rate), 0)) as own
    from borne as b
    left join own as o on b.billing_period = o.billing_period and b.currency = o.currency
    inner join rates as r on b.billing_period = r.month and b.currency = r.currency
    group by all
)

select month, own, allocated - waste - own as shared, waste, allocated, currency
from priced
order by month, currency
