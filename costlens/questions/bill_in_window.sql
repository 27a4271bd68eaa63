-- What was billed in a window, whoever bears it. Grain: one row per currency.
-- Reads: stage_costs, rates. Takes: $basis; $start, $stop, $first and $after, the window.
with billed as (
    select billing_period, currency, sum_in($basis, billed, effective) as value
    from stage_costs
    where
        day >= $start and day < $stop
        and billing_period >= $first and billing_period < $after
    group by all
)

select r.to_currency as currency, converted(sum(b.value * r.rate)) as amount
from billed as b
inner join rates as r on b.billing_period = r.month and b.currency = r.currency
group by r.to_currency
order by currency
