-- connectors/kubeflow/control.sql
-- How many tasks began that hold no others. Grain: one row per month. Reads: tasks.
with once as (
    select
        run_id,
        task_id,
        max_by(instant(start_time), (coalesce(instant(end_time), timestamp '1970-01-01'), -x_line)) as start
    from tasks
    where words(task_id) is not null
    group by run_id, task_id
)

select strftime(start, '%Y-%m') as period, count(*)::bigint as rows
from once
where
    start >= timestamp '1970-01-02'
    and (coalesce(run_id, ''), task_id) not in (
        select (coalesce(run_id, ''), parent_task_id) from tasks where words(parent_task_id) is not null
    )
group by period
order by period
