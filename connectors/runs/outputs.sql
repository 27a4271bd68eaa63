-- connectors/runs/outputs.sql
-- What the parts of runs made. Grain: one row per (pipeline, run, part, month, target, measure).
-- Reads: source. A line that names several targets measures them together: each has an even part.
-- `start` is not kept: it says to which month an output belongs.
with lines as (
    select
        x_line,
        words(pipeline) as pipeline,
        words(run_id) as run,
        coalesce(words(part), 'run') as part,
        utc("start") as start,
        list_concat(
            list_transform(
                list_distinct(list_concat(listed(feature), listed(features))),
                lambda name: 'feature:' || regexp_replace(name, '^feature:', '')
            ),
            list_transform(
                listed(model),
                lambda name: 'model:' || regexp_replace(name, '^model:', '')
            )
        ) as targets,
        quantity(work_seconds) as work_s,
        quantity(values_out) as values_out,
        quantity(rows_out) as rows_out,
        quantity(bytes_out) as bytes_out,
        quantity(columns_out) as columns_out,
        quantity(weight) as weight
    from source
),

measured as (
    select
        x_line,
        pipeline,
        run,
        part,
        start,
        targets,
        unnest(
            list_filter(
                [
                    {'measure': 'work_s', 'amount': work_s},
                    {'measure': 'values', 'amount': values_out},
                    {'measure': 'rows', 'amount': rows_out},
                    {'measure': 'bytes', 'amount': bytes_out},
                    {'measure': 'columns', 'amount': columns_out},
                    {'measure': 'declared', 'amount': weight},
                    {
                        'measure': 'made',
                        'amount': case
                            when coalesce(
                                work_s, values_out, rows_out, bytes_out, columns_out, weight
                            ) is null then 1
                        end
                    }
                ],
                lambda one: one.amount is not null
            ),
            recursive := true
        )
    from lines
),

-- One row per line, target and measure.
made as (
    select
        x_line,
        pipeline,
        run,
        part,
        start,
        unnest(targets) as target,
        measure,
        case
            when measure in ('made', 'declared') or len(targets) = 1 then amount
            else ((amount * 1000000)::hugeint // len(targets))::decimal(38, 0) * 0.000001
        end as amount
    from measured
)

-- A negative amount is an error, which no sum may hide.
select
    case when min(amount) < 0 then arg_min(x_line, amount) else min(x_line) end as x_line,
    pipeline,
    run,
    part,
    target,
    measure,
    case
        when min(amount) < 0 then min(amount)
        when measure in ('made', 'declared') then max(amount)
        else sum(amount)
    end as quantity,
    min(start) as start
from made
group by pipeline, run, part, target, measure, date_trunc('month', start)
