-- connectors/spark/control.sql
-- How many rows the logs make. Grain: one row per table made and month.
-- Reads: source alone, not what the tables are made of. Counted by tasks that are alike and by hour.
with applications as (
    select
        x_log,
        max(split_by) as split_by,
        coalesce(
            max(app_name),
            max(json_extract_string(properties, '$."spark.app.name"')),
            max(app_id),
            max(json_extract_string(properties, '$."spark.app.id"')),
            x_log
        ) as pipeline,
        coalesce(
            max(app_id),
            max(json_extract_string(properties, '$."spark.app.id"')),
            x_log
        ) as run,
        coalesce(
            max(try_cast(json_extract_string(properties, '$."spark.task.cpus"') as integer)), 1
        ) as task_cores,
        min(whole(moment)) filter (event = 'SparkListenerApplicationStart') as said_start,
        least(min(whole(job_start)), min(whole(launch))) as first_ms,
        max(whole(moment)) filter (event = 'SparkListenerApplicationEnd') as said_stop,
        greatest(max(whole(job_start)), max(whole(job_stop)), max(whole(finish))) as last_ms
    from source
    group by x_log
),

windows as (
    select
        *,
        coalesce(said_start, first_ms) as start_ms,
        greatest(
            coalesce(said_start, first_ms),
            case when said_stop >= coalesce(said_start, first_ms) then said_stop else last_ms end
        ) as stop_ms
    from applications
),

-- What a query wrote: a path, or a table.
queries as (
    select
        x_log,
        execution_id as execution,
        coalesce(execution_root, execution_id) as root,
        regexp_matches(
            plan,
            '\(\d+\) (?:WriteFiles|Execute \w+Command|Execute InsertIntoHiveTable|AppendData'
            '|OverwriteByExpression|OverwritePartitionsDynamic|ReplaceData)[^\n]*\n'
            'Input \[[1-9]\d*\]: '
        ) as has_width,
        coalesce(
            nullif(regexp_extract(plan, 'IcebergWrite\(table=([^,)\s]+)', 1), ''),
            nullif(
                regexp_extract(
                    plan,
                    '(?:InsertIntoHiveTable|Create(?:DataSource|Hive)TableAsSelectCommand)'
                    '(?:\n *Input[^\n]*\n *Arguments:)? +((?:`[^`\n]+`\.?)+)',
                    1
                ),
                ''
            ),
            nullif(
                regexp_extract(
                    plan,
                    'InsertIntoHadoopFsRelationCommand(?:\n *Input[^\n]*\n *Arguments:)?'
                    ' +(\w[\w+.-]*:/[^,\]\n]+|/[^,\]\n]+)',
                    1
                ),
                ''
            ),
            nullif(
                regexp_extract(
                    plan,
                    'SaveIntoDataSourceCommand [^\n]*?[\[(, ]path(?: -> |=)([^,\])\n]+)',
                    1
                ),
                ''
            )
        ) as wrote
    from source
    where event = 'org.apache.spark.sql.execution.ui.SparkListenerSQLExecutionStart'
),

written as (
    select
        q.x_log,
        q.execution,
        q.has_width,
        -- The last word, without partitions and endings.
        regexp_extract(
            regexp_replace(
                replace(coalesce(q.wrote, r.wrote), '`', ''), '(/[^/]*=[^/]*)+/*$|/+$', ''
            ),
            '([^/.]+)(?:\.(?:parquet|orc|avro|csv|json|delta))?$',
            1
        ) as output
    from queries as q
    left join queries as r on q.x_log = r.x_log and q.root = r.execution
),

-- Ids that Spark makes for itself, as for a broadcast, name nothing.
jobs as (
    select
        s.x_log,
        s.job,
        s.job_stages,
        nullif(w.output, '') as output,
        w.has_width,
        coalesce(
            case
                when not regexp_matches(s.job_group, '[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}')
                    then left(nullif(trim(s.job_group), ''), 200)
            end,
            case
                when
                    not regexp_matches(
                        s.description, '^id = |[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}.*$'
                    )
                    then left(nullif(trim(split_part(s.description, chr(10), 1)), ''), 200)
            end,
            nullif(w.output, '')
        ) as part
    from source as s
    left join written as w on s.x_log = w.x_log and s.execution = w.execution
    where s.event = 'SparkListenerJobStart'
),

