-- What every month, quarter and year has cost and will have: a coming day costs what a day of the last
-- four weeks did. The newest day of a month that is not over still fills, and counts as coming.
-- Grain: one row per (node, per, period), of the whole bill and those of a kind: $by is team, product, model,
-- feature, or budget for all that have one. Reads: daily_costs and spans, both kept; stage_costs, budgets.
-- Takes: $by; $currency.
with newest as (
    select billing_period as month, max(day) as last_day, min(day) as first_day
    from stage_costs
    group by billing_period
    qualify billing_period = max(billing_period) over ()
),

bounds as (
    select
        (select min(billing_period || '-01')::date from stage_costs) as billed_from,
        -- The first day that is not known whole.
        case
            when last_day < last_day((month || '-01')::date)
                then greatest(last_day, (month || '-01')::date)
            else (last_day((month || '-01')::date) + interval 1 day)::date
        end as next_day
    from newest
),

-- Days since the first cost of all, 28 at most, and no fewer than 7.
known as (
    select
        *,
        least(28, next_day - (select min(day) from daily_costs)) as days
    from bounds
),

nodes as (
    select distinct node
    from daily_costs
    where
        node = 'bill'
        or node like $by || ':%'
        or ($by = 'budget' and node in (select node from budgets))
),

recent as (
    select d.node, sum(d.value)::hugeint as value
    from daily_costs as d
    semi join nodes as n on d.node = n.node
    cross join known as k
    where d.day < k.next_day and d.day >= k.next_day - k.days::integer
    group by d.node
),

-- A month's correction of an old day belongs to the month that billed it.
spent as (
    select
        d.node,
        s.per,
        s.period,
        sum(d.value) filter (d.day < k.next_day)::hugeint as value
    from daily_costs as d
    semi join nodes as n on d.node = n.node
    cross join known as k
    inner join spans as s
        on (d.month || '-01')::date >= s.starts and (d.month || '-01')::date < s.stops
    group by d.node, s.per, s.period
),

counted as (
    select
        n.node,
        s.per,
        s.period,
        s.starts,
        s.stops,
        k.next_day,
        k.days,
        coalesce(p.value, 0) as so_far,
        case
            when s.stops <= k.next_day then 0
            when k.days >= 7
                then coalesce(r.value, 0) * (s.stops - greatest(k.next_day, s.starts)) // k.days
        end as to_come,
        case
            when s.starts > k.billed_from
                then coalesce(lag(p.value) over (partition by n.node, s.per order by s.starts), 0)
        end as before,
        lag(s.stops <= k.next_day and s.starts >= k.billed_from) over (
            partition by n.node, s.per order by s.starts
        ) as before_is_known,
        s.starts >= k.billed_from as is_known_whole
    from nodes as n
    cross join known as k
    cross join spans as s
    left join spent as p on n.node = p.node and s.per = p.per and s.period = p.period
    left join recent as r on n.node = r.node
)

select
    node,
    per,
    period,
    starts,
    stops,
    next_day,
    days,
    is_known_whole,
    converted(so_far) as so_far,
    converted(to_come) as to_come,
    converted(so_far + to_come) as forecast,
    case when before_is_known then converted(before) end as before,
    $currency as currency
from counted
