-- What shared machines were paid for along time, by the pipelines that ran on them, and idle beside them: in both
-- bases, as it was billed. Grain: one row per (owner, span, pipeline, billing period, currency).
-- Reads: placements. Takes: $grain: hour, day, week or month; $start, $stop, $first and $after, the window.
select
    owner,
    date_trunc($grain, coalesce(span_start, day::timestamp)) as span,
    case when outcome = 'idle' then '(idle)' else coalesce(pipeline, stage) end as pipeline,
    billing_period,
    currency,
    sum(billed)::decimal(38, 12) as billed,
    sum(effective)::decimal(38, 12) as effective
from placements
where
    (outcome = 'idle' or owner like 'resource:%')
    and day >= $start and day < $stop
    and billing_period >= $first and billing_period < $after
group by all
