-- connectors/runs/control.sql
-- How many rows the source holds. Grain: one row per table made and month.
-- Reads: source.
with lines as (
    select
        words(pipeline) as pipeline,
        words(run_id) as run,
        coalesce(words(part), 'run') as part,
        coalesce(whole(attempt), 1) as try,
        date_trunc('month', utc("start")) as month,
        list_concat(
            list_transform(
                list_concat(listed(feature), listed(features)),
                lambda name: 'feature:' || regexp_replace(name, '^feature:', '')
            ),
            list_transform(
                listed(model), lambda name: 'model:' || regexp_replace(name, '^model:', '')
            )
        ) as targets,
        [
            words(work_seconds), words(values_out), words(rows_out),
            words(bytes_out), words(columns_out), words(weight)
        ] as measured
    from source
),

tries as (
    select min(month) as month
    from lines
    group by pipeline, run, part, try
),

-- One row per thing made in a month: how many measures it has; with none it is `made`.
things as (
    select
        month,
        sum((measured[1] is not null)::integer) > 0 as has_work,
        sum((measured[2] is not null)::integer) > 0 as has_values,
        sum((measured[3] is not null)::integer) > 0 as has_rows,
        sum((measured[4] is not null)::integer) > 0 as has_bytes,
        sum((measured[5] is not null)::integer) > 0 as has_columns,
        sum((measured[6] is not null)::integer) > 0 as has_weight,
        sum((len(list_filter(measured, lambda one: one is not null)) = 0)::integer) > 0 as has_none
    from (
        select pipeline, run, part, month, unnest(targets) as target, measured from lines
    ) as made
    group by pipeline, run, part, month, target
)

select 'attempts' as makes, strftime(month, '%Y-%m') as period, count(*)::bigint as rows
from tries
group by month
union all
select
    'outputs' as makes,
    strftime(month, '%Y-%m') as period,
    sum(
        has_work::integer + has_values::integer + has_rows::integer + has_bytes::integer
        + has_columns::integer + has_weight::integer + has_none::integer
    )::bigint as rows
from things
group by month
order by makes, period
