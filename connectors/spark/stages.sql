-- connectors/spark/stages.sql
-- What the stages of an application are parts of, and what they wrote. A part is a job group, else a
-- job description, else what the query wrote; several jobs may share a stage.
-- Grain: one row per (log, stage) of a job. Reads: source.
-- `width` counts the columns that a query worked out and not only passed on. All is in vain where every
-- job of a stage failed.
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
)

select
    s.x_log,
    s.stage,
    min(s.part) as part,
    count(distinct s.part) > 1 as is_shared,
    arg_min(s.output, s.job) filter (s.output is not null) as output,
    arg_min(s.width, s.job) filter (s.output is not null) as width,
    bool_and(coalesce(e.result = 'JobFailed', false)) as in_vain
from stages_of as s
left join ended as e on s.x_log = e.x_log and s.job = e.job
group by s.x_log, s.stage
