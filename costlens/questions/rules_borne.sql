-- Which rules claimed what came to the stages that a target needs, and how many bill lines that was.
-- Grain: one row per (stage, service, class). Reads: placements, shares. Takes: as stages_borne.
with pools as (
    select distinct stage, service, class, rule, billing_period, pool, lines
    from placements
    where
        set_of($level, feature_set, model_set, product_set) in (
            select need_set from shares where level = $level and target = $target
        )
        and day >= $start and day < $stop
        and billing_period >= $first and billing_period < $after
        and asked_for(stage, $stage::varchar)
        and asked_for(service, $service::varchar)
        and ($class::varchar is null or class = $class)
)

select
    stage,
    service,
    class,
    string_agg(distinct rule, ', ' order by rule) as rule,
    sum(lines)::bigint as lines
from pools
group by stage, service, class
