-- Who pays: each team bears what its products need, and what its own stages and resources cost that no
-- product needs. Grain: one row per (team, currency); what no team owns is a row in parentheses.
-- The parts are in one basis and add up to its total; all rows together are the bill, in both bases.
-- Reads: ledger, stage_costs, catalogue. Takes: $basis; $start, $stop, $first and $after, the window.
with owners as (
    select name as product, owner
    from catalogue
    where kind = 'product'
),

borne as (
    select
        coalesce(o.owner, '(no owner)') as team,
        l.currency,
        case l.class when 'waste' then 'waste' else 'products' end as part,
        l.billed,
        l.effective
    from ledger as l
    left join owners as o on l.target = o.product
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

paid as (
    select *, case $basis when 'billed' then billed else effective end as amount
    from borne
),

centres as (
    select name as team, cost_centre
    from catalogue
    where kind = 'team'
)

select
    p.team,
    any_value(c.cost_centre) as cost_centre,
    p.currency,
    $basis as basis,
    coalesce(sum(p.amount) filter (p.part = 'products'), 0) as products,
    coalesce(sum(p.amount) filter (p.part = 'own_stages'), 0) as own_stages,
    coalesce(sum(p.amount) filter (p.part = 'waste'), 0) as waste,
    coalesce(sum(p.amount) filter (p.part = 'idle'), 0) as idle,
    coalesce(sum(p.amount) filter (p.part = 'unmatched'), 0) as unmatched,
    coalesce(sum(p.amount) filter (p.part = 'excluded'), 0) as excluded,
    sum(p.billed) as billed,
    sum(p.effective) as effective
from paid as p
left join centres as c on p.team = c.team
group by p.team, p.currency
order by p.currency, p.team like '(%', sum(p.amount) desc, p.team
