-- What each part of each run made, by what was measured and by the catalogue's patterns.
-- Grain: one row per (source, execution, part, target). Reads: tries, outputs, produces, overruled.
with parts as (
    select distinct source, execution, part, pipeline_node
    from tries
),

names as (
    select distinct pipeline_node, part
    from parts
),

ruled as (
    select
        n.pipeline_node,
        n.part,
        arg_min({'pattern': p.part, 'target': p.target}, p.position) as rule
    from names as n
    inner join produces as p
        on n.pipeline_node = p.node and regexp_full_match(n.part, p.part)
    group by all
),

mapped as (
    select
        p.source,
        p.execution,
        p.part,
        regexp_replace(p.part, '^(?:' || r.rule.pattern || ')$', r.rule.target) as target
    from parts as p
    inner join ruled as r on p.pipeline_node = r.pipeline_node and p.part = r.part
    where r.rule.target is not null
),

made as (
    select
        source,
        pipeline || '/' || run as execution,
        part,
        target,
        sum(quantity) filter (measure = 'work_s') as work_s,
        sum(quantity) filter (measure = 'values') as value_count,
        sum(quantity) filter (measure = 'rows') as row_count,
        sum(quantity) filter (measure = 'bytes') as bytes,
        sum(quantity) filter (measure = 'columns') as column_count,
        sum(quantity) filter (measure = 'declared') as declared
    from outputs
    where
        (source, pipeline || '/' || run, part, target) not in (
            select (source, execution, part, target) from overruled
        )
    group by all
)

select
    coalesce(o.source, m.source) as source,
    coalesce(o.execution, m.execution) as execution,
    coalesce(o.part, m.part) as part,
    coalesce(o.target, m.target) as target,
    o.work_s,
    o.value_count,
    o.row_count,
    o.bytes,
    o.column_count,
    o.declared
from made as o
full join (select distinct * from mapped) as m
    on o.source = m.source and o.execution = m.execution and o.part = m.part and o.target = m.target
