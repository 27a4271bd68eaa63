-- What each target cost in the window and in the window before. Grain: one row per
-- (name, currency). `before` is unknown when the earlier window is not billed in full.
-- Reads: ledger, rates. Takes: $level; $basis; $start, $stop, $first and $after, the window;
-- $before, the first month of the window before.
with borne as (
    select
        target as name,
        billing_period,
        currency,
        sum_in($basis, billed, effective) as value
    from ledger
    where
        level = $level
        and day >= $start and day < $stop and billing_period >= $before and billing_period < $after
    group by all
),

summed as (
    select
        b.name,
        r.to_currency as currency,
        converted(coalesce(sum(b.value * r.rate) filter (b.billing_period >= $first), 0))
            as amount,
        converted(coalesce(sum(b.value * r.rate) filter (b.billing_period < $first), 0))
            as before
    from borne as b
    inner join rates as r on b.billing_period = r.month and b.currency = r.currency
    group by all
),

known as (
    select
        (select min(billing_period) from ledger) <= $before and $before < $first as is_known
)

select
    s.name,
    s.amount,
    s.currency,
    case when k.is_known then s.before end as before,
    case when k.is_known then s.amount - s.before end as change,
    case when k.is_known then ratio(s.amount - s.before, s.before) end as change_share
from summed as s
cross join known as k
order by s.currency, s.name like '(%', abs(change) desc nulls last, s.name
