-- connectors/dagster/outputs.sql
-- The assets that steps made, by their rows, and by values where their columns are known.
-- Grain: one row per (run, step, asset, measure). Reads: materialised.
-- `start` is not kept: it says to which month an output belongs.
with whole as (
    select
        min(x_line) as x_line,
        pipeline,
        run_id,
        part,
        asset,
        min(coalesce(start, heard)) as start,
        sum(quantity(row_count)) as row_count,
        sum(quantity(row_count) * column_count) as value_count
    from materialised
    group by pipeline, run_id, part, asset
)

select
    x_line,
    pipeline,
    run_id as run,
    part,
    'table:' || asset as target,
    unnest(
        list_filter(
            [
                {'measure': 'rows', 'quantity': row_count},
                {'measure': 'values', 'quantity': nullif(value_count, 0)},
                {'measure': 'made', 'quantity': case when row_count is null then 1 end}
            ],
            lambda one: one.quantity is not null
        ),
        recursive := true
    ),
    start
from whole
