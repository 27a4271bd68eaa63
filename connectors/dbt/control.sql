-- connectors/dbt/control.sql
-- How many attempts, outputs and links the artifacts hold. Grain: one row per table made and month.
-- Reads: results, nodes, exposures, catalog.
with once as (
    select
        unique_id,
        split_part(unique_id, '.', 1) as kind,
        min(words(status)) as status,
        min(
            coalesce(
                try_utc(json_extract_string(timing, '$[0].started_at')),
                utc(generated_at) - to_microseconds((quantity(execution_time) * 1000000)::bigint)
            )
        ) as start,
        min(x_line) as x_line,
        arg_min(quantity(rows_affected), x_line) >= 0 as has_rows
    from results
    group by invocation_id, unique_id
),

newest as (
    select
        unique_id,
        arg_max(len(list_distinct(listed(parents))), utc(generated_at)) as parents,
        arg_max(coalesce(words(relation_name), '') <> '', utc(generated_at)) as has_relation,
        arg_max(words(owned_by), utc(generated_at)) is not null as is_owned,
        max(utc(generated_at)) as seen
    from nodes
    group by unique_id
),

made as (
    select o.start, case when not coalesce(o.has_rows, false) or c.unique_id is null then 1 else 2 end as rows
    from once as o
    left join (select distinct unique_id from catalog) as c on o.unique_id = c.unique_id
    where o.kind in ('model', 'seed', 'snapshot') and coalesce(run_state(o.status), '') <> 'skipped'
    union all
    select o.start, n.parents
    from once as o
    inner join newest as n on o.unique_id = n.unique_id
    where o.kind in ('test', 'unit_test') and coalesce(run_state(o.status), '') <> 'skipped'
),

shown as (
    select unique_id, max(utc(generated_at)) as seen, arg_max(listed(parents), utc(generated_at)) as parents,
        arg_max(
            case words(type)
                when 'ml' then 'model:' || coalesce(words(model), name)
                else 'product:' || coalesce(words(product), name)
            end,
            utc(generated_at)
        ) as target,
        arg_max(words(owned_by), utc(generated_at)) as owner
    from exposures
    group by unique_id
),

linked as (
    select seen, parents + has_relation::integer + is_owned::integer as edges
    from newest
    where split_part(unique_id, '.', 1) not in ('test', 'unit_test', 'operation')
    union all
    select min(seen), 1
    from (select target, seen, unnest(parents) as parent from shown) as pairs
    group by target, parent
    union all
    select min(seen), 1
    from shown
    where owner is not null
    group by target, owner
)

select 'attempts' as makes, strftime(start, '%Y-%m') as period, count(*)::bigint as rows
from once
group by period
union all
select 'outputs' as makes, strftime(start, '%Y-%m') as period, sum(rows)::bigint as rows
from made
group by period
having rows > 0
union all
select 'links' as makes, strftime(seen, '%Y-%m') as period, sum(edges)::bigint as rows
from linked
group by period
having rows > 0
order by makes, period
