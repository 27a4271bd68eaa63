-- Why an amount is what it is: its stages, what they cost, and every weight on the way.
-- Grain: one row per (stage, service, class, rule, need, way). The amounts re-add to the target's.
-- Numerators and denominators are added up over the placements of a row, and reduced.
-- What policies gave stands beside, a row a policy.
-- Reads: explain_parts, explain_policies, rates. Takes: $basis; $build.
with described as (
    select
        *,
        list_transform(hops, lambda h: h.hop || ' ' || h.via || ' by ' || h.measure) as way,
        rung as need
    from explain_parts
),

keyed as (
    select
        *,
        dense_rank() over (
            order by stage, service, class, tier, rule, grade, currency, need, way
        ) as part
    from described
),

steps as (
    select part, way, hops, unnest(range(1, len(hops) + 1)) as step
    from keyed
),

weighed as (
    select
        part,
        step,
        any_value(way[step]) as hop,
        sum(hops[step].numerator)::hugeint as numerator,
        sum(hops[step].denominator)::hugeint as denominator
    from steps
    group by part, step
),

reduced as (
    select *, gcd(numerator, denominator) as common
    from weighed
),

weights as (
    select
        part,
        string_agg(
            hop || ' ' || numerator // common || '/' || denominator // common, ' → ' order by step
        ) as weights
    from reduced
    group by part
),

-- The weights of every need-set that the row met, once each.
needs as (
    select
        part,
        sum(numerator)::hugeint as numerator,
        sum(denominator)::hugeint as denominator
    from (select distinct part, need_set, numerator, denominator from keyed) as once
    group by part
),

pooled as (
    select part, sum(lines) as lines
    from (select distinct part, billing_period, pool, lines from keyed) as once
    group by part
),

priced as (
    select
        k.part,
        any_value(r.to_currency) as currency,
        sum(units(case $basis when 'billed' then k.billed else k.effective end) * r.rate) as amount,
        sum(
            units(case $basis when 'billed' then k.placed_billed else k.placed_effective end)
            * r.rate
        ) as stage_cost
    from keyed as k
    inner join rates as r on k.billing_period = r.month and k.currency = r.currency
    group by k.part
),

told as (
    select
        any_value(k.stage) as stage,
        any_value(converted(c.amount)) as amount,
        any_value(c.currency) as currency,
        any_value(
            k.need || ' ' || n.numerator // gcd(n.numerator, n.denominator) || '/'
            || n.denominator // gcd(n.numerator, n.denominator)
        ) as need,
        any_value(converted(c.stage_cost)) as stage_cost,
        any_value(w.weights) as weights,
        any_value(k.service) as service,
        any_value(k.class) as class,
        any_value(k.tier) as tier,
        any_value(k.rule) as rule,
        any_value(k.grade) as grade,
        count(distinct k.run) as runs,
        any_value(p.lines)::bigint as lines,
        k.part
    from keyed as k
    inner join priced as c on k.part = c.part
    inner join pooled as p on k.part = p.part
    inner join needs as n on k.part = n.part
    left join weights as w on k.part = w.part
    group by k.part
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
