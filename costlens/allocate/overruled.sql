-- What run logs say that parts made and nothing else knows, where the catalogue says what they make:
-- a path that was written is no feature then. Grain: one row per (source, execution, part, target).
-- Reads: tries, outputs, produces, things.
with parts as (
    select distinct source, execution, part, pipeline_node
    from tries
),

ruled as (
    select
        n.pipeline_node,
        n.part,
        arg_min({'pattern': p.part, 'target': p.target}, p.position) as rule
    from (select distinct pipeline_node, part from parts) as n
    inner join produces as p
        on n.pipeline_node = p.node and regexp_full_match(n.part, p.part)
    group by all
)

select distinct
    p.source,
    p.execution,
    p.part,
    p.pipeline_node,
    o.target
from parts as p
inner join ruled as r on p.pipeline_node = r.pipeline_node and p.part = r.part
inner join outputs as o
    on p.source = o.source and p.execution = o.pipeline || '/' || o.run and p.part = o.part
where
    o.target not in (select node from things)
    and o.target is distinct from regexp_replace(
        p.part, '^(?:' || r.rule.pattern || ')$', r.rule.target
    )
