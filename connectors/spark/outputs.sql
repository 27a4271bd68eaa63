-- connectors/spark/outputs.sql
-- What the queries of an application wrote: rows, bytes, values (rows by the columns that were worked
-- out and not only passed on) and the work it took.
-- Grain: one row per (application, part, output, measure). Reads: source, one event a line;
-- applications, stages, pieces.
-- An output is a feature by the last word of its path or table. With `split_by` the whole application
-- is one part, of which that measure alone counts. What a try wrote that was tried again, or a job that
-- failed, counts 0. `start` is not kept.
with summed as (
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
    from summed as s
    -- What jobs of several parts use is made for none of them alone.
    inner join stages as u on s.x_log = u.x_log and s.stage = u.stage and not u.is_shared
    inner join (select *, max(number) over (partition by run) as last from applications) as a
        on s.x_log = a.x_log
    where u.output is not null
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
