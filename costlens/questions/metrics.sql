-- What a product is measured by: each high-level metric, and under it those that are worked on for it,
-- with the first and the last value of the window. `moved` says whether it became better or worse.
-- Grain: one row per metric, in the order of the catalogue.
-- Reads: metrics. Takes: $target, the product; $first and $after, the months.
with read as (
    select
        place,
        min(month) as first_month,
        max(month) as last_month,
        arg_min(value, month) as was,
        arg_max(value, month) as value
    from metrics
    where product = $target and month >= $first and month < $after
    group by place
)

select
    m.metric,
    m.under,
    m.of,
    r.value,
    m.unit,
    m.goal,
    case
        when m.goal is null or r.value is null then null
        when m.better = 'less' then r.value <= m.goal
        else r.value >= m.goal
    end as is_reached,
    r.was,
    r.first_month,
    r.last_month,
    case
        when r.first_month = r.last_month then null
        when r.value = r.was then 'same'
        when (r.value > r.was) = (m.better = 'more') then 'better'
        when r.value is not null then 'worse'
    end as moved
from metrics as m
left join read as r on m.place = r.place
where m.product = $target and m.month is null
order by m.place
