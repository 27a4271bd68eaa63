-- connectors/spark/attempts.sql
-- The work of an application: what its tasks took, by part and hour, and what its executors were held
-- for beside that, as the part `executors`. Grain: one row per (try of an application, part, outcome,
-- clock hour); `slice` counts the hours from the application's first one.
-- Reads: source, one event a line; x_log is the log of one try of an application; applications, stages,
-- pieces.
-- A part is a job group, else a job description, else what the query wrote, else a stage. With
-- `split_by` the whole application is one part.
with named as (
    select * from applications where start_ms is not null
),

properties_of as (
    select
        x_log,
        properties,
        unnest(json_keys(properties)) as key
    from named
    where properties is not null
),

databricks_of as (
    select
        x_log,
        unnest(
            from_json(databricks_tags, '[{"key": "VARCHAR", "value": "VARCHAR"}]'), recursive := true
        )
    from named
    where json_valid(databricks_tags) and json_type(databricks_tags) = 'ARRAY'
),

-- Own properties, Kubernetes' labels and Databricks' tags are tags; the first of a name counts.
tags_of as (
    select
        x_log,
        1 as standing,
        regexp_extract(
            key,
            '^spark\.(?:costlens\.tag|app|kubernetes\.(?:driver|executor)\.label)\.(.+)$',
            1
        ) as key,
        json_extract_string(properties, '$."' || key || '"') as value
    from properties_of
    where
        regexp_matches(key, '^spark\.(costlens\.tag|app|kubernetes\.(driver|executor)\.label)\.')
        and not regexp_matches(
            key, '^spark\.app\.(id|name|startTime|submitTime|attempt\.id|initial\..*)$'
        )
    union all
    select x_log, 2, key, value
    from databricks_of
    union all
    select
        x_log,
        3,
        unnest(['app_id', 'app_attempt', 'user', 'queue', 'yarn_tags', 'ClusterName']),
        unnest(
            [run, number::varchar, words(app_user), yarn_queue, yarn_tags, databricks_name]
        )
    from named
),

tagged as (
    select x_log, to_json(map_from_entries(list({'k': key, 'v': value} order by key))) as tags
    from (
        select x_log, key, arg_min(value, (standing, value)) as value
        from tags_of
        where value is not null
        group by x_log, key
    )
    group by x_log
),

stage_names as (
    select x_log, whole(stage_of) as stage, left(max(stage_name), 200) as stage_name
    from source
    where stage_of is not null
    group by x_log, stage_of
),

-- From when to when an application had an executor; out of its own time no clock is believed.
executors as (
    select
        s.x_log,
        s.executor,
        min(s.x_line) as x_line,
        max(whole(s.cores)) as cores,
        least(
            greatest(
                min(whole(s.moment)) filter (s.event = 'SparkListenerExecutorAdded'), any_value(a.start_ms)
            ),
            any_value(a.stop_ms)
        ) as lo,
        greatest(
            least(
                coalesce(
                    max(whole(s.moment)) filter (s.event = 'SparkListenerExecutorRemoved'),
                    any_value(a.stop_ms)
                ),
                any_value(a.stop_ms)
            ),
            any_value(a.start_ms)
        ) as hi
    from source as s
    inner join named as a on s.x_log = a.x_log
    where s.event in ('SparkListenerExecutorAdded', 'SparkListenerExecutorRemoved')
    group by s.x_log, s.executor
    having count(*) filter (s.event = 'SparkListenerExecutorAdded') > 0
),

held as (
    select
        x_log,
        executor,
        hour,
        x_line,
        greatest(lo, hour * 3600000) as lo,
        least(hi, (hour + 1) * 3600000) as hi,
        cores * (least(hi, (hour + 1) * 3600000) - greatest(lo, hour * 3600000)) as core_ms
    from (
        select *, unnest(range(lo // 3600000, (hi - 1) // 3600000 + 1)) as hour
        from executors
        where hi > lo
    )
),

taken as (
    select p.x_log, p.executor, p.hour, sum(p.busy * a.task_cores) as core_ms
    from pieces as p
    inner join named as a on p.x_log = a.x_log
    group by p.x_log, p.executor, p.hour
),

work as (
    select
        p.x_log,
        case
            when u.is_shared then 'shared'
            else coalesce(u.part, words(n.stage_name), 'stage ' || p.stage)
        end as part,
        case when p.outcome = 'succeeded' and u.in_vain then 'failed' else p.outcome end as outcome,
        p.hour,
        p.x_line,
        p.lo,
        p.hi,
        p.busy * a.task_cores as core_ms
    from pieces as p
    inner join named as a on p.x_log = a.x_log
    left join stages as u on p.x_log = u.x_log and p.stage = u.stage
    left join stage_names as n on p.x_log = n.x_log and p.stage = n.stage
    union all
    select
        h.x_log,
        'executors',
        'succeeded',
        h.hour,
        h.x_line,
        h.lo,
        h.hi,
        h.core_ms - coalesce(t.core_ms, 0)
    from held as h
    left join taken as t on h.x_log = t.x_log and h.executor = t.executor and h.hour = t.hour
    where h.core_ms > coalesce(t.core_ms, 0)
),

told as (
    select
        a.x_log,
        case when words(a.split_by) is null then w.part else 'application' end as part,
        w.outcome,
        w.hour,
        min(w.x_line) as x_line,
        min(w.lo) as lo,
        max(w.hi) as hi,
        sum(w.core_ms)::bigint as core_ms
    from work as w
    inner join named as a on w.x_log = a.x_log
    group by a.x_log, case when words(a.split_by) is null then w.part else 'application' end,
        w.outcome, w.hour
)

-- An application that is tried again did its work in vain before.
select
    t.x_line,
    a.pipeline,
    a.run,
    t.part,
    t.hour - min(t.hour) over (partition by t.x_log) + 1 as slice,
    3 * a.number + case t.outcome when 'killed' then -2 when 'failed' then -1 else 0 end as try,
    a.parent,
    case
        when a.number < max(a.number) over (partition by a.run) and t.outcome = 'succeeded'
            then 'failed'
        else t.outcome
    end as state,
    make_timestamp_ms(t.lo) as start,
    make_timestamp_ms(t.hi) as stop,
    a.place as resource_id,
    1 as size,
    'slots' as size_unit,
    t.core_ms * 0.001::decimal(4, 3) as busy_s,
    g.tags::varchar as tags
from told as t
inner join named as a on t.x_log = a.x_log
left join tagged as g on t.x_log = g.x_log
