-- What the stages of each pipeline cost by themselves on each day: the weights by which cost that is
-- handed to the pipeline is passed on. Tax, credits and the like are no usage, and weigh nothing.
-- Grain: one row per (day, currency, pipeline, stage, node).
-- Reads: placed, pools.
select
    o.day,
    o.currency,
    p.pipeline as sink,
    p.stage,
    p.node,
    (sum(p.effective) * 1000000000)::hugeint as weight
from placed as p
inner join pools as o on p.pool = o.pool
where p.pipeline is not null and p.outcome is null and p.class in ('work', 'waste')
group by all
having sum(p.effective) > 0
