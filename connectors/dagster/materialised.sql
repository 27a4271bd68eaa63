-- connectors/dagster/materialised.sql
-- The assets that steps made, with what Dagster knows of each: rows, and columns where it has a
-- schema. A step that made nothing, as one that failed, was to make the assets that were planned of
-- it, or of its op.
-- Grain: one row per (run, step, asset). Reads: all_steps, assets.
with told as (
    select
        x_line,
        run_id,
        stepKey,
        instant(startTime) as start,
        regexp_replace(stepKey, '\[.*\]$', '') as part,
        coalesce(words(job), run_id) as pipeline,
        materializations,
        planned,
        coalesce(json_array_length(materializations), 0) = 0 as is_bare
    from all_steps
),

events as (
    select * exclude (materializations, planned, is_bare), unnest(json_extract(materializations, '$[*]')) as event
    from told
),

made as (
    select
        x_line,
        pipeline,
        run_id,
        part,
        start,
        array_to_string(json_extract_string(event, '$.assetKey.path[*]'), '/') as asset,
        instant(event ->> '$.timestamp') as heard,
        list_filter(
            json_extract(event, '$.metadataEntries[*]'),
            lambda entry: entry ->> '$.label' in ('dagster/row_count', 'dagster/partition_row_count')
        ) as counts,
        list_filter(
            json_extract(event, '$.metadataEntries[*]'),
            lambda entry: entry ->> '$.label' = 'dagster/column_schema'
        ) as schemas,
        list_filter(
            json_extract(event, '$.metadataEntries[*]'),
            lambda entry: entry ->> '$.label' = 'dagster/column_lineage'
        ) as lineages
    from events
),

ops as (
    select distinct
        array_to_string(json_extract_string(assetKey, '$.path[*]'), '/') as asset,
        unnest(listed(opNames)) as op
    from assets
)

select
    x_line,
    pipeline,
    run_id,
    part,
    start,
    asset,
    heard,
    coalesce(counts[1] ->> '$.intValue', counts[1] ->> '$.intRepr') as row_count,
    json_array_length(schemas[1], '$.schema.columns') as column_count,
    json_extract_string(lineages[1], '$.lineage[*].columnDeps[*].assetKey') as sources
from made
where asset <> ''
union all
select t.x_line, t.pipeline, t.run_id, t.part, t.start, o.asset, null, null, null, []
from told as t
inner join ops as o on t.part = o.op
where t.is_bare and t.start is not null
union all
select x_line, pipeline, run_id, part, start, unnest(planned), null, null, null, []
from told
where is_bare and start is not null
