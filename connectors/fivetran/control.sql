-- connectors/fivetran/control.sql
-- What the source itself adds up to. Grain: one row per table made, month and currency.
-- Reads: usage_cost, incremental_mar.
with amounts as (
    select month_of(measured_month) as month_start, exact(amount) as cost
    from usage_cost
)

select
    'charges' as makes,
    strftime(month_start, '%Y-%m') as period,
    'USD' as currency,
    count(*) as rows,
    sum(cost) as source_billed,
    sum(cost) as source_effective,
    sum(cost) - sum(trunc(cost, 12)) as residual_billed,
    sum(cost) - sum(trunc(cost, 12)) as residual_effective
from amounts
group by month_start
union all
select
    'activity',
    strftime(utc(measured_date), '%Y-%m') as month,
    null,
    count(distinct (words(connection_name), words(destination_id), utc(measured_date)::date)),
    null,
    null,
    null,
    null
from incremental_mar
where coalesce(upper(words(free_type)), 'PAID') = 'PAID'
group by month
order by makes, period
