-- connectors/snowflake/control.sql
-- What the source itself adds up to. Grain: one row per month and currency.
-- Reads: source.
with amounts as (
    select
        date_trunc('month', utc(USAGE_DATE)) as month_start,
        upper(words(CURRENCY)) as currency,
        exact(USAGE_IN_CURRENCY) as cost
    from source
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
