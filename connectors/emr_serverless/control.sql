-- connectors/emr_serverless/control.sql
-- How many attempts of job runs began. Grain: one row per month. Reads: job_runs.
select 'attempts' as makes, strftime(month, '%Y-%m') as period, count(*)::bigint as rows
from (
    select
        date_trunc(
            'month',
            coalesce(
                max_by(instant(startedAt), (endedAt is not null, x_line)),
                case when max(quantity(VcpuHours)) > 0 then max(instant(createdAt)) end
            )
        ) as month
    from job_runs
    group by jobRunId, coalesce(whole(attempt), 1)
) as began
where month is not null
group by month
order by period
