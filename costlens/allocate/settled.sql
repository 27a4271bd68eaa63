-- Every pool at the stages it ends with. Grain: one row per placement; `placement` numbers them in
-- the order that running sums go by when an amount is traced back to its lines.
-- Reads: placed, landed, pools, flows.
with ended as (
    select pool, run, stage, node, outcome, class, grade, hops, billed, effective,
        idle_billed, idle_effective
    from placed
    where node is null or node not in (select origin from flows)
    union all
    select pool, run, stage, node, outcome, class, grade, hops, billed, effective,
        null, null
    from landed
)

select
    e.*,
    o.day,
    row_number() over (
        order by e.stage, e.pool, e.run, e.class, e.node, e.outcome, e.grade, e.hops::varchar
    ) as placement
from ended as e
inner join pools as o on e.pool = o.pool
