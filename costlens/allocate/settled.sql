-- Every pool at the stages it ends with. Grain: one row per placement, numbered by piece and
-- position: the order that running sums go by when an amount is traced back to its lines.
-- Reads: placed, landed, pools, flows.
with ended as (
    select
        piece,
        position,
        pool,
        run,
        stage,
        pipeline,
        node,
        outcome,
        class,
        grade,
        hops,
        billed,
        effective,
        idle_billed,
        idle_effective
    from placed
    where node is null or node not in (select origin from flows)
    union all
    select
        piece,
        position,
        pool,
        run,
        stage,
        pipeline,
        node,
        outcome,
        class,
        grade,
        hops,
        billed,
        effective,
        0,
        0
    from landed
)

select e.* exclude (piece, position), o.day, e.piece * 1048576 + e.position as placement
from ended as e
inner join pools as o on e.pool = o.pool
