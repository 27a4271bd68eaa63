-- connectors/snowflake/findings.sql
-- Where the metering of warehouses does not say what the bill says. Grain: one row per finding.
-- Reads: usage_lines, warehouse_hours, warehouse_metering_history.
with billed as (
    select
        coalesce(upper(account_name), '') as account_key,
        start as day,
        min(x_line) as x_line,
        sum(used) as used
    from usage_lines
    where
        service_type = 'warehouse_metering'
        and not is_adjustment
        and coalesce(billing, 'consumption') = 'consumption'
    group by all
),

metered as (
    select account_key, day, sum(credits) as credits
    from warehouse_hours
    group by all
),

compared as (
    select
        b.account_key,
        min(b.x_line) filter (m.credits is null) as first_line,
        count(*) filter (m.credits is null) as days_without,
        min(b.day) filter (m.credits is null) as since,
        min(b.x_line) filter (m.credits is not null) as metered_line,
        sum(b.used) filter (m.credits is not null) as used,
        sum(m.credits) as credits
    from billed as b
    left join metered as m on b.account_key = m.account_key and b.day = m.day
    group by b.account_key
)

select
    'warning' as severity,
    'no_metering' as code,
    first_line as x_line,
    'no metering of the warehouses of ' || coalesce(nullif(account_key, ''), 'the account') || ' on '
    || days_without || case when days_without = 1 then ' day' else ' days' end || ' from '
    || strftime(since, '%Y-%m-%d') || ': what they cost is no warehouse''s' as message,
    'export warehouse_metering_history of that time too; of several accounts with their ACCOUNT_NAME'
        as hint
from compared
where days_without > 0 and exists (select 1 from warehouse_metering_history)
union all
select
    'warning',
    'other_credits',
    metered_line,
    'warehouses of ' || coalesce(nullif(account_key, ''), 'the account') || ' used ' || plain(credits)
    || ' credits by their metering and ' || plain(used) || ' by the bill',
    'the money is the bill''s, split by the metering: export both in UTC, and whole days'
from compared
where abs(credits - used) * 100 > used
order by severity, code, x_line
