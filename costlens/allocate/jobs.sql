-- What each part of each run is a stage for. Grain: one row per job (source, pipeline, run, part, class).
-- `node` is what needs it in the graph: one target, a set of targets, or the pipeline; null: nobody.
-- `measured`: its cost is split by measure into one stage for each thing it made.
-- Reads: tries, part_weights, shared_sets, produces.
with made as (
    select
        source,
        execution,
        part,
        any_value(kind) as kind,
        count(*) as targets,
        min(target) as target,
        string_agg(target || '=' || weight, ';' order by target) as members
    from part_weights
    group by all
),

served as (
    select
        source,
        execution,
        string_agg(target || '=' || weight, ';' order by target) as members,
        count(*) as targets,
        min(target) as target
    from shared_sets
    group by all
),

shares_all as (
    select n.pipeline_node, n.part, arg_min(p.shared, p.position) as shared
    from (select distinct pipeline_node, part from tries) as n
    inner join produces as p
        on n.pipeline_node = p.node and regexp_full_match(n.part, p.part)
    group by all
),

distinct_jobs as (
    select distinct job, source, execution, run, part, class, pipeline_node
    from tries
)

select
    j.*,
    j.pipeline_node || '/' || j.part as stage,
    coalesce(m.kind in ('work_s', 'values', 'rows', 'bytes') and m.targets > 1, false) as measured,
    m.kind,
    case
        when m.targets = 1 then m.target
        when m.targets > 1 then 'set:' || md5(m.kind || ';' || m.members)
        when s.shared and v.targets = 1 then v.target
        when s.shared and v.targets > 1 then 'set:' || md5('shared;' || v.members)
        when s.shared then j.pipeline_node
    end as node
from distinct_jobs as j
left join made as m on j.source = m.source and j.execution = m.execution and j.part = m.part
left join shares_all as s on j.pipeline_node = s.pipeline_node and j.part = s.part
left join served as v on j.source = v.source and j.execution = v.execution
