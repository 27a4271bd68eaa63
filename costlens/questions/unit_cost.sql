-- What a thousand uses of a target cost, month by month, by what was counted: reads, requests and the like.
-- Grain: one row per (measure, month, currency); `(window)` are its months together, those with a bill.
-- Reads: ledger, activity, rates. Takes: $level, $target; $basis; $start, $stop, $first and $after, the window.
with borne as (
    select
        billing_period as month,
        currency,
        sum_in($basis, billed, effective) as value
    from ledger
    where
        level = $level and target = $target
        and day >= $start and day < $stop
        and billing_period >= $first and billing_period < $after
    group by all
),

priced as (
    select b.month, r.to_currency as currency, sum(b.value * r.rate) as value
    from borne as b
    inner join rates as r on b.month = r.month and b.currency = r.currency
    group by all
),

used as (
    select measure, strftime(hour, '%Y-%m') as month, sum(quantity) as quantity
    from activity
    where target = $level || ':' || $target
    group by all
),

-- A month in which it was not used has a cost all the same.
measured as (
    select m.measure, p.month, p.currency, p.value, coalesce(u.quantity, 0) as quantity
    from priced as p
    cross join (select distinct measure from used) as m
    left join used as u on m.measure = u.measure and p.month = u.month
),

summed as (
    select
        measure,
        coalesce(month, '(window)') as month,
        currency,
        converted(sum(value)) as cost,
        sum(quantity)::decimal(38, 6) as quantity
    from measured
    group by grouping sets ((measure, month, currency), (measure, currency))
)

select
    measure,
    month,
    quantity,
    cost,
    case
        when quantity > 0 then
            amount(
                (units(cost) * 1000000000 + (quantity * 1000000)::hugeint // 2)
                // (quantity * 1000000)::hugeint
            )
    end as cost_per_1000,
    currency
from summed
order by measure, month = '(window)' desc, month, currency
