-- What was paid for and did nothing: idle and reserved capacity, unused commitment, failed and repeated
-- work, and stages that nothing needs. Grain: one row per (kind, owner, stage, service, currency).
-- Reads: stage_costs, rates. Takes: $basis; $start, $stop, $first and $after, the window.
with lost as (
    select
        case when outcome in ('unneeded', 'stranded') then outcome else class end as kind,
        coalesce(owner, '(no owner)') as owner,
        stage,
        service,
        billing_period,
        currency,
        sum_in($basis, billed, effective) as value
    from stage_costs
    where
        (
            outcome in ('idle', 'unneeded', 'stranded')
            or class in ('idle', 'reserved', 'waste', 'commitment_unused')
        )
        and outcome <> 'excluded'
        and day >= $start and day < $stop
        and billing_period >= $first and billing_period < $after
    group by all
)

select
    l.kind,
    l.owner,
    l.stage,
    l.service,
    r.to_currency as currency,
    converted(sum(l.value * r.rate)) as cost
from lost as l
inner join rates as r on l.billing_period = r.month and l.currency = r.currency
group by all
order by currency, kind, cost desc, owner, stage, service
