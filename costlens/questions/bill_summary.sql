-- The bill of a window in a few figures, beside the window before. Grain: one row per
-- (figure, currency). Figures: bill, reached (borne by targets of the level), then the parts of
-- the bill as in bill_by_month. `before` is unknown when the earlier window is not billed in full.
-- Reads: stage_costs, ledger, rates. Takes: $level; $basis; $start, $stop, $first and $after,
-- the window; $before, the first month of the window before.
with went as (
    select
        case
            when outcome <> 'allocated' then outcome
            when class in ('waste', 'commitment_unused') then class
            else 'work'
        end as figure,
        billing_period,
        currency,
        sum_in($basis, billed, effective) as value
    from stage_costs
    where day >= $start and day < $stop and billing_period >= $before and billing_period < $after
    group by all
),

borne as (
    select
        'reached' as figure,
        billing_period,
        currency,
        sum_in($basis, billed, effective) as value
    from ledger
    where
        level = $level and target not like '(%'
        and day >= $start and day < $stop and billing_period >= $before and billing_period < $after
    group by all
),

named as (
    select * from went
    union all
    select * from borne
    union all
    select 'bill', billing_period, currency, value from went
),

summed as (
    select
        n.figure,
        r.to_currency as currency,
        converted(coalesce(sum(n.value * r.rate) filter (n.billing_period >= $first), 0))
            as amount,
        converted(coalesce(sum(n.value * r.rate) filter (n.billing_period < $first), 0))
            as before
    from named as n
    inner join rates as r on n.billing_period = r.month and n.currency = r.currency
    group by all
),

known as (
    select
        (select min(billing_period) from stage_costs) <= $before and $before < $first as is_known
),

beside as (
    select
        s.figure,
        s.currency,
        s.amount,
        case when k.is_known then s.before end as before,
        b.amount as bill
    from summed as s
    cross join known as k
    inner join summed as b on s.currency = b.currency and b.figure = 'bill'
)

select
    figure,
    amount,
    currency,
    before,
    amount - before as change,
    ratio(amount - before, before) as change_share,
    ratio(amount, bill) as bill_share
from beside
order by currency, figure
