-- connectors/batch/control.sql
-- How many attempts the source holds. Grain: one row per month. Reads: jobs.
with latest as (
    select
        jobId,
        max_by(status, (stoppedAt is not null, json_array_length(attempts), x_line)) as status,
        max_by(
            coalesce(attempts, eksAttempts, '[]'),
            (stoppedAt is not null, json_array_length(attempts), x_line)
        ) as tries,
        max(instant(startedAt)) as start,
        max(instant(stoppedAt)) as stop
    from jobs
    where contains(jobId, ':') or ArraySize is null
    group by jobId
),

starts as (
    select unnest(json_extract_string(tries, '$[*].startedAt')) as told
    from latest
)

select 'attempts' as makes, strftime(month, '%Y-%m') as period, count(*)::bigint as rows
from (
    select date_trunc('month', instant(told)) as month
    from starts
    union all
    select date_trunc('month', start)
    from latest
    where tries = '[]' or (stop is null and status in ('STARTING', 'RUNNING'))
) as began
where month is not null
group by month
order by period
