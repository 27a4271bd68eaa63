-- Measured activity between known things, by one measure for all that was taken of a thing: reads,
-- else requests, else tokens, else the first by name. Different measures never share a denominator.
-- A bare name counts where only one thing has it.
-- Grain: one row per (from_node, to_node, day). Reads: activity, known_nodes.
with bare as (
    select name, min(node) as node
    from known_nodes
    group by name
    having count(*) = 1
),

resolved as (
    select
        coalesce(t.node, tb.node) as from_node,
        coalesce(c.node, cb.node) as to_node,
        a.hour::date as day,
        a.measure,
        a.quantity
    from activity as a
    left join known_nodes as t on a.target = t.node
    left join bare as tb on a.target = tb.name
    left join known_nodes as c on a.consumer = c.node
    left join bare as cb on a.consumer = cb.name
    where a.consumer is not null
),

chosen as (
    select
        from_node,
        arg_min(
            measure,
            coalesce(list_position(['reads', 'requests', 'tokens'], measure), 9) || measure
        ) as measure
    from resolved
    where from_node is not null and to_node is not null
    group by from_node
)

select r.from_node, r.to_node, r.day, r.measure, (sum(r.quantity) * 1000000)::hugeint as reads
from resolved as r
inner join chosen as c on r.from_node = c.from_node and r.measure = c.measure
where r.to_node is not null
group by all
