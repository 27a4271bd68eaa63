-- connectors/snowflake_runs/attempts.sql
-- Queries on warehouses, cut at clock hours, with the credits that were theirs as time of a machine of
-- one credit an hour. Grain: one row per (warehouse, hour) and what its queries are alike in: whom they
-- are for, how they ended, their tags.
-- Reads: query_attribution_history, query_history.
with known as (
    select
        words(QUERY_ID) as query,
        max(lower(words(EXECUTION_STATUS))) as status,
        max(lower(words(QUERY_TYPE))) as kind,
        max(words(ROLE_NAME)) as role
    from query_history
    group by all
),

queries as (
    select
        a.x_line,
        concat_ws('/', words(a.ACCOUNT_NAME), words(a.WAREHOUSE_NAME)) as resource_id,
        words(a.ACCOUNT_NAME) as account,
        words(a.WAREHOUSE_NAME) as warehouse,
        words(a.USER_NAME) as who,
        words(a.QUERY_TAG) as said,
        json(a.QUERY_TAG)::json as tags,
        utc(a.START_TIME) as start,
        greatest(utc(a.END_TIME), utc(a.START_TIME) + interval 1 millisecond) as stop,
        (quantity(a.CREDITS_ATTRIBUTED_COMPUTE) * 3600000000)::hugeint as busy_us,
        case k.status when 'incident' then 'failed' else coalesce(k.status, 'success') end as state,
        k.kind,
        k.role
    from query_attribution_history as a
    left join known as k on words(a.QUERY_ID) = k.query
),

-- What queries of one hour have to be alike in, to be one row.
named as (
    select
        *,
        [resource_id, who, said, state, kind, role]::varchar as unit,
        coalesce(
            tags ->> '$.pipeline', case when tags is null then said end, 'user:' || who, 'sql'
        ) as pipeline,
        coalesce(tags ->> '$.part', kind, 'sql') as part,
        json_merge_patch(
            coalesce(tags, '{}')::json,
            json_object(
                'account_name', account,
                'warehouse_name', warehouse,
                'user_name', who,
                'role_name', role,
                'query_type', kind,
                'query_tag', case when tags is null then said end
            )
        )::varchar as all_tags
    from queries
),

hours as (
    select
        *,
        unnest(
            generate_series(
                date_trunc('hour', start), stop - interval 1 microsecond, interval 1 hour
            )
        ) as hour
    from named
),

-- Of a query of several hours each has its part by the clock.
pieces as (
    select
        * exclude (start, stop, busy_us),
        coalesce(tags ->> '$.run', strftime(start, '%Y-%m-%d-') || md5(unit)[:8]) as run,
        start as came,
        greatest(start, hour) as since,
        least(stop, hour + interval 1 hour) as until,
        busy_us * (epoch_us(least(stop, hour + interval 1 hour)) - epoch_us(start))
        // (epoch_us(stop) - epoch_us(start))
        - busy_us * (epoch_us(greatest(start, hour)) - epoch_us(start))
        // (epoch_us(stop) - epoch_us(start)) as busy_us
    from hours
)

select
    min(x_line) as x_line,
    pipeline,
    run,
    part,
    -- Below 0 what began on the day before, of which that day's export may tell.
    (
        case when min(came) < date_trunc('day', hour) then -1 else 1 end * (
            dense_rank() over (partition by pipeline, run, part order by unit) * 100000
            + date_diff('hour', timestamp '2025-01-01', hour)
        )
    )::integer as slice,
    1 as try,
    state,
    min(since) as start,
    max(until) as stop,
    resource_id,
    1 as size,
    'machines' as size_unit,
    (sum(busy_us)::decimal(24, 0) * 0.000001)::decimal(18, 6) as busy_s,
    all_tags as tags
from pieces
group by pipeline, run, part, unit, state, hour, resource_id, all_tags
