-- The need-sets of each node on each day. Grain: one row per (node, day).
-- Reads: settled, rule_days, need_sets.
with wanted as (
    select distinct s.node, s.day, d.stretch
    from settled as s
    inner join rule_days as d on s.day = d.day
    where s.node is not null
)

select
    w.node,
    w.day,
    max(n.need_set) filter (n.level = 'feature') as feature_set,
    max(n.need_set) filter (n.level = 'model') as model_set,
    max(n.need_set) filter (n.level = 'product') as product_set
from wanted as w
left join need_sets as n
    on
        w.node = n.node
        and w.stretch = n.stretch
        and (n.day is null or n.day = w.day)
group by w.node, w.day
