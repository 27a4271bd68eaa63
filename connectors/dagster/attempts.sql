-- connectors/dagster/attempts.sql
-- Steps of runs with all their tries. A step without a start never ran.
-- Grain: one row per (run, step, try). Reads: all_steps.
with told as (
    select
        x_line,
        run_id,
        stepKey,
        words(status) as status,
        instant(startTime) as start_time,
        instant(endTime) as end_time,
        coalesce(words(job), run_id) as pipeline,
        json(tags) as tags,
        try(json_extract(attempts, '$[*]')) as tries
    from all_steps
),

tried as (
    select
        * exclude (tries),
        unnest(
            case when len(tries) > 0 then range(1, len(tries) + 1) else [1::bigint] end
        )::int as try,
        greatest(len(tries), 1) as last_try,
        tries
    from told
),

timed as (
    select
        * exclude (tries, start_time, end_time),
        coalesce(
            instant(tries[try] ->> '$.startTime'), case when try = 1 then start_time end
        ) as start,
        coalesce(
            instant(tries[try] ->> '$.endTime'), case when try = last_try then end_time end
        ) as stop
    from tried
)

select
    x_line,
    pipeline,
    run_id as run,
    regexp_replace(stepKey, '\[.*\]$', '') as part,
    -- `clean[3]` is one of the copies of a step that Dagster makes while it runs.
    case
        when suffix(stepKey, ']')
            then dense_rank() over (
                partition by run_id, regexp_replace(stepKey, '\[.*\]$', '') order by stepKey
            ) - 1
    end::int as slice,
    try,
    tags ->> '$."costlens/parent"' as parent,
    case when try < last_try then 'failed' else status end as state,
    start,
    stop,
    try_strptime(tags ->> '$."dagster/partition"', '%Y-%m-%d') as data_start,
    try_strptime(tags ->> '$."dagster/partition"', '%Y-%m-%d') + interval 1 day as data_stop,
    1 as size,
    'slots' as size_unit,
    json_merge_patch(
        coalesce(tags, '{}')::json, json_object('job', pipeline, 'step', stepKey, 'run_id', run_id)
    )::varchar as tags
from timed
where start is not null
