-- connectors/airflow/control.sql
-- How many tries the source holds, the different starts of each task, and how many tables its tasks
-- made. Grain: one row per table made and month.
-- Reads: task_instance, task_instance_history, task_fail, asset_event, asset.
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
union all
select
    'outputs' as makes,
    strftime(utc(e."timestamp"), '%Y-%m') as period,
    count(
        distinct [
            e.source_dag_id,
            e.source_run_id,
            e.source_task_id,
            coalesce(words(e.uri), (select min(words(a.uri)) from asset as a where a.id = e.asset_id))
        ]
    )::bigint as rows
from asset_event as e
where
    words(e.source_task_id) is not null
    and coalesce(words(e.uri), (select min(words(a.uri)) from asset as a where a.id = e.asset_id))
    is not null
group by strftime(utc(e."timestamp"), '%Y-%m')
order by makes, period
