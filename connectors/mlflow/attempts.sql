-- connectors/mlflow/attempts.sql
-- Runs as tries. Grain: one row per run, deleted ones too: their time was paid.
-- Reads: runs, experiments, tags, latest_metrics.
with named as (
    -- Tags are spelled in many ways: airflow.dag_id, AIRFLOW_CTX_DAG_ID, dag_id.
    select
        run_uuid,
        key,
        words(value) as value,
        regexp_replace(lower(key), '[^a-z0-9]+', '_', 'g') as plain
    from tags
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
    select run_uuid, max(quantity(value)) as seconds
    from latest_metrics
    where key = 'feast.materialize.duration_sec'
    group by run_uuid
),

timed as (
    select
        run_uuid,
        x_line,
        experiment_id,
        status,
        name,
        user_id,
        lifecycle_stage,
        make_timestamp(whole(start_time) * 1000) as opened,
        make_timestamp(whole(end_time) * 1000) as stop
    from runs
)

select
    r.x_line,
    coalesce(words(e.name), r.experiment_id) as pipeline,
    r.run_uuid as run,
    -- Feast opens a run of its own for each of its operations.
    coalesce(t.operation, 'run') as part,
    1 as try,
    coalesce(
        t.parent, t.outside, t.dag_id || '/' || t.dag_run_id || coalesce('/' || t.task_id, '')
    ) as parent,
    words(r.status) as state,
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
            'experiment', words(e.name),
            'run_name', words(r.name),
            'user', words(r.user_id),
            'lifecycle_stage', words(r.lifecycle_stage)
        )
    )::varchar as tags
from timed as r
left join experiments as e on r.experiment_id = e.experiment_id
left join told as t on r.run_uuid = t.run_uuid
left join labels as l on r.run_uuid = l.run_uuid
left join took as d on r.run_uuid = d.run_uuid
