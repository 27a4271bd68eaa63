-- Days that cost much more or less than those before them: further from the middle of the 28 days before
-- than $factor times the usual distance (the median distance, times 1.4826), by a fifth of that middle,
-- and by $least in money; and not as a day did that lies a month before, give or take two days.
-- Grain: one row per (node, day), of the last $days whole days, of the whole bill and what is of $level.
-- Reads: daily_costs and forecasts, both kept. Takes: $level; $days, $factor, $least, $currency.
with bounds as (
    select any_value(next_day) as next_day, (select min(day) from daily_costs) as first_day
    from forecasts
),

by_day as (
    select node, day, sum(value)::hugeint as value
    from daily_costs
    where node = 'bill' or node like $level || ':%'
    group by node, day
),

-- Every day of every node: without cost it cost nothing.
dense as (
    select n.node, d.day::date as day, coalesce(c.value, 0)::hugeint as value
    from (select distinct node from by_day) as n
    cross join bounds as b
    cross join lateral (
        select
            unnest(
                generate_series(
                    greatest(b.first_day, b.next_day - $days::integer - 61)::timestamp,
                    b.next_day - interval 1 day,
                    interval 1 day
                )
            ) as day
    ) as d
    left join by_day as c on n.node = c.node and d.day::date = c.day
),

beside as (
    select
        node,
        day,
        value,
        list(value) over near as near,
        max(value) over month_before as most_before,
        min(value) over month_before as least_before
    from dense
    window
        near as (partition by node order by day range between interval 28 day preceding and interval 1 day preceding),
        month_before as (
            partition by node order by day
            range between interval 33 day preceding and interval 26 day preceding
        )
),

middles as (
    select *, list_sort(near)[len(near) // 2 + 1] as middle
    from beside
    cross join bounds as b
    where day >= b.next_day - $days::integer and len(near) >= 14
),

distances as (
    select
        *,
        list_sort(list_transform(near, lambda v: abs(v - middle)))[len(near) // 2 + 1] as usual
    from middles
)

select
    node,
    day,
    converted(value) as amount,
    converted(middle) as expected,
    converted(value - middle) as change,
    ratio(converted(value - middle), converted(middle)) as change_share,
    $currency as currency
from distances
where
    abs(value - middle) * 10000 > (usual * 14826 * $factor::decimal(9, 2))
    and abs(value - middle) * 5 > abs(middle)
    and abs(converted(value - middle)) >= $least::decimal(38, 12)
    and not (value > middle and value * 4 <= coalesce(most_before, 0) * 5)
    and not (value < middle and value * 4 >= coalesce(least_before, value * 4 + 1) * 5)
order by abs(change) desc, node, day
