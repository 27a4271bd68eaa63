-- The weights of `own_costs`, from a published build. Grain and name as there.
-- Reads: placements of the build. Takes: $period.
select
    day,
    currency,
    pipeline as sink,
    stage,
    node,
    (sum(effective) * 1000000000)::hugeint as weight
from memory.main.placements
where
    billing_period = $period
    and pipeline is not null
    and class in ('work', 'waste')
    and outcome in ('allocated', 'unneeded')
    and len(list_filter(hops, lambda h: h.hop = 'cascade')) = 0
group by all
having sum(effective) > 0
