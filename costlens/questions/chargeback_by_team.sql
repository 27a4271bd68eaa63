-- Who pays: each team bears what its products need, and what its own stages and resources cost that no
-- product needs, each by its owner of the day. Grain: one row per (team, currency); what no team owns is a row in parentheses.
-- The parts are in one basis and add up to its total; all rows together are the bill, in both bases. In
-- another currency each figure is rounded once, and the row `(rounding)` has what that leaves.
-- Reads: ledger, stage_costs, catalogue, rates. Takes: $basis; $start, $stop, $first and $after, the window.
with owners as (
    select name as product, owner, valid_from, valid_to
    from catalogue
    where kind = 'product'
),

borne as (
    select
        coalesce(o.owner, '(no owner)') as team,
        l.billing_period,
        l.currency,
        case l.class when 'waste' then 'waste' else 'products' end as part,
        l.billed,
        l.effective
    from ledger as l
    left join owners as o
        on
            l.target = o.product
            and (o.valid_from is null or o.valid_from <= l.day)
            and (o.valid_to is null or o.valid_to > l.day)
    where
        l.level = 'product'
        and l.target not in (
            '(idle)', '(unmatched)', '(unneeded)', '(stranded)', '(excluded)', '(no product)'
        )
        and l.day >= $start and l.day < $stop
        and l.billing_period >= $first and l.billing_period < $after
    union all
    select
        case
            when outcome in ('unmatched', 'excluded') then '(' || outcome || ')'
            else coalesce(owner, '(no owner)')
        end,
        billing_period,
        currency,
        case
            when outcome in ('unmatched', 'excluded', 'idle') then outcome
            when class = 'waste' then 'waste'
            else 'own_stages'
        end,
        billed,
        effective
    from stage_costs
    where
        product_set is null
        and day >= $start and day < $stop
        and billing_period >= $first and billing_period < $after
),

summed as (
    select
        team,
        billing_period,
        currency,
        part,
        units(sum(billed)::decimal(38, 12)) as billed,
        units(sum(effective)::decimal(38, 12)) as effective
    from borne
    group by all
),

paid as (
    select
        s.team,
        s.part,
        r.to_currency as currency,
        s.billed * r.rate as billed,
        s.effective * r.rate as effective,
        case $basis when 'billed' then s.billed else s.effective end * r.rate as amount
    from summed as s
    inner join rates as r on s.billing_period = r.month and s.currency = r.currency
),

figures as (
    select
        team,
        currency,
        coalesce(sum(amount) filter (part = 'products'), 0) as products,
        coalesce(sum(amount) filter (part = 'own_stages'), 0) as own_stages,
        coalesce(sum(amount) filter (part = 'waste'), 0) as waste,
        coalesce(sum(amount) filter (part = 'idle'), 0) as idle,
        coalesce(sum(amount) filter (part = 'unmatched'), 0) as unmatched,
        coalesce(sum(amount) filter (part = 'excluded'), 0) as excluded,
        sum(billed) as billed,
        sum(effective) as effective
    from paid
    group by team, currency
),

priced as (
    select team, currency, converted(columns(* exclude (team, currency)))
    from figures
),

rounding as (
    select
        f.currency,
        converted(sum(f.products)) - sum(p.products) as products,
        converted(sum(f.own_stages)) - sum(p.own_stages) as own_stages,
        converted(sum(f.waste)) - sum(p.waste) as waste,
        converted(sum(f.idle)) - sum(p.idle) as idle,
        converted(sum(f.unmatched)) - sum(p.unmatched) as unmatched,
        converted(sum(f.excluded)) - sum(p.excluded) as excluded,
        converted(sum(f.billed)) - sum(p.billed) as billed,
        converted(sum(f.effective)) - sum(p.effective) as effective
    from figures as f
    inner join priced as p on f.team = p.team and f.currency = p.currency
    group by f.currency
),

centres as (
    select name as team, cost_centre
    from catalogue
    where kind = 'team'
),

lines as (
    select * from priced
    union all by name
    select '(rounding)' as team, *
    from rounding
    where greatest(
        abs(products), abs(own_stages), abs(waste), abs(idle), abs(unmatched), abs(excluded),
        abs(billed), abs(effective)
    ) > 0
)

select
    p.team,
    c.cost_centre,
    p.currency,
    $basis as basis,
    p.products,
    p.own_stages,
    p.waste,
    p.idle,
    p.unmatched,
    p.excluded,
    p.billed,
    p.effective
from lines as p
left join centres as c on p.team = c.team
order by
    p.currency,
    p.team like '(%',
    case $basis when 'billed' then p.billed else p.effective end desc,
    p.team
