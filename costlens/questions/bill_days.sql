-- The days for which there is a bill: calendar months that were billed, the last one to the last day
-- that a charge has. Grain: one row per month that the window touches; [start, stop) is its part of it.
-- Reads: loads. Takes: $start, $stop, $first and $after, the window: UTC days and billing periods.
with months as (
    select distinct period as month, (period || '-01')::date as first_day
    from loads
    where makes = 'charges' and superseded_by is null and period >= $first and period < $after
),

reach as (
    select max(last_day) as last_day
    from loads
    where makes = 'charges' and superseded_by is null
),

billed as (
    select
        m.month,
        m.first_day,
        greatest(m.first_day, $start) as start,
        least(last_day(m.first_day) + 1, r.last_day + 1, $stop) as stop
    from months as m
    cross join reach as r
)

select month, first_day, start, stop
from billed
where start < stop
order by month
