-- connectors/openlineage/links.sql
-- What feeds what: what a run or job reads feeds what it writes; where it writes several things, only
-- those that columns directly came from, where it says so. Views feed the services of Feast.
-- Grain: one row per (from, to). Reads: datasets.
with written as (
    select *
    from datasets
    where role = 'output' and stored_view is null and service is null and not is_view
),

-- A job without a run is known by its name.
counted as (
    select run_id, job_name, count(distinct node) as outputs
    from written
    group by run_id, job_name
),

direct as (
    select w.x_line, c.node as from_node, w.node as to_node, w.heard
    from written as w
    inner join datasets as c on w.x_line = c.x_line and c.role = 'column'
),

edges as (
    select x_line, from_node, to_node, heard, 'openlineage.column_lineage' as seen_as
    from direct
    union all
    select w.x_line, r.node, w.node, w.heard, 'openlineage.inputs'
    from written as w
    inner join counted as c
        on w.run_id is not distinct from c.run_id and w.job_name is not distinct from c.job_name
    inner join datasets as r
        on
            w.run_id is not distinct from r.run_id
            and w.job_name is not distinct from r.job_name
            and r.role = 'input'
            and not r.is_entity
            and not r.is_view
    where c.outputs = 1 or w.node not in (select to_node from direct)
    union all
    select
        x_line,
        'feature:' || unnest(listed(served_views)),
        'service:' || service,
        heard,
        'openlineage.feast'
    from datasets
    where role = 'output' and service is not null
)

select
    min(x_line) as x_line,
    from_node,
    to_node,
    'feeds' as kind,
    min(heard) as seen,
    min(seen_as) as seen_as
from edges
where from_node <> to_node
group by from_node, to_node
