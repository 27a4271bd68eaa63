-- What each feature, model or product cost and was declared to bring in, on the days that were billed:
-- declared, evidenced (of a level of evidence, at most the whole of a change) and realised stand apart.
-- Grain: one row per name; what no target bears is a row in parentheses, so that cost adds up to the bill.
-- Reads: cost_by_target, benefits, rates. Takes: $currency, of every figure.
with counted as (
    select
        b.name,
        converted(sum(b.value * r.rate) filter (b.figure = 'low')) as benefit_low,
        converted(sum(b.value * r.rate) filter (b.figure = 'likely')) as benefit,
        converted(sum(b.value * r.rate) filter (b.figure = 'high')) as benefit_high,
        converted(sum(b.value * r.rate) filter (b.figure = 'evidenced')) as evidenced,
        converted(sum(b.value * r.rate) filter (b.figure = 'realised')) as realised,
        -- Claims without money say nothing about the figures, and their level counts only alone.
        coalesce(min(b.evidence_level) filter (b.value is not null and b.figure = 'likely'), 0)
            as evidence
    from benefits as b
    left join rates as r on b.month = r.month and b.currency = r.currency
    group by b.name
),

compared as (
    select
        coalesce(c.name, b.name) as name,
        coalesce(c.allocated, 0) as cost,
        case when c.name is null then 0 else c.avoidable end as avoidable,
        b.benefit_low,
        b.benefit,
        b.benefit_high,
        case when b.benefit is not null then coalesce(b.evidenced, 0) end as evidenced,
        b.realised,
        b.benefit - coalesce(c.allocated, 0) as net,
        b.evidence
    from cost_by_target as c
    full join counted as b on c.name = b.name
)

select
    name,
    $currency as currency,
    cost,
    avoidable,
    benefit_low,
    benefit,
    benefit_high,
    evidenced,
    realised,
    net,
    quotient(net, cost) as roi,
    case evidence
        when 0 then '0 qualitative'
        when 1 then '1 declared'
        when 2 then '2 with baseline'
        when 3 then '3 before/after'
        when 4 then '4 quasi-experiment'
        when 5 then '5 randomised'
        when 6 then '6 booked'
        else 'cost only'
    end as evidence_level
from compared
order by name like '(%', cost desc, name
