-- What a reader asked to see of a level: the things of one owner, or those that one product needs.
-- Grain: one row per name. Reads: catalogue, graph. Takes: $level; $owner and $product, or null for all.
with recursive edges as (
    select distinct from_node, to_node
    from graph
),

-- A node once per distance; a circle ends where it is as long as a way can be.
walked as (
    select 'product:' || $product::varchar as node, 0 as distance
    union
    select e.from_node, w.distance + 1
    from walked as w
    inner join edges as e on w.node = e.to_node
    where w.distance < 12
),

named as (
    select name, arg_max_null(owner, coalesce(valid_from, date '0001-01-01')) as owner
    from catalogue
    where kind = $level
    group by name
)

select name
from named
where
    ($owner::varchar is null or owner = $owner)
    and ($product::varchar is null or $level || ':' || name in (select node from walked))
order by name
