-- Which rules claimed what an amount that is not shared out is made of, and how many bill lines that was.
-- Grain: one row per (stage, service, class). Reads: placements. Takes: as stages_whole.
with pools as (
    select distinct stage, service, class, rule, billing_period, pool, lines
    from placements
    where
        $target = whole_of(
            $level,
            stage,
            substr(pipeline, strpos(pipeline, ':') + 1),
            service,
            class,
            source,
            outcome,
            feature_set,
            model_set,
            product_set
        )
        and day >= $start and day < $stop
        and billing_period >= $first and billing_period < $after
        and asked_for(stage, $stage::varchar)
        and asked_for(service, $service::varchar)
        and ($class::varchar is null or class = $class)
        and ($source::varchar is null or source = $source)
)

select
    stage,
    service,
    class,
    string_agg(distinct rule, ', ' order by rule) as rule,
    sum(lines)::bigint as lines
from pools
group by stage, service, class
