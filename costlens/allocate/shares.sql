-- What part of a weighted need-set each of its members bears. Grain: one row per (set, target).
-- Reads: need_sets, need_weights. Takes: $period.
with first_of as (
    select need_set, level, min((stretch, node, day)) as one
    from need_sets
    group by all
)

select
    $period as billing_period,
    f.level,
    f.need_set,
    substr(w.target, strpos(w.target, ':') + 1) as target,
    row_number() over (partition by f.need_set order by w.target) as place,
    w.members,
    w.weight::decimal(38, 0) as numerator,
    (sum(w.weight) over (partition by f.need_set))::decimal(38, 0) as denominator,
    w.rung,
    w.grade
from first_of as f
inner join need_weights as w
    on
        f.one[1] = w.stretch
        and f.one[2] = w.node
        and f.level = w.level
        and f.one[3] is not distinct from w.day
