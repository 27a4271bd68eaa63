-- Bills of months that were over and have changed since a moment. Grain: one row per (source, period,
-- currency). Reads: loads. Takes: $since, in UTC; $first and $after, the window.
with bills as (
    select *, split_part(load, '/', -1)::int as number
    from loads
    where
        makes = 'charges'
        and period >= $first and period < $after
        and last_day(strptime(period, '%Y-%m')) < $since::date
        and coalesce(superseded_by, '') not in ('(held)', '(unread)')
),

-- The delivery that counted then, of each month of each source.
last_then as (
    select source, period, max(number) as number
    from bills
    where loaded_at <= $since
    group by all
),

then_and_now as (
    select b.source, b.period, b.currency, b.billed as billed_then, b.effective as effective_then, 0 as billed, 0 as effective
    from bills as b
    semi join last_then as l
        on b.source = l.source and b.period = l.period and b.number = l.number
    union all
    select b.source, b.period, b.currency, 0, 0, b.billed, b.effective
    from bills as b
    semi join last_then as l on b.source = l.source and b.period = l.period
    where b.superseded_by is null
),

summed as (
    select
        source,
        period,
        currency,
        sum(billed_then)::decimal(38, 12) as billed_then,
        sum(billed)::decimal(38, 12) as billed,
        (sum(billed) - sum(billed_then))::decimal(38, 12) as billed_change,
        sum(effective_then)::decimal(38, 12) as effective_then,
        sum(effective)::decimal(38, 12) as effective,
        (sum(effective) - sum(effective_then))::decimal(38, 12) as effective_change
    from then_and_now
    group by all
)

select *
from summed
where billed_change <> 0 or effective_change <> 0
order by source, period, currency
