-- How the cost of a target flows in and on: from what was bought, through stages, to it; and from it, what
-- nobody else needs to the products that bear it. Its part of shared stages is not followed on: which product
-- it serves there, nobody can say. Grain: one row per (step, source, sink, currency). Those of step `to` add up
-- to its cost, and so do those of step `on`, if there are any.
-- Reads: stage_amounts and explain_policies, kept before; shares, rates. Takes: $level; $target; $basis.
with parts as (
    select
        stage,
        service,
        rung = 'only' as is_alone,
        product_set,
        billing_period,
        currency,
        sum_in($basis, billed, effective) as value
    from stage_amounts
    group by all
),

given as (
    select
        step,
        billing_period,
        currency,
        sum_in($basis, billed, effective) as value
    from explain_policies
    group by all
),

stages as (
    select stage, row_number() over (order by sum(abs(value)) desc, stage) as place
    from parts
    group by stage
),

services as (
    select service, row_number() over (order by sum(abs(value)) desc, service) as place
    from parts
    group by service
),

named as (
    select
        p.* replace (
            case when s.place > 9 then '(other stages)' else p.stage end as stage,
            case when v.place > 7 then '(other services)' else p.service end as service
        )
    from parts as p
    inner join stages as s on p.stage = s.stage
    inner join services as v on p.service is not distinct from v.service
),

members as (
    select distinct need_set, target, place, numerator::hugeint as part, denominator::hugeint as whole
    from shares
    where level = 'product'
),

-- What each product bears of it; what the floors leave is the first one's.
borne as (
    select
        coalesce(m.target, '(no product)') as sink,
        n.billing_period,
        n.currency,
        case when m.part is null then n.value else part_floor(n.value, m.part, m.whole) end
        + case
            when m.place = 1
                then n.value - sum(part_floor(n.value, m.part, m.whole)) over (
                    partition by n.product_set, n.billing_period, n.currency
                )
            else 0
        end as value
    from (
        select product_set, billing_period, currency, sum(value) as value
        from parts
        where is_alone
        group by all
    ) as n
    left join members as m on n.product_set = m.need_set
),

edges as (
    select 'in' as step, service as source, stage as sink, billing_period, currency, value
    from named
    union all
    select 'to', stage, $target, billing_period, currency, value from named
    union all
    select 'to', '(' || step || ')', $target, billing_period, currency, value from given
    union all
    select 'on', $target, sink, billing_period, currency, value from borne where $level <> 'product'
    union all
    select 'on', $target, '(shared with others)', billing_period, currency, value
    from parts
    where not is_alone and $level <> 'product'
    union all
    select 'on', $target, '(' || step || ')', billing_period, currency, value
    from given
    where $level <> 'product'
)

select
    e.step,
    e.source,
    e.sink,
    converted(sum(e.value * r.rate)::hugeint) as amount,
    r.to_currency as currency
from edges as e
inner join rates as r on e.billing_period = r.month and e.currency = r.currency
group by e.step, e.source, e.sink, r.to_currency
having sum(e.value * r.rate) <> 0
order by
    case e.step when 'in' then 1 when 'to' then 2 else 3 end, amount desc, e.source, e.sink, currency
