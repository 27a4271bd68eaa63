-- connectors/openlineage/attempts.sql
-- Runs as tries, but for those that only hold others and for the statements of dbt's nodes.
-- Grain: one row per run. Reads: runs.
with keyed as (
    select
        run_key,
        unnest(json_extract_string(tags, '$[*].key')) as key,
        unnest(json_extract_string(tags, '$[*].value')) as value
    from (
        select run_key, run_tags as tags from runs
        union all
        select run_key, job_tags as tags from runs
    )
    where json_valid(tags)
),

-- A tag `team:risk` of Airflow is the tag `team` with the value `risk`.
pairs as (
    select
        run_key,
        case when key = value then split_part(key, ':', 1) else key end as key,
        min(case when key = value then substr(value, strpos(value, ':') + 1) else value end) as value
    from keyed
    where key is not null and (key <> value or strpos(key, ':') > 1)
    group by all
),

told as (
    select run_key, map_from_entries(list({'k': key, 'v': value} order by key)) as tags
    from pairs
    group by run_key
)

select
    r.x_line,
    r.pipeline,
    r.run,
    r.part,
    coalesce(
        r.map_index,
        case when count(*) over alike > 1 then row_number() over (alike order by r.start, r.run_key) - 1 end
    )::int as slice,
    coalesce(r.try_number, 1) as try,
    r.place as parent,
    r.state,
    r.start,
    r.stop,
    r.nominal_start as data_start,
    r.nominal_end as data_stop,
    -- A run of another kind is as large as what it runs in.
    case
        when r.kind = 'task' then coalesce(r.pool_slots, 1)
        when r.kind = 'node' or r.place is null then 1
    end as size,
    case when r.kind in ('task', 'node') or r.place is null then 'slots' end as size_unit,
    json_merge_patch(
        coalesce(to_json(t.tags), '{}')::json,
        json_object(
            'namespace', r.namespace,
            'job', r.job_name,
            'job_type', r.job_type,
            'integration', coalesce(r.integration, r.engine),
            'openlineage_run', r.run_id,
            'dag_id', r.dag_id,
            'task_id', r.task_id,
            'run_id', r.dag_run_id,
            'run_type', r.run_type,
            'operator', r.operator,
            'queue', r.queue,
            'pool', r.pool,
            'unique_id', r.node,
            'query_id', r.query_id,
            'cluster', r.cluster,
            'owner', json_extract_string(r.owners, '$[0].name')
        )
    )::varchar as tags
from runs as r
left join told as t on r.run_key = t.run_key
where r.kind not in ('holder', 'statement')
window alike as (partition by r.pipeline, r.run, r.part, r.map_index, coalesce(r.try_number, 1))
