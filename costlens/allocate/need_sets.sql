-- The weighted need-set of each node at each level; equal sets have one name.
-- Grain: one row per (stretch, node, level, day). Reads: need_weights.
select
    stretch,
    node,
    level,
    day,
    md5(
        level || ';' || any_value(rung) || ';'
        || string_agg(target || '=' || weight, ';' order by target)
    ) as need_set
from need_weights
group by stretch, node, level, day
