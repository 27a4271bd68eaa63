-- connectors/mlflow/attempts.sql
-- Runs as tries. Grain: one row per run, deleted ones too: their time was paid.
-- Reads: all_runs, all_tags.
with named as (
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
)

select
    r.x_line,
    r.pipeline,
    r.run_uuid as run,
    -- Feast opens a run of its own for each of its operations.
    coalesce(r.operation, 'run') as part,
    1 as try,
    coalesce(
        r.parent, t.outside, t.dag_id || '/' || t.dag_run_id || coalesce('/' || t.task_id, '')
    ) as parent,
    r.status as state,
    r.start,
    r.stop,
    t.resource_id,
    json_merge_patch(
        coalesce(l.tags, '{}')::json,
        json_object(
            'experiment', r.experiment,
            'run_name', coalesce(r.name, t.run_name),
            'user', coalesce(r.user_id, t.user_id),
            'lifecycle_stage', r.lifecycle_stage
        )
    )::varchar as tags
from all_runs as r
left join told as t on r.run_uuid = t.run_uuid
left join labels as l on r.run_uuid = l.run_uuid
