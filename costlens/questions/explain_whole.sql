-- The placements of an amount that is not shared out among targets: what no target of a level bears, such
-- as (idle), or all that came to a stage, pipeline, service or class, out of a source or to an
-- outcome. Grain and columns as explain_parts.
-- Reads: placements. Takes: $level, $target; $stage, $service and $class, patterns or null; $source; $start,
-- $stop, $first, $after: the window.
select
    billing_period,
    day,
    source,
    pool,
    placement,
    null::varchar as need_set,
    stage,
    pipeline,
    run,
    service,
    class,
    tier,
    rule,
    reason,
    grade,
    currency,
    lines,
    null::varchar as rung,
    null::decimal(38, 0) as numerator,
    null::decimal(38, 0) as denominator,
    billed as placed_billed,
    effective as placed_effective,
    0::decimal(38, 12) as billed_base,
    0::decimal(38, 12) as effective_base,
    billed,
    effective
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
order by billing_period, placement
