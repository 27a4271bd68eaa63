-- The members of the sets that jobs are needed by. Grain: one row per (set, target).
-- Reads: jobs, part_weights, shared_sets, policies.
with unions as (
    select
        j.node as from_node,
        w.target as to_node,
        j.kind as measure,
        any_value(w.weight) as weight
    from jobs as j
    inner join part_weights as w on j.source = w.source and j.execution = w.execution and j.part = w.part
    where j.node like 'set:%' and not j.measured and w.siblings > 1
    group by all
),

shared as (
    select
        j.node as from_node,
        s.target as to_node,
        case (select value from policies where name = 'shared_parts')
            when 'by_work' then 'work' else 'even'
        end as measure,
        any_value(s.weight) as weight
    from jobs as j
    inner join shared_sets as s on j.source = s.source and j.execution = s.execution
    where j.node like 'set:%' and j.kind is null
    group by all
)

select * from unions
union all
select * from shared
