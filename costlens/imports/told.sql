-- costlens/imports/told.sql
-- What tools say of features, models and products: that they are there, who owns them, what they
-- use, from when until when. What a run log names a table is a feature where one has its name, or
-- where it is handed to a model with none among what it is made of, as in a refresh.
-- Grain: one row per (node, key, value, validity). Takes: $sources, those whose word is wanted.
-- Reads: links, part_targets, seen_uses, seen_feeds, of which the catalogue overrules nothing.
with features_of as (
    select from_node as node, to_node as feature
    from seen_feeds
    where from_node like 'table:%' and to_node like 'feature:%'
    union
    -- The table of a model of dbt has a name of its own in the database.
    select r.from_node, f.to_node
    from seen_feeds as r
    inner join seen_feeds as f on r.to_node = f.from_node
    where r.seen_as = 'dbt.relation_name' and f.to_node like 'feature:%'
),

-- Up from each table that is handed out, as far as the nearest features.
climbed as (
    with recursive met as (
        select to_node as target, from_node as node, source, seen_as
        from seen_feeds
        where from_node like 'table:%' and (to_node like 'model:%' or to_node like 'product:%')
        union
        select m.target, f.from_node, m.source, m.seen_as
        from met as m
        inner join seen_feeds as f on m.node = f.to_node
        where f.from_node like 'table:%' and m.node not in (select node from features_of)
    )

    select * from met
),

-- A version's features from its day to the next version's; versions in a row are one stretch.
starts as (
    select
        *,
        valid_from is distinct from lag(valid_to) over in_order
        or lag(from_node) over in_order is null as is_first
    from seen_uses
    window in_order as (partition by from_node, to_node order by valid_from nulls first)
),

stretches as (
    select
        *,
        count(*) filter (is_first) over (
            partition by from_node, to_node
            order by valid_from nulls first
        ) as stretch
    from starts
),

versioned as (
    select
        from_node,
        to_node,
        arg_min(coalesce(valid_from, date '0001-01-01'), coalesce(valid_from, date '0001-01-01'))
            as first_day,
        max(coalesce(valid_to, date '9999-12-31')) as stop_day,
        any_value(source) as source,
        any_value(seen_as) as seen_as
    from stretches
    group by from_node, to_node, stretch
),

-- A service is what it hands out.
handed as (
    select
        coalesce(h.from_node, v.from_node) as from_node,
        v.to_node,
        nullif(v.first_day, date '0001-01-01') as valid_from,
        nullif(v.stop_day, date '9999-12-31') as valid_to,
        v.source,
        v.seen_as
    from versioned as v
    left join seen_feeds as h
        on
            v.from_node = h.to_node
            and v.from_node like 'service:%'
            and h.from_node like 'feature:%'
),

uses as (
    select from_node, to_node, valid_from, valid_to, source, seen_as
    from handed
    where from_node not like 'service:%'
    union all
    select h.from_node, s.to_node, null, null, s.source, s.seen_as
    from seen_feeds as s
    inner join seen_feeds as h on s.from_node = h.to_node
    where s.from_node like 'service:%' and h.from_node like 'feature:%'
    union all
    select from_node, to_node, null, null, source, seen_as
    from seen_feeds
    where
        (from_node like 'feature:%' or from_node like 'model:%')
        and (to_node like 'model:%' or to_node like 'product:%')
    union all
    select o.feature, c.target, null, null, c.source, c.seen_as
    from climbed as c
    inner join features_of as o on c.node = o.node
),

wanted_uses as (
    select distinct from_node, to_node, valid_from, valid_to, seen_as
    from uses
    where list_contains($sources, source) and from_node <> to_node
),

owners as (
    select
        coalesce(o.feature, l.from_node) as node,
        substr(l.to_node, 6) as owner,
        l.source
    from links as l
    left join features_of as o on l.from_node = o.node
    where l.kind = 'owned'
),

nodes as (
    select to_node as node, seen_as
    from wanted_uses
    union
    select from_node, seen_as
    from wanted_uses
    union
    select to_node, seen_as
    from links
    where list_contains($sources, source) and starts_with(seen_as, 'feast.') and kind <> 'owned'
    union
    select from_node, seen_as
    from links
    where list_contains($sources, source) and starts_with(seen_as, 'feast.') and kind <> 'owned'
    union
    select node, 'owner'
    from owners
    where list_contains($sources, source)
    union
    select target, 'output'
    from part_targets
    where list_contains($sources, source)
),

kept as (
    select node, bool_or(starts_with(seen_as, 'feast.')) as is_view
    from nodes
    where split_part(node, ':', 1) in ('feature', 'model', 'product')
    group by node
)

select node, 'name' as key, null as value, null::date as valid_from, null::date as valid_to
from kept
union
select node, 'type', 'feature_view', null, null
from kept
where node like 'feature:%' and is_view
union
-- Several owners are none.
select node, 'owner', min(owner), null, null
from owners
where list_contains($sources, source) and node in (select node from kept)
group by node
having count(distinct owner) = 1
union
select to_node, 'uses', from_node, valid_from, valid_to
from wanted_uses
order by node, key, value, valid_from nulls first
