-- connectors/dbt/links.sql
-- What is made of what, and who uses it: tables feed the tables made of them, and models and
-- products what exposures name them; a table has the name that it has in the database too.
-- `owned` is no edge of cost: it says whose a table, model or product is.
-- Grain: one row per edge. Reads: nodes, exposures. A node is as the newest manifest says that has it.
with latest as (
    select
        max(x_line) as x_line,
        unique_id,
        max(utc(generated_at)) as seen,
        arg_max(listed(parents), utc(generated_at)) as parents,
        arg_max(regexp_replace(words(relation_name), '["''`\[\]]', '', 'g'), utc(generated_at))
            as relation,
        arg_max(words(owned_by), utc(generated_at)) as owner
    from nodes
    where split_part(unique_id, '.', 1) not in ('test', 'unit_test', 'operation')
    group by unique_id
),

used as (
    select
        max(x_line) as x_line,
        arg_max(words(type), utc(generated_at)) as type,
        arg_max(
            case words(type)
                when 'ml' then 'model:' || coalesce(words(model), name)
                else 'product:' || coalesce(words(product), name)
            end,
            utc(generated_at)
        ) as target,
        max(utc(generated_at)) as seen,
        arg_max(listed(parents), utc(generated_at)) as parents,
        arg_max(words(owned_by), utc(generated_at)) as owner
    from exposures
    group by unique_id
),

named as (
    select
        x_line,
        unique_id,
        seen,
        starts_with(unique_id, 'source.') as is_source,
        case when contains(relation, '/') then relation else lower(relation) end as relation
    from latest
),

edges as (
    select
        x_line,
        'table:' || unnest(parents) as from_node,
        'table:' || unique_id as to_node,
        'feeds' as kind,
        seen,
        'dbt.depends_on' as seen_as
    from latest
    union all
    -- Somebody else makes the table of a source.
    select
        x_line,
        'table:' || case when is_source then relation else unique_id end,
        'table:' || case when is_source then unique_id else relation end,
        'feeds',
        seen,
        'dbt.relation_name'
    from named
    where relation <> ''
    union all
    select x_line, 'table:' || unnest(parents), target, 'feeds', seen, 'dbt.exposure.' || type
    from used
    union all
    select x_line, 'table:' || unique_id, 'team:' || owner, 'owned', seen, 'dbt.owner'
    from latest
    where owner is not null
    union all
    select x_line, target, 'team:' || owner, 'owned', seen, 'dbt.owner'
    from used
    where owner is not null
)

select
    min(x_line) as x_line,
    from_node,
    to_node,
    kind,
    min(seen) as seen,
    min(seen_as) as seen_as
from edges
group by from_node, to_node, kind
