-- connectors/snowflake/control.sql
-- What the source itself adds up to. Grain: one row per month and currency.
-- Reads: usage_in_currency_daily; of warehouse_hours only how many rows stand in place of how many lines.
with amounts as (
    select
        date_trunc('month', utc(USAGE_DATE)) as month_start,
        upper(words(CURRENCY)) as currency,
        exact(USAGE_IN_CURRENCY) as cost
    from usage_in_currency_daily
),

in_place as (
    select month_start, currency, sum(hours - days_lines)::bigint as more
    from (
        select
            date_trunc('month', h.day) as month_start,
            h.currency,
            count(*) as hours,
            (
                select count(*)
                from usage_in_currency_daily as u
                where
                    utc(u.USAGE_DATE) = h.day
                    and lower(words(u.SERVICE_TYPE)) = 'warehouse_metering'
                    and coalesce(upper(words(u.ACCOUNT_NAME)), '') = h.account_key
                    and coalesce(lower(words(u.BILLING_TYPE)), 'consumption') = 'consumption'
                    and coalesce(lower(words(u.IS_ADJUSTMENT)), 'false')
                    not in ('true', 't', '1', 'yes')
            ) as days_lines
        from warehouse_hours as h
        group by h.day, h.currency, h.account_key
    ) as by_day
    group by all
)

select
    strftime(a.month_start, '%Y-%m') as period,
    a.currency,
    count(*) + coalesce(any_value(i.more), 0) as rows,
    sum(a.cost) as source_billed,
    sum(a.cost) as source_effective,
    sum(a.cost) - sum(trunc(a.cost, 12)) as residual_billed,
    sum(a.cost) - sum(trunc(a.cost, 12)) as residual_effective
from amounts as a
left join in_place as i on a.month_start = i.month_start and a.currency = i.currency
group by a.month_start, a.currency
order by a.month_start, a.currency
