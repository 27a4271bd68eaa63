-- Which attempts ran on which resource. Grain: one row per (place, attempt).
-- Reads: tries, resource_names, runs_on.
select n.place, t.attempt
from tries as t
inner join resource_names as n on lower(t.resource_id) = n.resource_id and n.kind <> 'run'
union
select o.node as place, t.attempt
from tries as t
inner join runs_on as o
    on
        t.pipeline_node = 'pipeline:' || o.pipeline
        and (o.part is null or regexp_full_match(t.part, o.part))
