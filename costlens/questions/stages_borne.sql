-- The part of a target's cost that came from each stage, and what the stages cost whole. Grain: one row per
-- (billing_period, stage, service, class, grade, currency, rung, product_set). The parts re-add to the ledger, and
-- to those of the placements of each stage: they come in one order, stage by stage.
-- Reads: stage_costs, shares. Takes: $level, $target; $stage, $service and $class, patterns or null;
-- $start, $stop, $first, $after: the window.
with members as (
    select distinct need_set, target, place, members, numerator, denominator, rung, grade
    from shares
    where level = $level and need_set in (
        select need_set from shares where level = $level and target = $target
    )
),

bearing as (
    select
        billing_period,
        day,
        source,
        set_of($level, feature_set, model_set, product_set) as need_set,
        service,
        class,
        grade,
        currency,
        stage,
        product_set,
        product_set as position,
        billed,
        effective
    from stage_costs
    where
        set_of($level, feature_set, model_set, product_set) in (select need_set from members)
        and day >= $start and day < $stop
        and billing_period >= $first and billing_period < $after
)

select
    billing_period,
    stage,
    service,
    class,
    greatest(grade, need_grade) as grade,
    currency,
    rung,
    product_set,
    sum(placed_billed)::decimal(38, 12) as placed_billed,
    sum(placed_effective)::decimal(38, 12) as placed_effective,
    sum(billed)::decimal(38, 12) as billed,
    sum(effective)::decimal(38, 12) as effective
from borne('bearing', 'members', $target)
where
    asked_for(stage, $stage::varchar)
    and asked_for(service, $service::varchar)
    and ($class::varchar is null or class = $class)
group by all
