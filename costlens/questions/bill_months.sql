-- The months that were billed, and whether the bill reaches the last day. Grain: one row per month.
-- Reads: loads.
select
    period as month,
    min(first_day) as first_day,
    max(last_day) as last_day,
    max(last_day) >= last_day((period || '-01')::date) as complete
from loads
where makes = 'charges' and superseded_by is null
group by period
order by month
