-- connectors/mlflow/attempts.sql
-- Runs as tries. Grain: one row per run, deleted ones too: their time was paid.
-- Reads: runs, experiments, tags, latest_metrics.
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
all_runs as (
    select *
    from timed
    qualify row_number() over (partition by run_uuid order by stop desc nulls last, x_line) = 1
),

all_tags as (
    select run_uuid, key, max(words(value)) as value
    from (
        select run_uuid, key, value from tags
        union all
        select
            run_uuid,
            unnest(json_keys(run_tags)),
            unnest(json_extract_string(run_tags, '$.*'))
        from runs
    )
    group by run_uuid, key
),

named as (
    -- Tags are spelled in many ways: airflow.dag_id, AIRFLOW_CTX_DAG_ID, dag_id.
    select
        run_uuid,
        key,
        value,
        regexp_replace(lower(key), '[^a-z0-9]+', '_', 'g') as plain
    from all_tags
),

told as (
    select
        run_uuid,
        max(value) filter (key = 'mlflow.parentRunId') as parent,
        max(value) filter (plain = 'costlens_parent') as outside,
        coalesce(
            max(value) filter (plain = 'airflow_ctx_dag_id'),
            max(value) filter (plain = 'airflow_dag_id'),
            max(value) filter (plain = 'dag_id')
        ) as dag_id,
        coalesce(
            max(value) filter (plain = 'airflow_ctx_dag_run_id'),
            max(value) filter (plain = 'airflow_dag_run_id'),
            max(value) filter (plain = 'airflow_run_id'),
            max(value) filter (plain = 'dag_run_id')
        ) as dag_run_id,
        coalesce(
            max(value) filter (plain = 'airflow_ctx_task_id'),
            max(value) filter (plain = 'airflow_task_id'),
            max(value) filter (plain = 'task_id')
        ) as task_id,
        max(value) filter (key = 'feast.operation') as operation,
        max(value) filter (key = 'mlflow.runName') as run_name,
        max(value) filter (key = 'mlflow.user') as user_id,
        coalesce(
            max(value) filter (plain = 'costlens_resource_id'),
            max(value) filter (plain = 'resource_id'),
            max(value) filter (plain = 'sagemaker_training_job_arn'),
            max(value) filter (plain = 'sagemaker_job_arn'),
            max(value) filter (plain = 'mlflow_databricks_cluster_id'),
            max(value) filter (plain = 'cluster_id')
        ) as resource_id
    from named
    group by run_uuid
),

labels as (
    select
        run_uuid,
        to_json(map_from_entries(list({'k': key, 'v': value} order by key))) as tags
    from named
    where
        value is not null
        and not starts_with(key, 'feast.')
        and key not in ('mlflow.log-model.history', 'mlflow.note.content', 'mlflow.source.git.diff')
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
        from all_runs
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
    coalesce(e.name, r.experiment_id) as pipeline,
    r.run_uuid as run,
    -- Feast opens a run of its own for each of its operations.
    coalesce(t.operation, 'run') as part,
    1 as try,
    coalesce(
        t.parent, t.outside, t.dag_id || '/' || t.dag_run_id || coalesce('/' || t.task_id, '')
    ) as parent,
    r.status as state,
    -- Feast opens the run when the work is done.
    case
        when t.operation = 'materialize' and d.seconds is not null and r.stop is not null
            then r.stop - to_microseconds((d.seconds * 1000000)::bigint)
        else r.opened
    end as start,
    r.stop,
    t.resource_id,
    json_merge_patch(
        coalesce(l.tags, '{}')::json,
        json_object(
            'experiment', e.name,
            'run_name', coalesce(r.name, t.run_name),
            'user', coalesce(r.user_id, t.user_id),
            'lifecycle_stage', r.lifecycle_stage
        )
    )::varchar as tags
from all_runs as r
left join kinds as e on r.experiment_id = e.experiment_id
left join told as t on r.run_uuid = t.run_uuid
left join labels as l on r.run_uuid = l.run_uuid
left join took as d on r.run_uuid = d.run_uuid
