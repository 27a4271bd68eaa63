-- connectors/tecton_usage/control.sql
-- What usage comes to at its prices. Grain: one row per month of usage and currency.
-- Reads: usage, prices. Without a price a cost is unknown, and in no sum.
with known as (
    select distinct
        upper(words(unit)) as unit,
        coalesce(utc(since), timestamp '-infinity') as since,
        coalesce(utc(until), timestamp 'infinity') as until,
        upper(words(currency)) as currency,
        exact(price)::decimal(12, 8) as price
    from prices
),

amounts as (
    select
        date_trunc('month', utc(u."timestamp")) as month_start,
        coalesce(k.currency, (select min(currency) from known)) as currency,
        coalesce(
            trunc(exact(u.quantity)::decimal(26, 18) * k.price, 18)::decimal(38, 18), 0
        ) as cost
    from usage as u
    left join known as k
        on
            upper(words(u.unit)) = k.unit
            and date_trunc('hour', utc(u."timestamp")) >= k.since
            and date_trunc('hour', utc(u."timestamp")) < k.until
)

select
    strftime(month_start, '%Y-%m') as period,
    currency,
    count(*) as rows,
    sum(cost) as source_billed,
    sum(cost) as source_effective,
    sum(cost) - sum(trunc(cost, 12)) as residual_billed,
    sum(cost) - sum(trunc(cost, 12)) as residual_effective
from amounts
group by month_start, currency
order by month_start, currency
