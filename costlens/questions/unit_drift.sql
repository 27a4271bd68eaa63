-- What a thousand of what a target serves cost in the last four weeks, and in the four weeks before.
-- Grain: one row per (node, measure) that both windows know. Reads: daily_costs and forecasts, both
-- kept; activity. Takes: $drift, $least, $currency.
with bounds as (
    select any_value(next_day) as next_day
    from forecasts
),

served as (
    select
        a.target as node,
        a.measure,
        sum(a.quantity) filter (a.hour >= b.next_day - 28)::decimal(38, 6) as now,
        sum(a.quantity) filter (a.hour < b.next_day - 28)::decimal(38, 6) as before
    from activity as a
    cross join bounds as b
    where a.hour < b.next_day and a.hour >= b.next_day - 56 and a.measure in ('requests', 'predictions')
    group by a.target, a.measure
),

cost as (
    select
        d.node,
        sum(d.value) filter (d.day >= b.next_day - 28)::hugeint as now,
        sum(d.value) filter (d.day < b.next_day - 28)::hugeint as before
    from daily_costs as d
    cross join bounds as b
    where d.day < b.next_day and d.day >= b.next_day - 56
    group by d.node
),

priced as (
    select
        c.node,
        s.measure,
        quotient(converted(c.now * 1000), s.now::decimal(38, 12)) as amount,
        quotient(converted(c.before * 1000), s.before::decimal(38, 12)) as expected,
        converted(c.now) as cost
    from cost as c
    inner join served as s on c.node = s.node
)

select
    node,
    measure,
    amount,
    expected,
    amount - expected as change,
    ratio(amount - expected, expected) as change_share,
    $currency as currency
from priced
where
    expected > 0
    and abs(amount - expected) > expected * $drift::decimal(9, 4)
    and cost >= $least::decimal(38, 12)
order by abs(change_share) desc, node, measure
