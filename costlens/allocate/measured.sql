-- What activity counted of each known thing in a month, whoever took it, in thousandths: what policies
-- may share by. A bare name counts where only one thing has it.
-- Grain: one row per (node, measure, month). Reads: activity, known_nodes.
with bare as (
    select name, min(node) as node
    from known_nodes
    group by name
    having count(*) = 1
)

select
    coalesce(k.node, b.node) as node,
    a.measure,
    strftime(a.hour, '%Y-%m') as month,
    (sum(a.quantity) * 1000)::hugeint as weight
from activity as a
left join known_nodes as k on a.target = k.node
left join bare as b on a.target = b.name
where coalesce(k.node, b.node) is not null
group by all
