-- Which attempts ran on which resource: those that its rules or its `runs` name, and those that name
-- the id of a charge it has a rule for; and what runs in another attempt and has no place of its own.
-- Grain: one row per (place, attempt).
-- Reads: tries, resource_names, runs_on, candidates, resources, hosts.
with own as (
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
    union
    select d.owner as place, t.attempt
    from candidates as c
    inner join candidates as d on c.key = d.key and c.owner <> d.owner
    inner join resources as r on d.owner = r.node
    inner join resource_names as n on c.owner = n.place and n.kind = 'shared'
    inner join tries as t on n.resource_id = lower(t.resource_id)
)

select *
from own
union
select o.place, h.attempt
from hosts as h
inner join own as o on h.host = o.attempt
where h.lodges
