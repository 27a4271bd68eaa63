-- connectors/glue/control.sql
-- How many runs the source holds: the different ids that began. Grain: one row per month.
-- Reads: job_runs.
select
    'attempts' as makes,
    strftime(month, '%Y-%m') as period,
    count(*)::bigint as rows
from (
    select Id, date_trunc('month', max(instant(StartedOn))) as month
    from job_runs
    group by Id
) as runs
where month is not null
group by month
order by period
