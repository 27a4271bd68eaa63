-- What of a month's bill does not add up. Grain: one row per (place, source, currency, basis) that is
-- off: the lines kept, the costs of stages, or the ledger at a level, against what was loaded.
-- Reads: loads, charges, stage_costs, ledger. Takes: $month.
with bill as (
    select source, currency, sum(billed) as billed, sum(effective) as effective
    from loads
    where makes = 'charges' and superseded_by is null and period = $month
    group by all
),

ours as (
    select
        'charges' as place,
        source,
        BillingCurrency as currency,
        sum(BilledCost) as billed,
        sum(EffectiveCost) as effective
    from charges
    where billing_period = $month
    group by all
    union all
    select 'stage_costs', source, currency, sum(billed), sum(effective)
    from stage_costs
    where billing_period = $month
    group by all
    union all
    select 'ledger by ' || level, source, currency, sum(billed), sum(effective)
    from ledger
    where billing_period = $month
    group by all
),

places as (
    select unnest(
        ['charges', 'stage_costs', 'ledger by feature', 'ledger by model', 'ledger by product']
    ) as place
),

wanted as (
    select p.place, b.*
    from bill as b
    cross join places as p
),

compared as (
    select
        coalesce(w.place, o.place) as place,
        coalesce(w.source, o.source) as source,
        coalesce(w.currency, o.currency) as currency,
        unnest(['billed', 'effective']) as basis,
        unnest([coalesce(w.billed, 0), coalesce(w.effective, 0)]) as bill,
        unnest([coalesce(o.billed, 0), coalesce(o.effective, 0)]) as ours
    from wanted as w
    full join ours as o
        on w.place = o.place and w.source = o.source and w.currency = o.currency
)

select place, source, currency, basis, bill, ours, bill - ours as difference
from compared
where bill <> ours
order by place, source, currency, basis
