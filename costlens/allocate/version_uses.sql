-- Which features each version of a model uses, as run logs say. A column is one only where a feature
-- has its name, or a view has the first part of it: view__column or view:column.
-- A feature service stands for the features that it hands out.
-- `overruled`: the catalogue says what the model uses, and that counts.
-- Grain: one row per (target, source, version, feature). Reads: links, edges, things, part_targets.
with told as (
    select
        *,
        to_node in (select to_node from edges where kind = 'uses') as overruled,
        starts_with(seen_as, 'feast.') as is_known,
        substr(from_node, strpos(from_node, ':') + 1) as name
    from links
    where kind = 'uses'
),

features as (
    select name
    from things
    where kind = 'feature'
    union
    select substr(target, 9)
    from part_targets
    where target like 'feature:%'
    union
    select name
    from told
    where is_known and not overruled and from_node like 'feature:%'
),

columns_seen as (
    select distinct name
    from told
    where not is_known
),

-- The feature of its own name goes before views; of several views the longest name counts.
meant as (
    select c.name, arg_max(f.name, (f.name = c.name, length(f.name))) as feature
    from columns_seen as c
    inner join features as f
        on
            c.name = f.name
            or starts_with(c.name, f.name || '__')
            or starts_with(c.name, f.name || ':')
    group by c.name
)

select
    t.source,
    case when t.is_known then t.from_node else 'feature:' || m.feature end as from_node,
    t.to_node,
    t.version,
    t.overruled,
    min(t.run) as run,
    min(t.seen) as seen,
    min(t.seen_as) as seen_as
from told as t
left join meant as m on t.name = m.name
where t.is_known or m.feature is not null
group by all
