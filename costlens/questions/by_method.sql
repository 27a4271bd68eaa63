-- What each target bears under several rules that all share out the same stages: as the build does,
-- evenly over those who need a stage, evenly over all, in proportion to stand-alone cost, as separable
-- cost and remaining benefit (SCRB), and with cost handed on directly, reciprocally, or step by step.
-- Grain: one row per (name, currency). Policies and residual lines are no part of it.
-- Reads: stage_costs, shares, ledger, rates; by_cascade, which is kept before. Takes: $level; $basis;
-- $start, $stop, $first and $after, the window.
with costed as (
    select
        set_of($level, feature_set, model_set, product_set) as need_set,
        billing_period,
        currency,
        sum_in($basis, billed, effective) as value
    from stage_costs
    where
        day >= $start and day < $stop
        and billing_period >= $first and billing_period < $after
    group by all
),

set_costs as (
    select c.need_set, r.to_currency as currency, converted(sum(c.value * r.rate)) as amount
    from costed as c
    inner join rates as r on c.billing_period = r.month and c.currency = r.currency
    where c.need_set is not null
    group by all
),

members as (
    select distinct need_set, target, members, place
    from shares
    where level = $level
),

bounds as (
    select
        m.target as name,
        s.currency,
        sum(units(s.amount)) as stand_alone,
        coalesce(sum(units(s.amount)) filter (m.members = 1), 0) as avoidable
    from set_costs as s
    inner join members as m on s.need_set = m.need_set
    group by all
),

wholes as (
    select currency, sum(units(amount)) as whole
    from set_costs
    group by currency
),

-- Weights are exact up to a million of the currency, and to 18 digits beyond: more would not fit.
weighed as (
    select
        b.name,
        b.currency,
        w.whole,
        w.whole - sum(b.avoidable) over by_currency as joint,
        greatest(b.stand_alone, 0)
        // (sum(greatest(b.stand_alone, 0)) over by_currency // 1000000000000000000::hugeint + 1)
            as alone_weight,
        greatest(b.stand_alone - b.avoidable, 0)
        // (
            sum(greatest(b.stand_alone - b.avoidable, 0)) over by_currency
            // 1000000000000000000::hugeint + 1
        ) as rest_weight
    from bounds as b
    inner join wholes as w on b.currency = w.currency
    window by_currency as (partition by b.currency)
),

wanted as (
    select
        'even' as method,
        currency,
        name,
        1::hugeint as weight,
        amount(whole) as amount
    from weighed
    union all
    select 'by_stand_alone', currency, name, alone_weight, amount(whole)
    from weighed
    union all
    select 'scrb', currency, name, rest_weight, amount(joint)
    from weighed
),

pieces as (
    select
        method || ' ' || currency as piece,
        name as member,
        weight,
        amount as billed,
        amount as effective
    from wanted
    qualify sum(weight) over (partition by method, currency) > 0
),

parts as (
    select
        split_part(piece, ' ', 1) as method,
        split_part(piece, ' ', 2) as currency,
        member as name,
        billed_part as amount
    from split('pieces')
),

-- As in the ledger: of a remainder of r units the first r members take one each.
need_even as (
    select
        m.target as name,
        s.currency,
        amount(
            sum(
                sign(s.amount)
                * (
                    abs(units(s.amount)) // m.members
                    + (m.place <= abs(units(s.amount)) % m.members)::integer
                )
            )
        ) as amount
    from set_costs as s
    inner join members as m on s.need_set = m.need_set
    group by all
),

methods as (
    select
        name,
        currency,
        max(amount) filter (method = 'even') as even,
        max(amount) filter (method = 'by_stand_alone') as by_stand_alone,
        max(amount) filter (method = 'scrb') as scrb
    from parts
    group by all
),

cascades as (
    select
        name,
        currency,
        max(amount) filter (method = 'direct') as direct,
        max(amount) filter (method = 'reciprocal') as reciprocal,
        max(amount) filter (method = 'step_down') as step_down
    from by_cascade
    group by all
),

borne as (
    select
        l.target as name,
        r.to_currency as currency,
        converted(
            sum(units(case $basis when 'billed' then l.billed else l.effective end) * r.rate)
        ) as allocated
    from ledger as l
    inner join rates as r on l.billing_period = r.month and l.currency = r.currency
    where
        l.level = $level and l.step = 'own'
        and l.day >= $start and l.day < $stop
        and l.billing_period >= $first and l.billing_period < $after
    group by all
)

select
    b.name,
    b.currency,
    amount(b.avoidable) as avoidable,
    o.allocated,
    e.amount as need_even,
    m.even,
    m.by_stand_alone,
    (amount(b.avoidable) + coalesce(m.scrb, 0))::decimal(38, 12) as scrb,
    coalesce(c.direct, o.allocated) as direct,
    coalesce(c.reciprocal, o.allocated) as reciprocal,
    coalesce(c.step_down, o.allocated) as step_down,
    amount(b.stand_alone) as stand_alone
from bounds as b
left join borne as o on b.name = o.name and b.currency = o.currency
left join need_even as e on b.name = e.name and b.currency = e.currency
left join methods as m on b.name = m.name and b.currency = m.currency
left join cascades as c on b.name = c.name and b.currency = c.currency
order by b.currency, b.name
