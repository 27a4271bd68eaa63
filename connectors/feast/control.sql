-- connectors/feast/control.sql
-- How many edges the registry tells of. Grain: one row per month.
-- Reads: views, intervals, on_demand, services, served.
with told as (
    -- A view has an edge from each source, and one more from the dbt model it is of.
    select
        strftime(coalesce(utc(created), utc(updated)), '%Y-%m') as period,
        [
            name,
            case when json_type(source) = 'OBJECT' then 'batch' end,
            case when json_type(stream_source) = 'OBJECT' then 'stream' end
        ] as edge,
        (json_type(source) = 'OBJECT')::integer
        + coalesce((json_type(stream_source) = 'OBJECT')::integer, 0)
        + (
            coalesce(
                dbt_model,
                json_extract_string(source, '$.tags.dbt_model'),
                json_extract_string(source, '$.batchSource.tags.dbt_model')
            ) is not null
        )::integer as edges
    from views
    union all
    select
        strftime(utc(endTime), '%Y-%m'),
        [view, utc(startTime)::varchar, utc(endTime)::varchar],
        1
    from intervals
    union all
    select
        strftime(coalesce(utc(created), utc(updated)), '%Y-%m'),
        ['on demand', view, coalesce(base, whole_base, key)],
        1
    from on_demand
    union all
    select strftime(coalesce(utc(created), utc(updated)), '%Y-%m'), ['served', service, view], 1
    from served
    union all
    select
        strftime(coalesce(utc(created), utc(updated)), '%Y-%m'),
        ['model', name, model],
        1
    from services
    where words(model) is not null
    union all
    select
        strftime(coalesce(utc(created), utc(updated)), '%Y-%m'),
        ['product', coalesce(words(model), 'service ' || name), product],
        1
    from services
    where words(product) is not null
    union all
    select
        strftime(coalesce(utc(created), utc(updated)), '%Y-%m'),
        ['owner', kind, name, words(owner)],
        1
    from (
        select 'feature' as kind, name, owner, created, updated from views
        union all
        select 'feature', view, owner, created, updated from on_demand
        union all
        select 'model', words(model), owner, created, updated from services
    ) as owners
    where words(owner) is not null and name is not null
),

once as (
    select coalesce(min(period), '1970-01') as period, max(edges) as edges
    from told
    group by edge
)

select period, sum(edges)::bigint as rows
from once
group by period
having rows > 0
order by period
