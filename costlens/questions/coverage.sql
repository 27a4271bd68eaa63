-- How well each number is known: its cost by grade of evidence, and what of it is convention: what would
-- not be saved if it alone went, and is shared out by a rule. A bill is graded as far as its stages.
-- Grain: one row per (name, currency); "(all targets)" are all of the level together, "(all bills)" all bills.
-- Reads: ledger, stage_costs, shares, rates. Takes: $level, also bill; $basis; $start, $stop, $first
-- and $after, the window.
with graded as (
    select
        target as name,
        grade,
        billing_period,
        currency,
        sum_in($basis, billed, effective) as value
    from ledger
    where
        level = $level and day >= $start and day < $stop
        and billing_period >= $first and billing_period < $after
    group by all
    union all
    select
        source || ' ' || billing_period as name,
        grade,
        billing_period,
        currency,
        sum_in($basis, billed, effective) as value
    from stage_costs
    where
        $level = 'bill' and day >= $start and day < $stop
        and billing_period >= $first and billing_period < $after
    group by all
),

priced as (
    select g.name, r.to_currency as currency, g.grade, sum(g.value * r.rate) as value
    from graded as g
    inner join rates as r on g.billing_period = r.month and g.currency = r.currency
    group by all
),

set_costs as (
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

avoided as (
    select s.target as name, r.to_currency as currency, sum(c.value * r.rate) as value
    from set_costs as c
    inner join (select distinct need_set, target from shares where level = $level and members = 1) as s
        on c.need_set = s.need_set
    inner join rates as r on c.billing_period = r.month and c.currency = r.currency
    group by all
),

figures as (
    select
        p.name,
        p.currency,
        sum(p.value) as cost,
        coalesce(sum(p.value) filter (p.grade = 'A'), 0) as direct,
        coalesce(sum(p.value) filter (p.grade = 'B'), 0) as measured,
        coalesce(sum(p.value) filter (p.grade = 'C'), 0) as modelled,
        coalesce(sum(p.value) filter (p.grade = 'D'), 0) as declared,
        coalesce(sum(p.value) filter (p.grade = 'E'), 0) as even,
        coalesce(sum(p.value) filter (p.grade = 'U'), 0) as unallocated,
        case when $level <> 'bill' and p.name not like '(%' then coalesce(any_value(a.value), 0) end
            as avoidable
    from priced as p
    left join avoided as a on p.name = a.name and p.currency = a.currency
    group by p.name, p.currency
),

summed as (
    select * from figures
    union all
    select
        case $level when 'bill' then '(all bills)' else '(all targets)' end as name,
        currency,
        sum(cost),
        sum(direct),
        sum(measured),
        sum(modelled),
        sum(declared),
        sum(even),
        sum(unallocated),
        sum(avoidable)
    from figures
    where $level = 'bill' or name not like '(%'
    group by currency
    having count(*) > 1
)

select
    name,
    currency,
    converted(cost) as cost,
    converted(direct) as direct,
    converted(measured) as measured,
    converted(modelled) as modelled,
    converted(declared) as declared,
    converted(even) as even,
    converted(unallocated) as unallocated,
    ratio(converted(direct + measured), converted(cost)) as measured_share,
    converted(cost - avoidable) as convention,
    ratio(converted(cost - avoidable), converted(cost)) as convention_share
from summed
order by currency, name like '(all %', name like '(%', cost desc, name
