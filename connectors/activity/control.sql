-- connectors/activity/control.sql
-- How many rows the source holds. Grain: one row per month.
-- Reads: source.
with hours as (
    select distinct
        words(consumer) as consumer,
        words(target) as target,
        date_trunc('hour', utc("hour")) as hour,
        lower(words(measure)) as measure
    from source
)

select
    strftime(hour, '%Y-%m') as period,
    count(*) as rows
from hours
group by period
order by period
