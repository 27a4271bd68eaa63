-- connectors/dbt/outputs.sql
-- What nodes make: models, seeds and snapshots a table, tests serve the tables they test.
-- Grain: one row per (invocation, node, table, measure). Reads: results, nodes, catalog.
-- `start` is not kept: it says to which month an output belongs.
with told as (
    select
        x_line,
        invocation_id,
        unique_id,
        words(status) as status,
        utc(generated_at) as generated,
        quantity(execution_time) as took_s,
        list_filter(
            json_extract_string(timing, '$[*].started_at'), lambda text: text is not null
        ) as starts,
        list_filter(
            json_extract_string(timing, '$[*].completed_at'), lambda text: text is not null
        ) as stops,
        quantity(rows_affected) as row_count
    from results
    qualify row_number() over (partition by invocation_id, unique_id order by x_line) = 1
),

ran as (
    select
        *,
        split_part(unique_id, '.', 1) as kind,
        coalesce(
            list_min(list_transform(starts, lambda text: utc(text))),
            coalesce(list_max(list_transform(stops, lambda text: utc(text))), generated)
            - to_microseconds((took_s * 1000000)::bigint)
        ) as start
    from told
    where coalesce(run_state(status), '') <> 'skipped'
),

-- As the newest manifest says that has the node.
made_of as (
    select unique_id, arg_max(listed(parents), utc(generated_at)) as parents
    from nodes
    group by unique_id
),

widths as (
    select unique_id, arg_max(len(json_keys(columns)), utc(generated_at)) as column_count
    from catalog
    group by unique_id
),

made as (
    select x_line, invocation_id, unique_id, start, unique_id as made_id, row_count
    from ran
    where kind in ('model', 'seed', 'snapshot')
    union all
    select r.x_line, r.invocation_id, r.unique_id, r.start, unnest(m.parents), null
    from ran as r
    inner join made_of as m on r.unique_id = m.unique_id
    where r.kind in ('test', 'unit_test')
),

-- A warehouse that does not count the rows says -1.
measured as (
    select
        m.* exclude (row_count),
        unnest(
            list_filter(
                [
                    {
                        'measure': 'rows',
                        'amount': case when m.row_count >= 0 then m.row_count end
                    },
                    {
                        'measure': 'values',
                        'amount': case when m.row_count >= 0 then m.row_count * w.column_count end
                    },
                    {
                        'measure': 'made',
                        'amount': case when coalesce(m.row_count, -1) < 0 then 1 end
                    }
                ],
                lambda one: one.amount is not null
            ),
            recursive := true
        )
    from made as m
    left join widths as w on m.made_id = w.unique_id
)

select
    x_line,
    split_part(unique_id, '.', 2) as pipeline,
    invocation_id as run,
    regexp_replace(unique_id, '^([^.]+)\.[^.]+\.', '\1.') as part,
    'table:' || made_id as target,
    measure,
    amount as quantity,
    start
from measured
