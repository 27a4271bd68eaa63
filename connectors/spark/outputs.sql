-- connectors/spark/outputs.sql
-- What the queries of an application wrote: rows, bytes, values (rows by the columns that were worked
-- out and not only passed on) and the work it took.
-- Grain: one row per (application, part, output, measure). Reads: source, one event a line;
-- applications, pieces.
-- An output is a feature by the last word of its path or table. With `split_by` the whole application
-- is one part, of which that measure alone counts. What a try wrote that was tried again, or a job that
-- failed, counts 0. `start` is not kept.
with
-- What a query wrote: a path, or a table.
queries as (
    select
        x_log,
        execution_id as execution,
        coalesce(execution_root, execution_id) as root,
        -- Of the columns that a query writes those count that it did not read as they are: ids say so.
        nullif(
            regexp_extract(
                plan,
                '\(\d+\) (?:WriteFiles|Execute \w+Command|Execute InsertIntoHiveTable|AppendData'
                '|OverwriteByExpression|OverwritePartitionsDynamic|ReplaceData)[^\n]*\n'
                'Input \[([1-9]\d*)\]: \[[^\n]*\]',
                1
            ),
            ''
        )::bigint as width,
        regexp_extract_all(
            regexp_extract(
                plan,
                '\(\d+\) (?:WriteFiles|Execute \w+Command|Execute InsertIntoHiveTable|AppendData'
                '|OverwriteByExpression|OverwritePartitionsDynamic|ReplaceData)[^\n]*\n'
                'Input \[[1-9]\d*\]: \[([^\n]*)\]',
                1
            ),
            '#(\d+)L?(?:, |$)',
            1
        ) as writes,
        regexp_extract_all(
            array_to_string(
                regexp_extract_all(
                    plan, '\(\d+\) (?:Batch)?Scan [^\n]*\nOutput \[\d+\]: \[([^\n]*)\]', 1
                ),
                ', '
            ),
            '#(\d+)L?(?:, |$)',
            1
        ) as reads,
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
        coalesce(
            nullif(q.width - len(list_intersect(q.writes, q.reads)), 0), q.width
        ) as width,
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
        w.width,
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
        width
    from jobs
),

ended as (
    select x_log, whole(job) as job, max(job_result) as result
    from source
    where event = 'SparkListenerJobEnd'
    group by x_log, job
),

-- What jobs of several parts use is made for none of them alone.
used as (
    select
        s.x_log,
        s.stage,
        min(s.part) as part,
        arg_min(s.output, s.job) filter (s.output is not null) as output,
        arg_min(s.width, s.job) filter (s.output is not null) as width,
        bool_and(coalesce(e.result = 'JobFailed', false)) as in_vain
    from stages_of as s
    left join ended as e on s.x_log = e.x_log and s.job = e.job
    group by s.x_log, s.stage
    having count(s.output) > 0 and count(distinct s.part) < 2
),

stages as (
    select
        x_log,
        stage,
        min(x_line) as x_line,
        sum(work)::bigint as busy,
        sum(rows_out)::bigint as rows_out,
        sum(bytes_out)::bigint as bytes_out
    from pieces
    group by x_log, stage
),

kept as (
    select
        s.x_log,
        s.stage,
        s.x_line,
        s.busy,
        case when u.in_vain or a.number < a.last then s.rows_out * 0 else s.rows_out end as rows_out,
        case when u.in_vain or a.number < a.last then s.bytes_out * 0 else s.bytes_out end
            as bytes_out,
        u.part,
        u.output,
        u.width,
        a.pipeline,
        a.run,
        words(a.split_by) as split_by,
        a.start_ms,
        a.task_cores
    from stages as s
    inner join used as u on s.x_log = u.x_log and s.stage = u.stage
    inner join (select *, max(number) over (partition by run) as last from applications) as a
        on s.x_log = a.x_log
),

made as (
    select
        min(x_line) as x_line,
        pipeline,
        run,
        case when split_by is null then part else 'application' end as part,
        output,
        split_by,
        min(start_ms) as start_ms,
        sum(busy * task_cores)::bigint as core_ms,
        sum(rows_out)::bigint as rows_out,
        sum(bytes_out)::bigint as bytes_out,
        case when count(width) = count(*) then sum(rows_out * width)::bigint end as values_out
    from kept
    group by pipeline, run, case when split_by is null then part else 'application' end, output,
        split_by
),

measured as (
    select
        x_line,
        pipeline,
        run,
        part,
        'feature:' || output as target,
        split_by,
        make_timestamp_ms(start_ms) as start,
        unnest(['work_s', 'rows', 'bytes', 'values']) as measure,
        unnest([core_ms * 0.001::decimal(4, 3), rows_out, bytes_out, values_out]) as quantity
    from made
)

select * exclude (split_by)
from measured
where quantity is not null and measure = coalesce(split_by, measure)
