-- Every named thing: what the catalogue says, and what run logs named beside it.
-- Grain: one row per node. Reads: things, part_targets, seen_uses, seen_feeds, tries.
with named as (
    select target as node, source
    from part_targets
    union all
    select from_node, source
    from seen_uses
    union all
    select to_node, source
    from seen_uses
    union all
    select from_node, source
    from seen_feeds
    union all
    select to_node, source
    from seen_feeds
    union all
    select pipeline_node, source
    from tries
),

found as (
    select node, split_part(node, ':', 1) as kind, min(source) as source
    from named
    group by node
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
