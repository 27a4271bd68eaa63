-- Where money went into failed, killed or repeated work. Grain: one row per (stage, currency), dearest first.
-- Reads: placements, rates. Takes: $basis; $start, $stop, $first and $after, the window.
with failed as (
    select
        stage,
        any_value(substr(pipeline, strpos(pipeline, ':') + 1)) as pipeline,
        billing_period,
        currency,
        list(distinct run) as runs,
        max(day) as last_day,
        sum_in($basis, billed, effective) as value
    from placements
    where
        class = 'waste' and outcome = 'allocated'
        and day >= $start and day < $stop
        and billing_period >= $first and billing_period < $after
    group by stage, billing_period, currency
)

select
    f.stage,
    any_value(f.pipeline) as pipeline,
    converted(sum(f.value * r.rate)) as amount,
    r.to_currency as currency,
    len(list_distinct(flatten(list(f.runs)))) as runs,
    max(f.last_day) as last_day
from failed as f
inner join rates as r on f.billing_period = r.month and f.currency = r.currency
group by f.stage, r.to_currency
order by amount desc, f.stage, currency
