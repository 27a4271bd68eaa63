-- What following the advice would gain: benefit less the stages needed, as everything is and as advised;
-- unknown where nothing has a benefit in money. Grain: one row. Reads: chosen. Takes: $currency, of all figures.
with summed as (
    select
        count(*) filter (advice = 'keep') as kept,
        count(*) filter (advice = 'stop') as stopped,
        count(*) filter (advice = 'either') as either,
        count(*) filter (advice = 'unknown') as unknown,
        (sum(benefit - avoidable) filter (name = '(keep all)'))::hugeint as as_it_is,
        (sum(benefit - avoidable) filter (name = '(as advised)'))::hugeint as as_advised
    from chosen
),

known as (
    select *, kept + stopped + either > 0 as is_known
    from summed
)

select
    case when is_known then converted(as_it_is) end as net,
    case when is_known then converted(as_advised) end as net_advised,
    case when is_known then converted(as_advised - as_it_is) end as gain,
    kept,
    stopped,
    either,
    unknown,
    $currency as currency
from known