stages_of as (
    select
        x_log,
        whole(unnest(json_extract_string(job_stages, '$[*]'))) as stage,
        whole(job) as job,
        part,
        output,
        has_width
    from jobs
),

ended as (
    select x_log, whole(job) as job, max(job_result) as result
    from source
    where event = 'SparkListenerJobEnd'
    group by x_log, job
),

used as (
    select
        s.x_log,
        s.stage,
        case when count(distinct s.part) > 1 then 'shared' else min(s.part) end as part,
        case
            when count(distinct s.part) < 2
                then arg_min(s.output, s.job) filter (s.output is not null)
        end as output,
        arg_min(s.has_width, s.job) filter (s.output is not null) as has_width,
        count(*) = count(*) filter (e.result = 'JobFailed') as in_vain
    from stages_of as s
    left join ended as e on s.x_log = e.x_log and s.job = e.job
    group by s.x_log, s.stage
),

stage_names as (
    select x_log, whole(stage_of) as stage, left(max(stage_name), 200) as stage_name
    from source
    where stage_of is not null
    group by x_log, stage_of
),

tasks as (
    select
        s.x_log,
        whole(s.stage) as stage,
        case
            when s.killed = 'true' then 'killed'
            when s.failed = 'true' then 'failed'
            else 'succeeded'
        end as outcome,
        coalesce(s.on_executor, '') as executor,
        s.rows_out is not null as has_rows,
        s.bytes_out is not null as has_bytes,
        a.start_ms,
        a.stop_ms,
        whole(s.launch) as launch,
        whole(s.finish) as finish,
        case
            when whole(s.run_ms) > 0 then whole(s.run_ms)
            when s.killed = 'true' or s.failed = 'true'
                then greatest(whole(s.finish) - whole(s.launch), 0)
            else 0
        end as busy
    from source as s
    inner join windows as a on s.x_log = a.x_log
    where
        s.event = 'SparkListenerTaskEnd'
        and s.reason is distinct from 'Resubmitted'
        and s.stage is not null
        and s.launch is not null
        and s.finish is not null
),

placed as (
    select
        *,
        launch <= finish and launch >= start_ms - 60000 and finish <= stop_ms + 60000 as has_clock
    from tasks
),

timed as (
    select
        *,
        case
            when not has_clock then least(busy, stop_ms - start_ms)
            when busy > finish - launch + 60000 then finish - launch
            else busy
        end as taken,
        case when has_clock then launch else greatest(start_ms, stop_ms - greatest(busy, 1)) end
            as lo,
        case when has_clock then greatest(finish, launch + 1) else greatest(stop_ms, start_ms + 1) end
            as hi
    from placed
),

-- Tasks alike, counted; those of one hour are alike whenever they ran in it.
alike as (
    select
        x_log,
        stage,
        outcome,
        executor,
        first_hour,
        last_hour,
        bool_or(has_rows) as has_rows,
        bool_or(has_bytes) as has_bytes,
        min(lo) as lo,
        max(hi) as hi,
        count(*) as tasks,
        sum(taken) as taken
    from (
        select *, lo // 3600000 as first_hour, (hi - 1) // 3600000 as last_hour
        from timed
    )
    group by
        x_log,
        stage,
        outcome,
        executor,
        first_hour,
        last_hour,
        case when first_hour < last_hour then (lo, hi, taken) end
),

in_hours as (
    select *, unnest(range(first_hour, last_hour + 1)) as hour
    from alike
),

spans as (
    select
        s.x_log,
        coalesce(s.executor, '') as executor,
        any_value(a.split_by) as split_by,
        max(whole(s.cores)) as cores,
        greatest(
            min(whole(s.moment)) filter (s.event = 'SparkListenerExecutorAdded'),
            any_value(a.start_ms)
        ) as lo,
        least(
            coalesce(
                max(whole(s.moment)) filter (s.event = 'SparkListenerExecutorRemoved'),
                any_value(a.stop_ms)
            ),
            any_value(a.stop_ms)
        ) as hi
    from source as s
    inner join windows as a on s.x_log = a.x_log
    where s.event in ('SparkListenerExecutorAdded', 'SparkListenerExecutorRemoved')
    group by s.x_log, coalesce(s.executor, '')
),

