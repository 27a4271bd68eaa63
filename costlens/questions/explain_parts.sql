-- The part of a target's cost that came from each placement. Grain: one row per placement.
-- The parts re-add to the ledger exactly. Hops are most of what a placement holds: who tells them reads them.
-- Reads: placements, shares. Takes: $level, $target; $stage, $service and $class, patterns or null;
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
        pool,
        placement,
        placement as position,
        set_of($level, feature_set, model_set, product_set) as need_set,
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
        billed,
        effective
    from placements
    where
        set_of($level, feature_set, model_set, product_set) in (select need_set from members)
        and day >= $start and day < $stop
        and billing_period >= $first and billing_period < $after
)

select * exclude (position, need_grade) replace (greatest(grade, need_grade) as grade)
from borne('bearing', 'members', $target)
where
    asked_for(stage, $stage::varchar)
    and asked_for(service, $service::varchar)
    and ($class::varchar is null or class = $class)
order by billing_period, placement
