-- connectors/spark/applications.sql
-- The applications: what their logs say of them, and from when to when they ran.
-- Grain: one row per log of one try of an application. Reads: source, one event a line.
with applications as (
    select
        x_log,
        min(x_line) as x_line,
        max(x_line) as last_line,
        max(app_name) as app_name,
        max(app_id) as app_id,
        max(app_attempt) as app_attempt,
        max(app_user) as app_user,
        arg_max(properties, x_line) as properties,
        max(resource_id) as resource_id,
        max(split_by) as split_by,
        min(whole(moment)) filter (event = 'SparkListenerApplicationStart') as said_start,
        max(whole(moment)) filter (event = 'SparkListenerApplicationEnd') as said_stop,
        least(min(whole(job_start)), min(whole(launch))) as first_ms,
        greatest(max(whole(job_start)), max(whole(job_stop)), max(whole(finish))) as last_ms
    from source
    group by x_log
),

windows as (
    select
        *,
        regexp_extract(x_log, '([^/]+)$', 1) as log,
        coalesce(said_start, first_ms) as start_ms,
        greatest(
            coalesce(said_start, first_ms),
            case when said_stop >= coalesce(said_start, first_ms) then said_stop else last_ms end
        ) as stop_ms,
        json_extract_string(properties, '$."spark.app.name"') as set_name,
        json_extract_string(properties, '$."spark.app.id"') as set_id,
        json_extract_string(properties, '$."spark.app.attempt.id"') as set_attempt,
        json_extract_string(properties, '$."spark.task.cpus"') as cpus,
        json_extract_string(properties, '$."spark.costlens.resource_id"') as set_resource,
        json_extract_string(properties, '$."spark.databricks.clusterUsageTags.clusterId"')
            as databricks_cluster,
        json_extract_string(properties, '$."spark.databricks.clusterUsageTags.clusterName"')
            as databricks_name,
        json_extract_string(properties, '$."spark.databricks.clusterUsageTags.clusterAllTags"')
            as databricks_tags,
        json_extract_string(properties, '$."spark.yarn.tags"') as yarn_tags,
        json_extract_string(properties, '$."spark.yarn.queue"') as yarn_queue,
        json_extract_string(properties, '$."spark.costlens.parent"') as set_parent,
        json_extract_string(properties, '$."spark.openlineage.parentJobName"') as parent_job,
        json_extract_string(properties, '$."spark.openlineage.parentRunId"') as parent_run
    from applications
)

select
    *,
    coalesce(words(app_name), words(set_name), words(app_id), words(set_id), log) as pipeline,
    coalesce(words(app_id), words(set_id), log) as run,
    coalesce(try_cast(app_attempt as integer), try_cast(set_attempt as integer), 1) as number,
    coalesce(try_cast(cpus as integer), 1) as task_cores,
    coalesce(
        words(resource_id),
        words(set_resource),
        words(databricks_cluster),
        nullif(regexp_extract(x_log, '(?:^|/)(j-[0-9A-Z]{8,})(?:/|$)', 1), '')
    ) as place,
    coalesce(set_parent, parent_job || '/' || parent_run) as parent
from windows