taken as (
    select
        t.x_log,
        t.executor,
        t.hour,
        sum(
            a.task_cores * case
                when t.first_hour = t.last_hour then t.taken
                else t.tasks * (
                    t.taken // t.tasks * (least(t.hi, (t.hour + 1) * 3600000) - t.lo)
                    // (t.hi - t.lo)
                    - t.taken // t.tasks * (greatest(t.lo, t.hour * 3600000) - t.lo)
                    // (t.hi - t.lo)
                )
            end
        ) as core_ms
    from in_hours as t
    inner join windows as a on t.x_log = a.x_log
    group by t.x_log, t.executor, t.hour
),

-- What a stage is a part of, and what it wrote.
parts as (
    select
        s.x_log,
        s.stage,
        case
            when words(a.split_by) is not null then 'application'
            else coalesce(u.part, words(n.stage_name), 'stage ' || s.stage)
        end as part,
        case when words(a.split_by) is null then u.part else 'application' end as made_by,
        u.output,
        u.has_width,
        coalesce(u.in_vain, false) as in_vain
    from (select distinct x_log, stage from alike) as s
    inner join windows as a on s.x_log = a.x_log
    left join used as u on s.x_log = u.x_log and s.stage = u.stage
    left join stage_names as n on s.x_log = n.x_log and s.stage = n.stage
),

-- The hours in which an executor had more core-milliseconds than its tasks took.
idle as (
    select
        h.x_log,
        case when words(h.split_by) is null then 'executors' else 'application' end as part,
        h.hour,
        greatest(h.lo, h.hour * 3600000) as lo
    from (
        select *, unnest(range(lo // 3600000, (hi - 1) // 3600000 + 1)) as hour
        from spans
        where lo < hi
    ) as h
    left join taken as t on h.x_log = t.x_log and h.executor = t.executor and h.hour = t.hour
    where
        h.cores * (least(h.hi, (h.hour + 1) * 3600000) - greatest(h.lo, h.hour * 3600000))
        > coalesce(t.core_ms, 0)
),

attempts as (
    select x_log, part, outcome, hour, min(lo) as lo
    from (
        select x_log, part, outcome, hour, greatest(min(lo), hour * 3600000) as lo
        from (
            select
                t.* exclude (outcome),
                p.part,
                case when t.outcome = 'succeeded' and p.in_vain then 'failed' else t.outcome end
                    as outcome
            from in_hours as t
            inner join parts as p on t.x_log = p.x_log and t.stage = p.stage
        )
        group by x_log, part, outcome, hour
        union all
        select x_log, part, 'succeeded', hour, lo
        from idle
    )
    group by x_log, part, outcome, hour
),

-- What a query wrote has its work, and the measures that any of its tasks tells.
outputs as (
    select
        a.pipeline,
        a.run,
        p.made_by,
        p.output,
        max(words(a.split_by)) as split_by,
        min(a.start_ms) as start_ms,
        1 as has_work,
        bool_or(t.has_rows)::integer as has_rows,
        bool_or(t.has_bytes)::integer as has_bytes,
        (bool_or(t.has_rows) and bool_and(p.has_width))::integer as has_values
    from alike as t
    inner join windows as a on t.x_log = a.x_log
    inner join parts as p on t.x_log = p.x_log and t.stage = p.stage
    where p.output is not null
    group by a.pipeline, a.run, p.made_by, p.output
)

select
    'attempts' as makes,
    strftime(make_timestamp_ms(lo), '%Y-%m') as period,
    count(*)::bigint as rows
from attempts
group by period
union all
select
    'outputs' as makes,
    strftime(make_timestamp_ms(start_ms), '%Y-%m') as period,
    sum(
        case split_by
            when 'work_s' then has_work
            when 'rows' then has_rows
            when 'bytes' then has_bytes
            when 'values' then has_values
            else has_work + has_rows + has_bytes + has_values
        end
    )::bigint as rows
from outputs
group by period
having rows > 0
order by makes, period
