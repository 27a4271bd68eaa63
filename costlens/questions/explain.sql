-- Why an amount is what it is: its stages, what they cost, and every weight on the way.
-- Grain: one row per (stage, service, class, rule, need, way). The amounts re-add to the target's.
-- What policies gave stands beside, a row a policy.
-- Reads: explain_ways and explain_policies, kept before; rates. Takes: $basis; $build.
with priced as (
    select
        e.part,
        e.stage,
        r.to_currency as currency,
        e.need,
        e.weights,
        e.service,
        e.class,
        e.tier,
        e.rule,
        e.grade,
        e.runs,
        e.lines,
        sum(units(case $basis when 'billed' then e.billed else e.effective end) * r.rate) as amount,
        sum(
            units(case $basis when 'billed' then e.placed_billed else e.placed_effective end)
            * r.rate
        ) as stage_cost
    from explain_ways as e
    inner join rates as r on e.billing_period = r.month and e.currency = r.currency
    group by all
),

told as (
    select
        stage,
        converted(amount) as amount,
        currency,
        need,
        converted(stage_cost) as stage_cost,
        weights,
        service,
        class,
        tier,
        rule,
        grade,
        runs,
        lines,
        part
    from priced
),

given as (
    select
        p.step as stage,
        sum(units(case $basis when 'billed' then p.billed else p.effective end) * r.rate) as amount,
        r.to_currency as currency,
        p.service,
        p.class,
        p.grade
    from explain_policies as p
    inner join rates as r on p.billing_period = r.month and p.currency = r.currency
    group by all
),

-- What rounding each amount once left of the whole.
rounding as (
    select currency, converted(sum(amount)) - sum(converted(amount)) as amount
    from (
        select currency, amount from priced
        union all
        select currency, amount from given
    ) as each_of
    group by currency
)

select * exclude (part), $build::bigint as build
from (
    select * from told
    union all by name
    select * replace (converted(amount) as amount), 'policy' as need
    from given
    union all by name
    select '(rounding)' as stage, amount, currency
    from rounding
    where amount <> 0
) as rows
order by stage = '(rounding)', abs(amount) desc, part
