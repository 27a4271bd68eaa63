-- connectors/openlineage/control.sql
-- How many runs the events tell of that did work, what these made by how many measures, and how many
-- edges there are. Grain: one row per table made and month. Reads: runs, datasets.
with worked as (
    select
        run_id,
        case when run_key <> run_id then job_name end as job_name,
        pipeline || '/' || run || '/' || part as place,
        kind = 'node' and job_type = 'TEST' as is_test,
        start
    from runs
    where kind not in ('holder', 'statement')
),

made as (
    select
        min(w.start) as start,
        greatest(
            bool_or(d.row_count is not null)::int
            + coalesce(bool_or(d.row_count > 0) and bool_or(d.column_count > 0), false)::int
            + bool_or(d.bytes is not null)::int,
            1
        ) as measures
    from datasets as d
    inner join worked as w on d.run_id = w.run_id and coalesce(w.job_name, d.job_name) = d.job_name
    where
        (d.role = 'output' and not d.is_view and d.service is null)
        or (d.role = 'input' and w.is_test)
    group by w.place, d.node
),

wrote as (
    select run_id, job_name, list(distinct node) as nodes
    from datasets
    where role = 'output' and stored_view is null and service is null and not is_view
    group by all
),

alone as (
    select node
    from (select unnest(nodes) as node from wrote)
    where node not in (
        select o.node
        from datasets as o
        inner join datasets as c on o.x_line = c.x_line
        where o.role = 'output' and c.role = 'column'
    )
),

pairs as (
    select [c.node, o.node] as edge, o.heard
    from datasets as o
    inner join datasets as c on o.x_line = c.x_line and c.role = 'column'
    where o.role = 'output' and o.stored_view is null and o.service is null and not o.is_view
    union all
    select [i.node, o.node], o.heard
    from datasets as o
    inner join wrote as w
        on o.run_id is not distinct from w.run_id and o.job_name is not distinct from w.job_name
    inner join datasets as i
        on o.run_id is not distinct from i.run_id and o.job_name is not distinct from i.job_name
    where
        o.role = 'output'
        and i.role = 'input'
        and not i.is_entity
        and not i.is_view
        and list_contains(w.nodes, o.node)
        and (len(w.nodes) = 1 or o.node in (select node from alone))
    union all
    select [unnest(listed(served_views)), service], heard
    from datasets
    where role = 'output' and service is not null
),

seen as (
    select min(heard) as seen
    from pairs
    where edge[1] <> edge[2]
    group by edge
)

select 'attempts' as makes, strftime(start, '%Y-%m') as period, count(*)::bigint as rows
from worked
group by period
union all
select 'outputs' as makes, strftime(start, '%Y-%m') as period, sum(measures)::bigint as rows
from made
group by period
union all
select 'links' as makes, strftime(seen, '%Y-%m') as period, count(*)::bigint as rows
from seen
group by period
order by makes, period
