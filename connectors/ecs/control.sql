-- connectors/ecs/control.sql
-- How many tasks began. Grain: one row per month. Reads: tasks.
select 'attempts' as makes, strftime(month, '%Y-%m') as period, count(*)::bigint as rows
from (
    select date_trunc('month', min(instant(startedAt))) as month
    from tasks
    group by taskArn
) as began
where month is not null
group by month
order by period
