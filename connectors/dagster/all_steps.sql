-- connectors/dagster/all_steps.sql
-- The steps of all runs as GraphQL tells them; those of a database are made of its events. A try
-- that nothing closes ends with the next one, or with its run.
-- Grain: one row per (run, step). Reads: steps, event_logs, run_tags.
with events as (
    select
        x_line,
        run_id,
        words(step_key) as step,
        replace(dagster_event_type, 'PIPELINE_', 'RUN_') as kind,
        words(partition) as partition,
        coalesce(event ->> '$.timestamp', words("timestamp")) as heard,
        event ->> '$.pipeline_name' as job,
        event
    from event_logs
    where
        dagster_event_type in (
            'STEP_START', 'STEP_RESTARTED', 'STEP_UP_FOR_RETRY', 'STEP_SUCCESS', 'STEP_FAILURE', 'STEP_SKIPPED',
            'PIPELINE_SUCCESS', 'PIPELINE_FAILURE', 'PIPELINE_CANCELED', 'RUN_SUCCESS', 'RUN_FAILURE',
            'RUN_CANCELED', 'ASSET_MATERIALIZATION', 'ASSET_MATERIALIZATION_PLANNED'
        )
    -- index.db has some of what stands in the database of a run.
    qualify row_number() over (partition by run_id, dagster_event_type, event order by x_line) = 1
),

ended as (
    select
        run_id,
        max(heard) as heard,
        max(instant(heard)) as stop,
        arg_max(substr(kind, 5), instant(heard)) as status
    from events
    where kind in ('RUN_SUCCESS', 'RUN_FAILURE', 'RUN_CANCELED')
    group by run_id
),

moves as (
    select
        *,
        kind in ('STEP_START', 'STEP_RESTARTED') as opens,
        lag(kind in ('STEP_START', 'STEP_RESTARTED'), 1, false) over in_order as is_open,
        lead(heard) over in_order as next_heard
    from (select *, instant(heard) as at_time from events where step is not null and starts_with(kind, 'STEP_'))
    window in_order as (partition by run_id, step order by at_time, x_line)
),

-- What closes a step that never opened is a try of no time.
tries as (
    select
        m.x_line,
        m.run_id,
        m.step,
        m.job,
        m.at_time,
        m.opens,
        m.heard as start,
        case
            when not m.opens then m.heard
            when m.next_heard is not null then m.next_heard
            when e.stop >= m.at_time then e.heard
        end as stop
    from moves as m
    left join ended as e on m.run_id = e.run_id
    where m.opens or not m.is_open
),

closed as (
    select
        m.run_id,
        m.step,
        case
            when not arg_max(m.opens, (m.at_time, m.x_line)) then substr(arg_max(m.kind, (m.at_time, m.x_line)), 6)
            when max(e.stop) < max(m.at_time) or max(e.stop) is null then 'IN_PROGRESS'
            when max(e.status) = 'CANCELED' then 'CANCELED'
            else 'FAILURE'
        end as status
    from moves as m
    left join ended as e on m.run_id = e.run_id
    group by m.run_id, m.step
),

told as (
    select
        min(x_line) as x_line,
        run_id,
        step,
        any_value(job) as job,
        arg_min(start, (at_time, x_line)) filter (opens) as start_time,
        arg_max(stop, (at_time, x_line)) as end_time,
        to_json(list({'startTime': start, 'endTime': stop} order by at_time, x_line))::varchar as attempts
    from tries
    group by run_id, step
),

made as (
    select
        run_id,
        step,
        to_json(
            list(
                {
                    'assetKey': {'path': json_extract(what, '$.asset_key.path')},
                    'timestamp': heard,
                    'metadataEntries': list_transform(
                        json_extract(what, '$.metadata_entries[*]'),
                        lambda entry: {
                            'label': json_extract_string(entry, '$.label'),
                            'intValue': json_extract(entry, '$.entry_data.value'),
                            'schema': json_extract(entry, '$.entry_data.schema'),
                            'lineage': [
                                {
                                    'columnDeps': list_transform(
                                        json_extract(
                                            entry,
                                            '$.entry_data.column_lineage.deps_by_column.*[*].asset_key'
                                        ),
                                        lambda source: {'assetKey': source}
                                    )
                                }
                            ]
                        }
                    )
                }
                order by x_line
            )
        )::varchar as materializations
    from (
        select
            *,
            json_extract(event, '$.dagster_event.event_specific_data.materialization') as what
        from events
        where kind = 'ASSET_MATERIALIZATION' and step is not null
    )
    group by run_id, step
),

planned as (
    select
        run_id,
        step,
        list(distinct array_to_string(json_extract_string(what, '$.path[*]'), '/')) as planned
    from (
        select
            *,
            json_extract(event, '$.dagster_event.event_specific_data.asset_key') as what
        from events
        where kind = 'ASSET_MATERIALIZATION_PLANNED' and step is not null
    )
    group by run_id, step
),

-- Without its tags, a run of one partition is known to be of it.
partitions as (
    select run_id, 'dagster/partition' as key, min(partition) as value
    from events
    where partition is not null
    group by run_id
    having count(distinct partition) = 1
),

tags as (
    select run_id, to_json(map_from_entries(list({'k': key, 'v': value} order by key)))::varchar as tags
    from (
        select run_id, key, min(value) as value
        from (
            select run_id, key, value from run_tags
            union all
            select * from partitions
        )
        group by run_id, key
    )
    group by run_id
),

all_steps as (
    select
        x_line,
        run_id,
        stepKey,
        status,
        startTime,
        endTime,
        attempts,
        materializations,
        null::varchar[] as planned,
        job,
        tags
    from steps
    union all
    select
        t.x_line,
        t.run_id,
        t.step,
        c.status,
        t.start_time,
        t.end_time,
        t.attempts,
        m.materializations,
        p.planned,
        t.job,
        g.tags
    from told as t
    inner join closed as c on t.run_id = c.run_id and t.step = c.step
    left join made as m on t.run_id = m.run_id and t.step = m.step
    left join planned as p on t.run_id = p.run_id and t.step = p.step
    left join tags as g on t.run_id = g.run_id
)

select *
from all_steps
-- A page that was kept twice tells nothing twice.
qualify row_number() over (partition by run_id, stepKey order by endTime desc nulls last, x_line) = 1
