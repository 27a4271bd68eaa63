-- What nobody bears, and why: machines that stood idle, lines nobody claims, work nothing needs.
-- Grain: one row per (outcome, stage, service, reason, currency), the dearest first.
-- Reads: placements, rates. Takes: $basis; $start, $stop, $first and $after, the window.
with left_over as (
    select
        outcome,
        stage,
        service,
        coalesce(reason, rule) as why,
        billing_period,
        currency,
        sum_in($basis, billed, effective) as value
    from placements
    where
        outcome <> 'allocated'
        and day >= $start and day < $stop
        and billing_period >= $first and billing_period < $after
    group by all
)

select
    u.outcome,
    u.stage,
    u.service,
    converted(sum(u.value * r.rate)) as amount,
    r.to_currency as currency,
    string_agg(distinct u.why, ', ' order by u.why) as why
from left_over as u
inner join rates as r on u.billing_period = r.month and u.currency = r.currency
group by u.outcome, u.stage, u.service, r.to_currency
order by abs(converted(sum(u.value * r.rate))) desc, u.outcome, u.stage, u.service, currency
