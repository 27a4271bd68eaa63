-- connectors/databricks/control.sql
-- What usage comes to at its prices. Grain: one row per month of usage and currency.
-- Reads: usage, list_prices. Price by price, then its records, which charges.sql does the other way.
with prices as (
    select distinct
        words(sku_name) as sku,
        coalesce(upper(words(cloud)), '') as cloud_name,
        upper(words(usage_unit)) as unit,
        utc(price_start_time) as since,
        coalesce(utc(price_end_time), timestamp 'infinity') as until,
        upper(words(currency_code)) as currency,
        coalesce(
            json_text(pricing)::json ->> '$.effective_list.default',
            json_text(pricing)::json ->> '$.default'
        )::decimal(12, 8) as price
    from list_prices
),

amounts as (
    select
        date_trunc('month', utc(u.usage_start_time)) as month_start,
        coalesce(p.currency, (select min(currency) from prices)) as currency,
        -- Without a price its cost is unknown, and in no sum.
        coalesce(
            trunc(exact(u.usage_quantity)::decimal(26, 18) * p.price, 18)::decimal(38, 18), 0
        ) as cost
    from usage as u
    left join prices as p
        on
            words(u.sku_name) = p.sku
            and coalesce(upper(words(u.cloud)), '') = p.cloud_name
            and upper(words(u.usage_unit)) = p.unit
            and utc(u.usage_start_time) >= p.since
            and utc(u.usage_start_time) < p.until
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
