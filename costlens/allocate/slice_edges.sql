-- Who needs which slice of a stage whose readers need unlike much of it (methods.md, C14): all up to its
-- own size, or its own columns. A slice is named by the size that it goes up to, or by its column.
-- `is_own`: it is the edge's own size. Grain: one row per (stage, slice, declared edge). Reads: edges.
with sliced as (
    select *
    from edges
    where (size is not null or columns is not null) and coalesce(weight, 1) > 0
),

bounds as (
    select distinct from_node, size
    from sliced
    where size > 0
),

listed as (
    select *, unnest(columns::json::varchar[]) as of_column
    from sliced
    where columns is not null
)

select
    e.from_node as stage,
    e.from_node || '#' || rtrim(rtrim(b.size::varchar, '0'), '.') as node,
    e.* exclude (from_node, size, columns),
    b.size as bound,
    b.size = e.size as is_own,
    null as of_column
from sliced as e
inner join bounds as b on e.from_node = b.from_node and b.size <= e.size
union all
select
    from_node,
    from_node || '#' || of_column,
    * exclude (from_node, size, columns, of_column),
    null,
    true,
    of_column
from listed
