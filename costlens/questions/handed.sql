-- What stages that are split by use handed on, where it landed, and which need-set bears it.
-- Grain: one row per (month, day, currency, origin, sink, need-set). Reads: way_costs, which is kept before.
-- Takes: $level; $basis.
select
    billing_period,
    day,
    currency,
    origin,
    case outcome when 'stranded' then '(stranded)' else sink end as sink,
    set_of($level, feature_set, model_set, product_set) as need_set,
    sum_in($basis, billed, effective) as value
from way_costs
where origin is not null
group by all
