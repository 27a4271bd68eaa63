-- What each target costs and is worth, as it is and as it would be. Grain: one row per name; what no
-- target bears is a row in parentheses, so that each column of cost adds up to its bill.
-- Reads: cost_by_target, changed, benefits, rates. Takes: $currency; $gone, names that bring nothing any more.
with would as (
    select c.target as name, converted(sum(c.value * r.rate)) as cost
    from changed as c
    inner join rates as r on c.month = r.month and c.currency = r.currency
    group by c.target
),

worth as (
    select b.name, converted(sum(b.value * r.rate)) as benefit
    from benefits as b
    inner join rates as r on b.month = r.month and b.currency = r.currency
    where b.figure = 'likely'
    group by b.name
),

beside as (
    select
        coalesce(c.name, w.name, b.name) as name,
        coalesce(c.allocated, 0) as cost,
        coalesce(w.cost, 0) as cost_then,
        b.benefit,
        case when list_contains($gone, b.name) then 0 else b.benefit end as benefit_then
    from cost_by_target as c
    full join would as w on c.name = w.name
    full join worth as b on coalesce(c.name, w.name) = b.name
)

select
    name,
    $currency as currency,
    cost,
    cost_then,
    cost_then - cost as change,
    (benefit - cost)::decimal(38, 12) as net,
    (benefit_then - case when list_contains($gone, name) then 0 else cost_then end)::decimal(38, 12)
        as net_then
from beside
where cost <> 0 or cost_then <> 0 or benefit is not null
order by name like '(%', abs(cost_then - cost) desc, name
