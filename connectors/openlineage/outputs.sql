-- connectors/openlineage/outputs.sql
-- What runs made: the datasets that their events name as written, with their rows, values and bytes
-- where any event counts them; a test serves what it tests, a materialisation of Feast its views.
-- What an event counts is the sum until then: the greatest is the whole.
-- Grain: one row per (run, part, target, measure). Reads: runs, datasets.
-- `start` is not kept: it says to which month an output belongs.
with made as (
    select
        min(d.x_line) as x_line,
        r.pipeline,
        r.run,
        r.part,
        d.node as target,
        min(r.start) as start,
        max(d.row_count) as row_count,
        max(d.row_count) * max(d.column_count) as value_count,
        max(d.bytes) as bytes
    from datasets as d
    inner join runs as r on d.run_id = r.run_id and (r.run_key = r.run_id or d.job_name = r.job_name)
    where
        r.kind not in ('holder', 'statement')
        and case
            when d.role = 'output' then not d.is_view and d.service is null
            else d.role = 'input' and r.kind = 'node' and r.job_type = 'TEST'
        end
    group by r.run_key, r.pipeline, r.run, r.part, d.node
),

-- The tries and slices of a part make a thing together.
whole as (
    select
        min(x_line) as x_line,
        pipeline,
        run,
        part,
        target,
        min(start) as start,
        sum(row_count) as row_count,
        sum(value_count) as value_count,
        sum(bytes) as bytes
    from made
    group by pipeline, run, part, target
)

select
    x_line,
    pipeline,
    run,
    part,
    target,
    unnest(
        list_filter(
            [
                {'measure': 'rows', 'quantity': row_count},
                {'measure': 'values', 'quantity': nullif(value_count, 0)},
                {'measure': 'bytes', 'quantity': bytes},
                {
                    'measure': 'made',
                    'quantity': case when row_count is null and bytes is null then 1 end
                }
            ],
            lambda one: one.quantity is not null
        ),
        recursive := true
    ),
    start
from whole
