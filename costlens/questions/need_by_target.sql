-- What the stages cost that each target needs: for it alone, and with others. Grain: one row per name, and one
-- without a name, of all together. Amounts are in units times units of the rate: exact in the one currency that
-- rates convert to. Reads: stage_costs, shares, rates. Takes: $level; $basis; $start, $stop, $first
-- and $after, the window.
with costed as (
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

set_costs as (
    select c.need_set, sum(c.value * r.rate) as value
    from costed as c
    inner join rates as r on c.billing_period = r.month and c.currency = r.currency
    group by c.need_set
),

members as (
    select distinct need_set, target, members
    from shares
    where level = $level
)

select
    m.target as name,
    coalesce(sum(s.value) filter (m.members = 1), 0)::hugeint as alone,
    sum(s.value)::hugeint as needed
from set_costs as s
inner join members as m on s.need_set = m.need_set
group by m.target
union all
select null, 0, coalesce(sum(value), 0)::hugeint
from set_costs
where need_set in (select need_set from members)
order by name
