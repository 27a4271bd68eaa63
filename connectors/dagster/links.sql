-- connectors/dagster/links.sql
-- Which assets are made of which: as they are defined, and by the columns that they came from.
-- Grain: one row per (from, to). Reads: assets, materialised. A definition has no time.
with edges as (
    select
        x_line,
        unnest(json_extract(dependencyKeys, '$[*].path')) as source,
        array_to_string(json_extract_string(assetKey, '$.path[*]'), '/') as asset,
        null as heard,
        'dagster.dependency' as seen_as
    from assets
    union all
    select x_line, json_extract(unnest(sources), '$.path'), asset, heard, 'dagster.column_lineage'
    from materialised
),

named as (
    select
        x_line,
        array_to_string(json_extract_string(source, '$[*]'), '/') as source,
        asset,
        heard,
        seen_as
    from edges
)

select
    min(x_line) as x_line,
    'table:' || source as from_node,
    'table:' || asset as to_node,
    'feeds' as kind,
    coalesce(min(heard), timestamp '1970-01-01') as seen,
    max(seen_as) as seen_as
from named
where source <> asset
group by source, asset
