-- Where each month's bill went. Grain: one row per (month, figure, currency). Figures: `bill`, the
-- whole; `reached`, what targets of the level bear of it; then the parts that add up to the bill:
-- work, waste and commitment_unused of what targets bear, else what became of it (idle, unmatched,
-- unneeded, stranded, excluded).
-- Reads: stage_costs, ledger, rates. Takes: $level; $basis; $start, $stop, $first and $after.
with went as (
    select
        billing_period,
        case
            when outcome <> 'allocated' then outcome
            when class in ('waste', 'commitment_unused') then class
            else 'work'
        end as figure,
        currency,
        sum_in($basis, billed, effective) as value
    from stage_costs
    where
        day >= $start and day < $stop
        and billing_period >= $first and billing_period < $after
    group by all
),

borne as (
    select
        billing_period,
        'reached' as figure,
        currency,
        sum_in($basis, billed, effective) as value
    from ledger
    where
        level = $level and target not like '(%'
        and day >= $start and day < $stop
        and billing_period >= $first and billing_period < $after
    group by all
),

named as (
    select * from went
    union all
    select * from borne
    union all
    select billing_period, 'bill', currency, value from went
)

select
    n.billing_period as month,
    n.figure,
    converted(sum(n.value * r.rate)) as amount,
    r.to_currency as currency
from named as n
inner join rates as r on n.billing_period = r.month and n.currency = r.currency
group by all
order by month, currency, figure
