-- Which weight splits the parts of a run that made several things: one kind per run, never mixed.
-- Work seconds, then values, rows, bytes; then lineage columns; then declared; else even.
-- Grain: one row per (source, execution) with such a part. Reads: part_targets.
with parts as (
    select
        source,
        execution,
        part,
        count(work_s) = count(*) and sum(work_s) > 0 as has_work_s,
        count(value_count) = count(*) and sum(value_count) > 0 as has_values,
        count(row_count) = count(*) and sum(row_count) > 0 as has_rows,
        count(bytes) = count(*) and sum(bytes) > 0 as has_bytes,
        count(column_count) = count(*) and sum(column_count) > 0 as has_columns,
        count(declared) = count(*) and sum(declared) > 0 as has_declared
    from part_targets
    group by all
    having count(*) > 1
)

select
    source,
    execution,
    case
        when bool_and(has_work_s) then 'work_s'
        when bool_and(has_values) then 'values'
        when bool_and(has_rows) then 'rows'
        when bool_and(has_bytes) then 'bytes'
        when bool_and(has_columns) then 'columns'
        when bool_and(has_declared) then 'declared'
        else 'even'
    end as kind
from parts
group by all
