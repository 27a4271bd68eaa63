-- What the stages of each pipeline cost by themselves on each day: the weights by which cost that is
-- handed to the pipeline is passed on. Grain: one row per (day, currency, pipeline, stage, node).
-- Reads: placed, pools.
select
    o.day,
    o.currency,
    regexp_extract(p.stage, '^pipeline:[^/]+') as sink,
    p.stage,
    p.node,
    (sum(p.effective) * 1000000)::hugeint as weight
from placed as p
inner join pools as o on p.pool = o.pool
where p.stage like 'pipeline:%/%' and p.outcome is null
group by all
having sum(p.effective) > 0
