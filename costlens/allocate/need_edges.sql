-- The edges by which targets of a level take from a node, directly or through what it feeds.
-- A target that needs a stage alone takes it from itself.
-- Grain: one row per (stretch, node, level, target, from_node). Reads: reach, all_edges, rule_days.
with stretches as (
    select stretch, min(day) as first_day
    from rule_days
    group by stretch
),

taken as (
    select
        r.stretch,
        r.node,
        split_part(e.to_node, ':', 1) as level,
        e.to_node as target,
        e.from_node,
        max(e.weight) filter (e.measure is null) as declared,
        max(e.reads) as reads,
        max(e.weight) filter (e.measure = 'columns') as column_count,
        max(e.weight) filter (e.measure = 'declared') as run_declared,
        max(e.weight) filter (e.measure = 'work') as work
    from reach as r
    inner join stretches as s on r.stretch = s.stretch
    inner join all_edges as e
        on
            r.met = e.from_node
            and (e.valid_from is null or e.valid_from <= s.first_day)
            and (e.valid_to is null or e.valid_to > s.first_day)
    where e.to_node like 'feature:%' or e.to_node like 'model:%' or e.to_node like 'product:%'
    group by all
)

select *
from taken
where not (starts_with(node, '=') and level = split_part(ltrim(node, '='), ':', 1))
union all
-- The node itself, where it is a target: by no edge.
select
    stretch,
    node,
    split_part(met, ':', 1) as level,
    met as target,
    null as from_node,
    null,
    null,
    null,
    null,
    null
from reach
where
    met = ltrim(node, '=')
    and (met like 'feature:%' or met like 'model:%' or met like 'product:%')
