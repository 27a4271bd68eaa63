-- The money after each step, which must be the same throughout.
-- Grain: one row per (step, source, currency). Reads: charges, bundles, pools, settled, placements,
-- stage_costs, ledger. Takes: $period.
select 'charges' as step, source, BillingCurrency as currency, sum(BilledCost), sum(EffectiveCost)
from charges
where billing_period = $period
group by all
union all
select 'match', source, currency, sum(billed), sum(effective)
from bundles
group by all
union all
select 'day cut', source, currency, sum(billed), sum(effective)
from pools
group by all
union all
select 'overlap', o.source, o.currency, sum(p.billed), sum(p.effective)
from placed as p
inner join pools as o on p.pool = o.pool
group by all
union all
select 'cascade', o.source, o.currency, sum(p.billed), sum(p.effective)
from settled as p
inner join pools as o on p.pool = o.pool
group by all
union all
select 'placements', source, currency, sum(billed), sum(effective)
from placements
group by all
union all
select 'stage costs', source, currency, sum(billed), sum(effective)
from stage_costs
group by all
union all
select 'ledger by ' || level, source, currency, sum(billed), sum(effective)
from ledger
group by all
order by all
