-- What an amount is made of, stage by stage: what came through each service and class of charge there, what
-- of it nobody else needs, and what the whole stage cost. Grain: one row per (stage, service, class); what
-- policies gave is a row a policy. The amounts add up to the amount that is explained.
-- Reads: stage_amounts, stage_rules and explain_policies, kept before; rates. Takes: $basis.
with priced as (
    select
        e.stage,
        e.service,
        e.class,
        r.to_currency as currency,
        sum(units(case $basis when 'billed' then e.billed else e.effective end) * r.rate) as amount,
        sum(
            case
                when e.rung = 'only'
                    then units(case $basis when 'billed' then e.billed else e.effective end) * r.rate
                else 0
            end
        ) as alone,
        sum(
            units(case $basis when 'billed' then e.placed_billed else e.placed_effective end) * r.rate
        ) as stage_cost,
        string_agg(distinct e.rung, ', ' order by e.rung) as shared,
        max(e.grade) as grade
    from stage_amounts as e
    inner join rates as r on e.billing_period = r.month and e.currency = r.currency
    group by all
),

given as (
    select
        p.step as stage,
        r.to_currency as currency,
        sum(units(case $basis when 'billed' then p.billed else p.effective end) * r.rate) as amount,
        max(p.grade) as grade
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

select stage, service, class, amount, alone, stage_cost, currency, shared, rule, grade, lines
from (
    select
        p.* replace (
            converted(p.amount) as amount,
            converted(p.alone) as alone,
            converted(p.stage_cost) as stage_cost
        ),
        l.rule,
        l.lines
    from priced as p
    left join stage_rules as l
        on
            p.stage = l.stage
            and p.service is not distinct from l.service
            and p.class is not distinct from l.class
    union all by name
    select * replace (converted(amount) as amount), 'policy' as shared from given
    union all by name
    select '(rounding)' as stage, amount, currency from rounding where amount <> 0
) as parts
order by stage = '(rounding)', abs(amount) desc, stage, service, class
