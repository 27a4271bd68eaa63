-- Measured activity between known things. A bare name counts where only one thing has it.
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
        a.quantity
    from activity as a
    left join known_nodes as t on a.target = t.node
    left join bare as tb on a.target = tb.name
    left join known_nodes as c on a.consumer = c.node
    left join bare as cb on a.consumer = cb.name
    where a.consumer is not null
)

select from_node, to_node, day, (sum(quantity) * 1000000)::hugeint as reads
from resolved
where from_node is not null and to_node is not null
group by all
