-- connectors/airflow/control.sql
-- How many tries the source holds: the different starts of each task.
-- Grain: one row per month. Reads: task_instance, task_instance_history, task_fail.
with starts as (
    select dag_id, run_id, task_id, greatest(whole(map_index), -1) as map_index, utc(start_date) as start
    from task_instance
    union
    select dag_id, run_id, task_id, greatest(whole(map_index), -1), utc(start_date)
    from task_instance_history
    union
    select dag_id, run_id, task_id, greatest(whole(map_index), -1), utc(start_date)
    from task_fail
)

select
    'attempts' as makes,
    strftime(date_trunc('month', start), '%Y-%m') as period,
    count(*)::bigint as rows
from starts
where start is not null
group by date_trunc('month', start)
order by period
