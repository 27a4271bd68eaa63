-- connectors/snowflake_runs/control.sql
-- How many attempts the source holds. Grain: one row per month.
-- Reads: query_attribution_history, query_history. Hours are counted as numbers since 1970, where
-- attempts.sql cuts intervals.
with known as (
    select
        words(QUERY_ID) as query,
        max((lower(words(EXECUTION_STATUS)))) as status,
        max(lower(words(QUERY_TYPE))) as kind,
        max(words(ROLE_NAME)) as role
    from query_history
    group by all
),

told as (
    select distinct
        words(a.ACCOUNT_NAME) as account,
        words(a.WAREHOUSE_NAME) as warehouse,
        words(a.USER_NAME) as who,
        words(a.QUERY_TAG) as said,
        case k.status when 'incident' then 'failed' else coalesce(k.status, 'success') end as state,
        k.kind,
        k.role,
        coalesce(
            json(a.QUERY_TAG)::json ->> '$.run', strftime(utc(a.START_TIME), '%Y-%m-%d')
        ) as run,
        unnest(
            range(
                epoch_us(utc(a.START_TIME)) // 3600000000,
                greatest(
                    epoch_us(utc(a.END_TIME)) - 1, epoch_us(utc(a.START_TIME)) + 999
                ) // 3600000000 + 1
            )
        ) as hour
    from query_attribution_history as a
    left join known as k on words(a.QUERY_ID) = k.query
)

select
    'attempts' as makes,
    strftime(make_timestamp(hour * 3600000000), '%Y-%m') as period,
    count(*)::bigint as rows
from told
group by period
order by period
