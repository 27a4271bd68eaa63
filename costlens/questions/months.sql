-- Which months there are bills for, and up to which day; a month is a billing period.
-- Grain: one row per month. Reads: stage_costs.
with seen as (
    select billing_period as month, min(day) as first_day, max(day) as last_day
    from stage_costs
    group by billing_period
)

select
    month,
    first_day,
    last_day,
    -- An earlier month is closed, whenever its last charge was.
    month = max(month) over () and last_day < last_day((month || '-01')::date) as is_partial
from seen
order by month
