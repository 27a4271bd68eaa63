-- connectors/anthropic/control.sql
-- What the source itself adds up to. Grain: one row per month and currency.
-- Reads: source. The source's own figures are cents: the sum is turned into dollars, not the lines.
with amounts as (
    select
        date_trunc('month', utc(starting_at)) as month_start,
        upper(words(currency)) as billing_currency,
        exact(amount)::decimal(28, 16) as cents,
        trunc(exact(amount)::decimal(28, 16), 10)::decimal(28, 16) as whole_units
    from source
)

select
    strftime(month_start, '%Y-%m') as period,
    billing_currency as currency,
    count(*) as rows,
    sum(cents)::decimal(30, 16) * 0.01::decimal(4, 2) as source_billed,
    sum(cents)::decimal(30, 16) * 0.01::decimal(4, 2) as source_effective,
    sum(cents - whole_units)::decimal(30, 16) * 0.01::decimal(4, 2) as residual_billed,
    sum(cents - whole_units)::decimal(30, 16) * 0.01::decimal(4, 2) as residual_effective
from amounts
group by month_start, billing_currency
order by month_start, currency
