-- connectors/mlflow/all_runs.sql
-- The runs, with what their tags say of their place. Grain: one row per run.
-- Reads: runs, experiments, latest_metrics, all_tags.
with timed as (
    select
        x_line,
        run_uuid,
        experiment_id,
        words(status) as status,
        words(name) as name,
        words(user_id) as user_id,
        words(lifecycle_stage) as lifecycle_stage,
        instant(start_time) as opened,
        instant(end_time) as stop,
        quantity(feast_seconds) as feast_s
    from runs
),

-- A page of REST that stands twice tells nothing twice: of a run counts what has an end.
kept as (
    select *
    from timed
    qualify row_number() over (partition by run_uuid order by stop desc nulls last, x_line) = 1
),

told as (
    select
        run_uuid,
        max(value) filter (key = 'mlflow.parentRunId') as parent,
        max(value) filter (key = 'feast.operation') as operation
    from all_tags
    group by run_uuid
),

took as (
    select run_uuid, max(seconds) as seconds
    from (
        select run_uuid, quantity(value) as seconds
        from latest_metrics
        where key = 'feast.materialize.duration_sec'
        union all
        select run_uuid, feast_s
        from kept
    )
    group by run_uuid
),

kinds as (
    select experiment_id, max(words(name)) as name
    from experiments
    group by experiment_id
)

select
    r.x_line,
    r.run_uuid,
    r.experiment_id,
    e.name as experiment,
    coalesce(e.name, r.experiment_id) as pipeline,
    r.status,
    r.name,
    r.user_id,
    r.lifecycle_stage,
    t.parent,
    t.operation,
    -- Feast opens the run when the work is done.
    case
        when t.operation = 'materialize' and d.seconds is not null and r.stop is not null
            then r.stop - to_microseconds((d.seconds * 1000000)::bigint)
        else r.opened
    end as start,
    r.stop
from kept as r
left join told as t on r.run_uuid = t.run_uuid
left join took as d on r.run_uuid = d.run_uuid
left join kinds as e on r.experiment_id = e.experiment_id
