-- What the stages of each need-set of a level cost, and who needs them: of sets whose members all have a
-- benefit in money. Grain: one row per need-set. `cost` is in units times units of the rate: exact in the
-- one currency that rates convert to.
-- Reads: member_benefits, which is kept before; stage_costs, shares, rates. Takes: $level; $basis; $start, $stop, $first and $after, the window.
with set_costs as (
    select
        set_of($level, feature_set, model_set, product_set) as need_set,
        billing_period,
        currency,
        sum_in($basis, billed, effective) as value
    from stage_costs
    where
        day >= $start and day < $stop
        and billing_period >= $first and billing_period < $after
    group by all
),

members as (
    select need_set, list(distinct target order by target) as members
    from shares
    where level = $level
    group by need_set
    having bool_and(target in (select name from member_benefits))
)

select m.members, sum(c.value * r.rate)::hugeint as cost
from set_costs as c
inner join members as m on c.need_set = m.need_set
inner join rates as r on c.billing_period = r.month and c.currency = r.currency
group by m.members
order by m.members
