-- connectors/dagster/control.sql
-- How many tries the runs tell of, how many assets they made by how many measures, and how many edges
-- there are. Grain: one row per table made and month. Reads: all_steps, assets, materialised.
with tried as (
    select
        unnest(
            case
                when coalesce(json_array_length(attempts), 0) = 0 then [startTime]
                else list_transform(
                    json_extract_string(attempts, '$[*].startTime'),
                    lambda start, place: case when place = 1 then coalesce(start, startTime) else start end
                )
            end
        ) as start
    from all_steps
),

made as (
    select
        min(coalesce(start, heard)) as start,
        1 + coalesce(bool_or(quantity(row_count) > 0 and column_count > 0), false)::int as measures
    from materialised
    group by pipeline, run_id, part, asset
),

edges as (
    select unnest(json_extract_string(dependencyKeys, '$[*].path')) as source,
        json_extract_string(assetKey, '$.path') as asset, null as heard
    from assets
    union all
    select json_extract_string(unnest(sources), '$.path'), to_json(string_split(asset, '/'))::varchar, heard
    from materialised
),

seen as (
    select coalesce(min(heard), timestamp '1970-01-01') as seen
    from edges
    where source <> asset
    group by source, asset
)

select 'attempts' as makes, strftime(instant(start), '%Y-%m') as period, count(*)::bigint as rows
from tried
where words(start) is not null
group by period
union all
select 'outputs' as makes, strftime(start, '%Y-%m') as period, sum(measures)::bigint as rows
from made
group by period
union all
select 'links' as makes, strftime(seen, '%Y-%m') as period, count(*)::bigint as rows
from seen
group by period
order by makes, period
