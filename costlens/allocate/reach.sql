-- What lies downstream of each node that bears cost, with the node itself; cycles end by `union`.
-- Grain: one row per (stretch, node, reached node). Reads: settled, rule_days, all_edges.
with recursive starts as (
    select distinct d.stretch, s.node
    from settled as s
    inner join rule_days as d on s.day = d.day
    where s.node is not null
),

stretches as (
    select stretch, min(day) as first_day
    from rule_days
    group by stretch
),

dated as (
    select distinct s.stretch, e.from_node, e.to_node
    from all_edges as e
    inner join stretches as s
        on
            (e.valid_from is null or e.valid_from <= s.first_day)
            and (e.valid_to is null or e.valid_to > s.first_day)
),

reached as (
    select stretch, node, ltrim(node, '=') as met
    from starts
    union
    select r.stretch, r.node, e.to_node
    from reached as r
    inner join dated as e on r.stretch = e.stretch and r.met = e.from_node
)

select * from reached
