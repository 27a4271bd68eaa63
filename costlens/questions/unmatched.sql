-- Spend that no rule picks, the dearest first. Grain: one row per (source, service, class, currency).
-- Reads: placements, rates. Takes: $basis; $start, $stop, $first and $after, the window.
with unmatched as (
    select
        source,
        service,
        class,
        billing_period,
        currency,
        min(day) as first_day,
        max(day) as last_day,
        sum(lines) as lines,
        sum_in($basis, billed, effective) as value
    from placements
    where
        outcome = 'unmatched'
        and day >= $start and day < $stop
        and billing_period >= $first and billing_period < $after
    group by all
)

select
    u.source,
    u.service,
    u.class,
    min(u.first_day) as first_day,
    max(u.last_day) as last_day,
    sum(u.lines)::bigint as lines,
    r.to_currency as currency,
    converted(sum(u.value * r.rate)) as cost
from unmatched as u
inner join rates as r on u.billing_period = r.month and u.currency = r.currency
group by all
order by currency, abs(cost) desc, source, service, class
