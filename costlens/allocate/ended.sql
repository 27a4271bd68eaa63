-- Every pool at the stages it ends with: what stages kept, and what was handed on.
-- Grain: one row per (piece, position). Reads: placed, landed, pools, flows.
with kept as (
    select *
    from placed
    where node is null or node not in (select origin from flows)
    union all by name
    select *, 0::decimal(38, 12) as idle_billed, 0::decimal(38, 12) as idle_effective
    from landed
)

select k.*, o.day
from kept as k
inner join pools as o on k.pool = o.pool
