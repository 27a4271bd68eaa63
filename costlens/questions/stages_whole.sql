-- What came of an amount that is not shared out among targets from each stage. Grain: one row per
-- (billing_period, stage, service, class, grade, currency). Columns as stages_borne. Reads: stage_costs.
-- Takes: $level, $target; $stage, $service and $class, patterns or null; $source; $start, $stop, $first,
-- $after: the window.
select
    billing_period,
    stage,
    service,
    class,
    grade,
    currency,
    null::varchar as rung,
    null::varchar as product_set,
    sum(billed)::decimal(38, 12) as placed_billed,
    sum(effective)::decimal(38, 12) as placed_effective,
    sum(billed)::decimal(38, 12) as billed,
    sum(effective)::decimal(38, 12) as effective
from stage_costs
where
    $target = whole_of(
        $level,
        stage,
        pipeline,
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
group by all
