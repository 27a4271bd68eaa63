-- connectors/airflow/outputs.sql
-- Which tables tasks made: the assets whose events they sent.
-- Grain: one row per (run, task, asset, month). Reads: asset_event, asset.
-- `start` is not kept: it says to which month an output belongs.
with placed as (
    select id, min(words(uri)) as uri
    from asset
    group by id
),

told as (
    select
        e.x_line,
        e.source_dag_id,
        e.source_run_id,
        e.source_task_id,
        coalesce(words(e.uri), a.uri) as uri,
        utc(e."timestamp") as sent
    from asset_event as e
    left join placed as a on e.asset_id = a.id
    where words(e.source_task_id) is not null
)

select
    min(x_line) as x_line,
    source_dag_id as pipeline,
    source_run_id as run,
    source_task_id as part,
    'table:' || uri as target,
    'made' as measure,
    1 as quantity,
    min(sent) as start
from told
where uri is not null
group by source_dag_id, source_run_id, source_task_id, uri, date_trunc('month', sent)
