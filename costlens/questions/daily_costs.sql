-- What everything that a budget may be for cost on each day: teams, targets, and the whole bill.
-- Grain: one row per (node, billing month, day); node is KIND:NAME, and of the whole bill `bill`. Amounts
-- are units times the rate in units. Reads: stage_costs, ledger, rates. Takes: $basis.
with billed as (
    select
        case
            when outcome <> 'allocated' then '(' || outcome || ')'
            else coalesce(owner, '(no owner)')
        end as team,
        billing_period,
        day,
        currency,
        sum_in($basis, billed, effective) as value
    from stage_costs
    group by all
),

borne as (
    select
        level || ':' || target as node,
        billing_period,
        day,
        currency,
        sum_in($basis, billed, effective) as value
    from ledger
    where target not like '(%'
    group by all
),

costs as (
    select 'bill' as node, billing_period, day, currency, value from billed
    union all
    select 'team:' || team, billing_period, day, currency, value from billed
    union all
    select node, billing_period, day, currency, value from borne
)

select c.node, c.billing_period as month, c.day, sum(c.value * r.rate)::hugeint as value
from costs as c
inner join rates as r on c.billing_period = r.month and c.currency = r.currency
group by c.node, c.billing_period, c.day
