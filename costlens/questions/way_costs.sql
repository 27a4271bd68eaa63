-- What came to each pipeline, or stage without one, on which way: the steps with their measures and grades,
-- and who needs it. Grain: one row per (name, way, need-sets, outcome, tier, billing period, currency).
-- Reads: placements. Takes: $start, $stop, $first and $after, the window.
select
    coalesce(substr(pipeline, strpos(pipeline, ':') + 1), stage) as name,
    feature_set,
    model_set,
    product_set,
    outcome,
    tier,
    billing_period,
    currency,
    list_transform(hops, lambda h: {'step': h.hop, 'measure': h.measure, 'grade': h.grade}) as hops,
    sum(billed)::decimal(38, 12) as billed,
    sum(effective)::decimal(38, 12) as effective
from placements
where
    outcome <> 'excluded'
    and day >= $start and day < $stop
    and billing_period >= $first and billing_period < $after
group by all
