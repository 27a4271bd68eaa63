-- connectors/dbt/attempts.sql
-- What dbt ran, node by node. Its threads run side by side, so that the seconds of all nodes are
-- more than those of the invocation: they are weights of what the warehouse did meanwhile.
-- Grain: one row per (invocation, node). Reads: results, nodes.
with told as (
    select
        x_line,
        invocation_id,
        unique_id,
        words(status) as status,
        quantity(execution_time) as took_s,
        utc(generated_at) as generated,
        list_filter(
            json_extract_string(timing, '$[*].started_at'), lambda text: text is not null
        ) as starts,
        list_filter(
            json_extract_string(timing, '$[*].completed_at'), lambda text: text is not null
        ) as stops,
        words(thread_id) as thread_id,
        words(query_id) as query_id,
        words(job_id) as job_id,
        words(bytes_billed) as bytes_billed,
        words(bytes_processed) as bytes_processed,
        words(slot_ms) as slot_ms,
        words(command) as command,
        words(target) as target,
        coalesce(
            words(costlens_parent),
            words(dag_id) || '/' || words(dag_run_id) || coalesce('/' || words(task_id), '')
        ) as parent
    from results
    -- An artifact that was kept twice tells nothing twice.
    qualify row_number() over (partition by invocation_id, unique_id order by x_line) = 1
),

timed as (
    select
        *,
        list_min(list_transform(starts, lambda text: utc(text))) as first_start,
        list_max(list_transform(stops, lambda text: utc(text))) as last_stop
    from told
),

-- What failed before it began has no times of its own.
placed as (
    select
        *,
        coalesce(last_stop, generated) as stop,
        coalesce(
            first_start, coalesce(last_stop, generated) - to_microseconds((took_s * 1000000)::bigint)
        ) as start
    from timed
),

described as (
    select
        unique_id,
        arg_max(words(materialized), utc(generated_at)) as materialized,
        arg_max(array_to_string(listed(tags), ';'), utc(generated_at)) as tags
    from nodes
    group by unique_id
)

select
    p.x_line,
    split_part(p.unique_id, '.', 2) as pipeline,
    p.invocation_id as run,
    regexp_replace(p.unique_id, '^([^.]+)\.[^.]+\.', '\1.') as part,
    1 as try,
    -- Another source may tell of the same node, as OpenLineage does.
    coalesce(
        p.parent,
        split_part(p.unique_id, '.', 2) || '/' || p.invocation_id || '/'
        || regexp_replace(p.unique_id, '^([^.]+)\.[^.]+\.', '\1.')
    ) as parent,
    p.status as state,
    p.start,
    p.stop,
    1 as size,
    'slots' as size_unit,
    p.took_s as busy_s,
    json_merge_patch(
        '{}'::json,
        json_object(
            'unique_id', p.unique_id,
            'resource_type', split_part(p.unique_id, '.', 1),
            'command', p.command,
            'target', p.target,
            'materialized', d.materialized,
            'dbt_tags', nullif(d.tags, ''),
            'thread', p.thread_id,
            'query_id', p.query_id,
            'job_id', p.job_id,
            'bytes_billed', p.bytes_billed,
            'bytes_processed', p.bytes_processed,
            'slot_ms', p.slot_ms
        )
    )::varchar as tags
from placed as p
left join described as d on p.unique_id = d.unique_id
