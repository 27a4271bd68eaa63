-- connectors/kubeflow/attempts.sql
-- Tasks of runs that are not made of other tasks: the rest only holds these. One named for what it
-- does for Kubeflow takes the name of the task that holds it. A task that was skipped, as one whose
-- result was at hand, took nothing.
-- Grain: one row per (run, task). Reads: tasks.
with told as (
    select
        x_line,
        words(run_id) as run_id,
        words(task_id) as task_id,
        words(display_name) as shown,
        words(parent_task_id) as parent_task,
        upper(words(state)) as state,
        instant(start_time) as start,
        instant(end_time) as ended,
        words(pod_name) as pod,
        words(run_name) as run_name,
        words(pipeline_id) as pipeline_id,
        words(recurring_run_name) as recurring_name,
        words(recurring_run_id) as recurring_id,
        words(experiment_id) as experiment_id
    from tasks
),

-- A run that stands in two answers is as the later one says.
known as (
    select *
    from told
    where task_id is not null
    qualify
        row_number() over (partition by run_id, task_id order by ended desc nulls last, x_line) = 1
),

leaves as (
    select k.*, h.shown as holder
    from known as k
    left join known as h
        on k.run_id is not distinct from h.run_id and k.parent_task = h.task_id
    where
        k.start >= timestamp '1970-01-02'  -- what never began has the zero of its clock
        and not exists (
            select 1
            from known as c
            where c.run_id is not distinct from k.run_id and c.parent_task = k.task_id
        )
),

-- The times of what has not ended are the same zero.
named as (
    select
        *,
        case when ended >= start then ended end as stop,
        case
            when shown in ('executor', 'driver', 'system-container-executor', 'system-container-driver')
                then coalesce(holder, shown)
            else regexp_replace(shown, '\(\d+(:.*)?\)$', '')
        end as part
    from leaves
)

select
    x_line,
    coalesce(recurring_name, pipeline_id, run_name, run_id) as pipeline,
    run_id as run,
    part,
    case
        when count(*) over same_part > 1 then row_number() over (same_part order by start, task_id) - 1
    end::int as slice,
    1 as try,
    case state
        when 'SKIPPED' then 'cached'
        when 'PAUSED' then 'running'
        when 'RUNTIMESTATE_UNSPECIFIED' then null
        else state
    end as state,
    start,
    stop,
    json_merge_patch(
        '{}'::json,
        json_object(
            'run_name', run_name,
            'pipeline_id', pipeline_id,
            'recurring_run', recurring_id,
            'experiment_id', experiment_id,
            'task_id', task_id,
            'pod', pod
        )
    )::varchar as tags
from named
window same_part as (partition by run_id, part)
