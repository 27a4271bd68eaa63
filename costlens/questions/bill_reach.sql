-- How far each source's bill of a month reaches; null where a source that was billed the month before has
-- none. Grain: one row per source. Reads: loads. Takes: $month.
with current_bills as (
    select source, period, max(last_day) as last_day
    from loads
    where makes = 'charges' and superseded_by is null
    group by all
)

select source, any_value(last_day) filter (period = $month) as last_day
from current_bills
where period = $month or period = strftime(($month || '-01')::date - interval 1 month, '%Y-%m')
group by source
order by source
