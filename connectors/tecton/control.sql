-- connectors/tecton/control.sql
-- How many tries the jobs had, and how many jobs there are. Grain: one row per table made and month.
-- Reads: tries.
with once as (
    select min(instant(created_at)) as start, [job, feature_view] as job
    from tries
    group by [job, feature_view], coalesce(words(id), words(created_at))
)

select 'attempts' as makes, strftime(start, '%Y-%m') as period, count(*)::bigint as rows
from once
group by period
union all
select 'outputs' as makes, strftime(start, '%Y-%m') as period, count(*)::bigint as rows
from (select min(start) as start from once group by job)
group by period
order by makes, period
