-- connectors/snowflake/warehouse_hours.sql
-- The hours of warehouses on days that the bill has use of warehouses for, with what the day cost.
-- Grain: one row per row of the metering with credits. `weight_to` is the running sum of their units.
-- Reads: usage_lines, warehouse_metering_history. Days of two currencies stay whole.
with all_days as (
    select
        coalesce(upper(account_name), '') as account_key,
        start as day,
        organisation,
        account_name,
        account,
        region,
        currency,
        service_type,
        rating,
        string_agg(distinct usage_type, ', ' order by usage_type) as usage_type,
        string_agg(distinct edition, ', ' order by edition) as edition,
        string_agg(distinct paid_by, ', ' order by paid_by) as paid_by,
        sum(cost)::decimal(38, 12) as cost,
        sum(used) as used
    from usage_lines
    where
        service_type = 'warehouse_metering'
        and not is_adjustment
        and coalesce(billing, 'consumption') = 'consumption'
    group by all
),

days as (
    select *
    from all_days
    qualify count(*) over (partition by account_key, day) = 1
),

metered as (
    select
        x_line,
        -- Of one account the metering need not say whose it is.
        coalesce(
            upper(words(ACCOUNT_NAME)),
            (select case when count(distinct account_key) = 1 then min(account_key) end from days)
        ) as account_key,
        words(WAREHOUSE_NAME) as warehouse,
        words(WAREHOUSE_ID) as warehouse_id,
        utc(START_TIME) as start,
        quantity(CREDITS_USED_COMPUTE) as credits
    from warehouse_metering_history
)

select
    d.*,
    m.x_line,
    m.warehouse,
    m.start,
    m.credits,
    units_of(m.credits) as weight,
    sum(units_of(m.credits)) over (
        partition by d.account_key, d.day
        order by m.warehouse, m.start, m.warehouse_id, m.credits, m.x_line
    )::hugeint as weight_to,
    sum(units_of(m.credits)) over (partition by d.account_key, d.day)::hugeint as whole
from metered as m
inner join days as d on m.account_key = d.account_key and date_trunc('day', m.start) = d.day
where m.credits > 0
