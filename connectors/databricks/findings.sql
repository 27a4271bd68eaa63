-- connectors/databricks/findings.sql
-- What keeps usage from having one price. Grain: one row per finding; of `severity` error, it stops.
-- Usage without a price is kept, and told: what it cost is unknown.
-- Reads: usage, list_prices.
with prices as (
    select
        min(x_line) as x_line,
        words(sku_name) as sku,
        coalesce(upper(words(cloud)), '') as cloud_name,
        upper(words(usage_unit)) as unit,
        utc(price_start_time) as since,
        coalesce(utc(price_end_time), timestamp 'infinity') as until,
        upper(words(currency_code)) as currency,
        coalesce(
            json_text(pricing)::json ->> '$.effective_list.default',
            json_text(pricing)::json ->> '$.default'
        )::decimal(38, 18) as price
    from list_prices
    group by all
),

windows as (
    select
        *,
        max(until) over (
            partition by sku, cloud_name, unit
            order by since, until, currency, price
            rows between unbounded preceding and 1 preceding
        ) as taken_until
    from prices
),

used as (
    select
        x_line,
        words(sku_name) as sku,
        coalesce(upper(words(cloud)), '') as cloud_name,
        upper(words(usage_unit)) as unit,
        utc(usage_start_time) as start,
        exact(usage_quantity) as quantity
    from usage
),

unpriced as (
    select
        u.sku,
        u.cloud_name,
        u.unit,
        min(u.x_line) as x_line,
        count(*) as lines,
        sum(u.quantity) as quantity,
        min(u.start) as since,
        max(u.start) as last_start
    from used as u
    where not exists (
        select 1
        from prices as p
        where
            p.sku = u.sku
            and p.cloud_name = u.cloud_name
            and p.unit = u.unit
            and p.price is not null
            and u.start >= p.since
            and u.start < p.until
    )
    group by all
)

select
    case when exists (select 1 from prices) then 'warning' else 'error' end as severity,
    'missing_price' as code,
    x_line,
    'no price for ' || concat_ws(', ', sku, nullif(cloud_name, '')) || ': '
    || plain(quantity) || ' ' || unit || ' on ' || lines
    || case when lines = 1 then ' line' else ' lines' end
    || ' from ' || strftime(since, '%Y-%m-%dT%H:%M:%SZ')
    || case
        when last_start > since then ' to ' || strftime(last_start, '%Y-%m-%dT%H:%M:%SZ') else ''
    end
    || ' cost an unknown amount, which is in no total' as message,
    'export the whole of system.billing.list_prices beside usage, or add a line with the price that '
    || 'you agreed on' as hint
from unpriced
union all
select
    'error',
    'two_prices',
    x_line,
    sku || ' has a second price at ' || strftime(since, '%Y-%m-%dT%H:%M:%SZ'),
    'keep one price a time: export one account and one currency'
from windows
where since < taken_until
union all
select
    'error',
    'long_price',
    x_line,
    'the price ' || rtrim(price::varchar, '0') || ' of ' || sku || ' has more than 8 places',
    'tell us about it: a cost would not be exact'
from prices
where price <> trunc(price, 8)
order by severity, code, x_line, message, hint
