-- connectors/airflow/findings.sql
-- Tries that a source tells of by their number alone: what they took is missing.
-- Grain: one row, or none. Reads: task_instance, task_instance_history, task_fail.
with told as (
    select x_line, dag_id, run_id, task_id, map_index, whole(try_number) as number, utc(start_date) as start
    from task_instance
    union all
    select x_line, dag_id, run_id, task_id, map_index, whole(try_number), utc(start_date)
    from task_instance_history
    union all
    select x_line, dag_id, run_id, task_id, map_index, null, utc(start_date)
    from task_fail
),

starts as (
    select
        dag_id,
        run_id,
        task_id,
        coalesce(whole(map_index), -1) as map_index,
        start,
        max(number) as number,
        min(x_line) as x_line
    from told
    where start is not null
    group by dag_id, run_id, task_id, coalesce(whole(map_index), -1), start
),

tasks as (
    select dag_id, run_id, task_id, max(number) - count(*) as missing, min(x_line) as x_line
    from starts
    group by dag_id, run_id, task_id, map_index
)

select
    'warning' as severity,
    'missing_tries' as code,
    min(x_line) as x_line,
    sum(missing)::bigint || case sum(missing) when 1 then ' try of ' else ' tries of ' end
    || count(*) || case count(*) when 1 then ' task is' else ' tasks are' end
    || ' not there, such as of ' || arg_min(dag_id || '.' || task_id || ' in ' || run_id, x_line)
        as message,
    'deliver task_instance_history too, or of each such task /tries of the REST API' as hint
from tasks
where missing > 0
having count(*) > 0
