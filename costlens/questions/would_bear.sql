-- What each target of a level, or each team for what it owns, would bear once some are gone; what stops then is no need that nobody has,
-- and is taken out of `(unneeded)`. Grain: one row per (target, month, currency). Reads: ledger, placements,
-- stage_costs and stopped of the split that was just made. Takes: $level; $basis; $start, $stop, $first and $after.
with stops as (
    select p.billing_period, p.day, p.currency, p.billed, p.effective
    from temp.placements as p
    semi join stopped as s on p.node = s.node and p.day = s.day
),

borne as (
    select target, billing_period, day, currency, billed, effective
    from temp.ledger
    where level = $level
    union all
    select
        case when outcome = 'allocated' then coalesce(owner, '(no owner)') else '(' || outcome || ')' end,
        billing_period,
        day,
        currency,
        billed,
        effective
    from temp.stage_costs
    where $level = 'team'
    union all
    select '(stopped)', * from stops
    union all
    select '(unneeded)', * replace (-billed as billed, -effective as effective) from stops
)

select
    target,
    billing_period as month,
    currency,
    sum_in($basis, billed, effective) as value
from borne
where
    day >= $start and day < $stop
    and billing_period >= $first and billing_period < $after
group by all
