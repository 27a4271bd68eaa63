-- What this month, the rest of its quarter, and the quarter will have cost. Grain: one row per (name,
-- period), the whole bill first. Reads: forecasts, kept. Takes: $by, one of bill, team, product, model
-- and feature.
with asked as (
    select
        case when node = 'bill' then '(whole bill)' else substr(node, strpos(node, ':') + 1) end as name,
        *
    from forecasts
    where
        (node = $by or node like $by || ':%')
        and per in ('month', 'quarter')
        and stops > next_day
        and starts < date_trunc('quarter', next_day) + interval 3 month
)

select
    name,
    period,
    so_far,
    to_come,
    forecast,
    before,
    forecast - before as change,
    ratio(forecast - before, before) as change_share,
    currency,
    days as from_days
from asked
where so_far <> 0 or forecast <> 0 or forecast is null
order by
    name like '(%' and name <> '(whole bill)',
    max(forecast) over (partition by name) desc nulls last,
    name,
    stops - starts,
    starts
