-- Every named thing: what the catalogue says, and what run logs named beside it.
-- Grain: one row per node and stretch of days in which its owner and weight are the same.
-- Reads: things, owners, weights, part_targets, seen_uses, seen_feeds, tries.
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
),

changes as (
    select node, null::date as day from things
    union
    select node, valid_from from owners
    union
    select node, valid_to from owners
    union
    select node, valid_from from weights
    union
    select node, valid_to from weights
),

stretches as (
    select
        node,
        day as valid_from,
        lead(day) over (partition by node order by day nulls first) as valid_to,
        coalesce(day, date '0001-01-01') as first_day
    from changes
)

select
    t.node,
    t.kind,
    t.name,
    o.owner,
    t.pipeline,
    t.type,
    t.cost_centre,
    w.weight,
    s.valid_from,
    s.valid_to,
    t.read_from
from things as t
inner join stretches as s on t.node = s.node
left join owners as o
    on
        t.node = o.node
        and coalesce(o.valid_from, date '0001-01-01') <= s.first_day
        and (o.valid_to is null or o.valid_to > s.first_day)
left join weights as w
    on
        t.node = w.node
        and coalesce(w.valid_from, date '0001-01-01') <= s.first_day
        and (w.valid_to is null or w.valid_to > s.first_day)
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
order by kind, name, valid_from nulls first
