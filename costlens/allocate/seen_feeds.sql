-- What feeds what, as run logs say: tables each other and features, features the services that hand
-- them out, services models. What the catalogue says of a model or product goes before.
-- A table that a part made feeds the feature of its name. One that feeds a model or product, with no
-- feature among it and what it is made of, is a feature of its own name.
-- Grain: one row per (from_node, to_node). Reads: links, edges, things, part_targets, seen_uses.
with told as (
    select from_node, to_node, min(source) as source, min(seen_as) as seen_as
    from links
    where
        kind = 'feeds'
        and not (
            (to_node like 'model:%' or to_node like 'product:%')
            and to_node in (select to_node from edges where kind = 'uses')
        )
        -- What versions of a model were trained on says more than who may take it.
        and not (from_node like 'service:%' and to_node in (select to_node from seen_uses))
    group by from_node, to_node
),

features as (
    select node
    from things
    where kind = 'feature'
    union
    select target
    from part_targets
    where target like 'feature:%'
    union
    select from_node
    from seen_uses
    where from_node like 'feature:%'
    union
    select to_node
    from told
    where to_node like 'feature:%'
    union
    select from_node
    from told
    where from_node like 'feature:%'
),

tables as (
    select target as node, min(source) as source, true as is_made
    from part_targets
    where target like 'table:%'
    group by target
    union all
    select from_node, min(source), false
    from told
    where from_node like 'table:%' and from_node not in (select target from part_targets)
    group by from_node
),

-- The last part of a path or a dotted name, without a version or the ending of a file.
named as (
    select
        node,
        source,
        is_made,
        regexp_extract(
            regexp_replace(
                rtrim(node, '/'), '\.(v\d+|parquet|csv|json|jsonl|orc|avro|delta|gz)$', ''
            ),
            '[^/.:]+$'
        ) as name
    from tables
),

of_name as (
    select n.node as from_node, f.node as to_node, n.source
    from named as n
    inner join features as f on lower('feature:' || n.name) = lower(f.node)
    where n.is_made
),

-- Each table that feeds a model or product, with those it is made of.
made_of as (
    with recursive climbed as (
        select distinct from_node as node, from_node as met
        from told
        where from_node like 'table:%' and (to_node like 'model:%' or to_node like 'product:%')
        union
        select c.node, t.from_node
        from climbed as c
        inner join told as t on c.met = t.to_node
        where t.from_node like 'table:%'
    )

    select * from climbed
),

with_features as (
    select distinct m.node
    from made_of as m
    where
        m.met in (select from_node from of_name)
        or m.met in (select from_node from told where to_node like 'feature:%')
),

own as (
    select distinct t.from_node, 'feature:' || n.name as feature, t.to_node, t.source, t.seen_as
    from told as t
    inner join named as n on t.from_node = n.node
    where
        (t.to_node like 'model:%' or t.to_node like 'product:%')
        and t.from_node not in (select node from with_features)
),

all_feeds as (
    select from_node, to_node, source, seen_as
    from told
    where (from_node, to_node) not in (select (from_node, to_node) from own)
    union all
    select from_node, to_node, source, 'name'
    from of_name
    union all
    select from_node, feature, source, seen_as
    from own
    union all
    select feature, to_node, source, seen_as
    from own
)

select from_node, to_node, min(source) as source, min(seen_as) as seen_as
from all_feeds
group by from_node, to_node
