-- Every named thing: what the catalogue says, and what run logs named beside it.
-- Grain: one row per node. Reads: things, part_targets, tries.
with found as (
    select target as node, split_part(target, ':', 1) as kind, min(source) as source
    from part_targets
    group by all
    union
    select pipeline_node, 'pipeline', min(source)
    from tries
    group by all
)

select
    node,
    kind,
    name,
    owner,
    pipeline,
    type,
    cost_centre,
    weight,
    null::date as valid_from,
    null::date as valid_to,
    read_from
from things
union all
select
    node,
    kind,
    substr(node, strpos(node, ':') + 1),
    null,
    null,
    null,
    null,
    null,
    null,
    null,
    source
from found
where node not in (select node from things)
order by kind, name
