-- What stages that are split by use handed on, where it landed, and which need-set bears it.
-- Grain: one row per (month, day, currency, origin, sink, need-set). Reads: placements.
-- Takes: $level; $basis; $start, $stop, $first and $after, the window.
with passed as (
    select
        *,
        list_filter(hops, lambda h: h.hop = 'cascade')[1].via as origin
    from placements
    where
        day >= $start and day < $stop
        and billing_period >= $first and billing_period < $after
        and len(hops) > 0
)

select
    billing_period,
    day,
    currency,
    origin,
    case outcome when 'stranded' then '(stranded)' else coalesce(pipeline, stage) end as sink,
    set_of($level, feature_set, model_set, product_set) as need_set,
    sum_in($basis, billed, effective) as value
from passed
where origin is not null
group by all
