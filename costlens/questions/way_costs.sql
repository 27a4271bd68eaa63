-- What came to each pipeline, or stage without one, on which way: the steps with their measures and grades, who
-- needs it, and for what a stage handed on, from which and on which day. Grain: one row per (sink, way, need-sets,
-- outcome, tier, billing period, currency; origin, day of what was handed on).
-- Reads: placements. Takes: $start, $stop, $first and $after, the window.
with told as (
    select
        coalesce(pipeline, stage) as sink,
        pipeline is null as is_stage,
        feature_set,
        model_set,
        product_set,
        outcome,
        tier,
        billing_period,
        day,
        currency,
        list_transform(hops, lambda h: {'step': h.hop, 'measure': h.measure, 'grade': h.grade}) as hops,
        list_filter(hops, lambda h: h.hop = 'cascade')[1].via as origin,
        billed,
        effective
    from placements
    where
        day >= $start and day < $stop
        and billing_period >= $first and billing_period < $after
)

select
    * exclude (day, is_stage, billed, effective),
    case when origin is not null then day end as day,
    case when is_stage then sink else substr(sink, strpos(sink, ':') + 1) end as name,
    sum(billed)::decimal(38, 12) as billed,
    sum(effective)::decimal(38, 12) as effective
from told
group by all
