-- connectors/confluent/control.sql
-- What the source itself adds up to. Grain: one row per month.
-- Reads: source.
with amounts as (
    select
        date_trunc('month', utc(start_date)) as month_start,
        exact(amount) as cost
    from source
)

select
    strftime(month_start, '%Y-%m') as period,
    'USD' as currency,
    count(*) as rows,
    sum(cost) as source_billed,
    sum(cost) as source_effective,
    sum(cost) - sum(trunc(cost, 12)) as residual_billed,
    sum(cost) - sum(trunc(cost, 12)) as residual_effective
from amounts
group by month_start
order by month_start
