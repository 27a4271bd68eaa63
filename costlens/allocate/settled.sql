-- Every pool at the stages it ends with. Grain: one row per placement, numbered by piece and
-- position: the order that running sums go by when an amount is traced back to its lines.
-- Reads: placed, landed, pools, flows.
with ended as (
    select *
    from placed
    where node is null or node not in (select origin from flows)
    union all by name
    select *, 0::decimal(38, 12) as idle_billed, 0::decimal(38, 12) as idle_effective
    from landed
)

select e.* exclude (piece, position), o.day, e.piece * 1048576 + e.position as placement
from ended as e
inner join pools as o on e.pool = o.pool
