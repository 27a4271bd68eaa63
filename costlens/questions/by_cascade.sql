-- What each target bears where stages hand cost on by another method, and the same need-sets share it.
-- Grain: one row per (name, currency, method). What lands at a sink is passed on as in the build.
-- Reads: handed and method_flows, which are kept before; stage_costs, shares, rates. Takes: $level;
-- $basis; $start, $stop, $first and $after, the window.
with origins as (
    select billing_period, day, currency, origin, sum(value) as value
    from handed
    group by all
),

sendings as (
    select
        (f.method, o.billing_period, o.day, o.currency, o.origin) as piece,
        f.sink as member,
        f.numerator as weight,
        amount(o.value) as billed,
        amount(o.value) as effective
    from origins as o
    inner join method_flows as f on o.day = f.day and o.origin = f.origin
),

arrived as (
    select
        piece[1] as method,
        piece[2] as billing_period,
        piece[3] as day,
        piece[4] as currency,
        member as sink,
        sum(billed_part)::decimal(38, 12) as value
    from split('sendings')
    group by all
),

summed as (
    select billing_period, day, currency, sink, need_set, sum(abs(value)) as value
    from handed
    group by all
),

-- How what lands at a sink goes on, in 18 digits: more would not fit.
landings as (
    select
        * exclude (value),
        value // (sum(value) over at_sink // 1000000000000000000::hugeint + 1) as weight
    from summed
    window at_sink as (partition by billing_period, day, currency, sink)
),

landed as (
    select
        (a.method, a.billing_period, a.currency, a.day, a.sink) as piece,
        coalesce(l.need_set, '') as member,
        case
            when sum(coalesce(l.weight, 0)) over (partition by a.method, a.billing_period, a.day, a.currency, a.sink) > 0
                then l.weight
            else 1
        end as weight,
        a.value as billed,
        a.value as effective
    from arrived as a
    left join landings as l
        on
            a.billing_period = l.billing_period
            and a.day = l.day
            and a.currency = l.currency
            and a.sink = l.sink
),

methods as (
    select distinct method
    from method_flows
),

-- All that a set costs, less what was handed to it, and with what another method hands to it.
changes as (
    select
        piece[1] as method,
        piece[2] as billing_period,
        piece[3] as currency,
        member as need_set,
        units(sum(billed_part)::decimal(38, 12)) as value
    from split('landed')
    group by all
    union all
    select m.method, h.billing_period, h.currency, coalesce(h.need_set, ''), -sum(h.value)
    from handed as h
    cross join methods as m
    group by all
    union all
    select
        m.method,
        s.billing_period,
        s.currency,
        coalesce(
            set_of($level, s.feature_set, s.model_set, s.product_set),
            ''
        ),
        sum_in($basis, s.billed, s.effective)
    from stage_costs as s
    cross join methods as m
    where
        s.day >= $start and s.day < $stop
        and s.billing_period >= $first and s.billing_period < $after
    group by all
),

set_costs as (
    select
        c.method,
        c.need_set,
        r.to_currency as currency,
        converted(sum(c.value * r.rate)) as amount
    from changes as c
    inner join rates as r on c.billing_period = r.month and c.currency = r.currency
    where c.need_set <> ''
    group by all
),

pieces as (
    select
        (c.method, c.currency, c.need_set) as piece,
        s.target as member,
        s.numerator::hugeint as weight,
        c.amount as billed,
        c.amount as effective
    from set_costs as c
    inner join (select distinct need_set, target, numerator from shares where level = $level) as s
        on c.need_set = s.need_set
),

parts as (
    select piece[1] as method, piece[2] as currency, member as name, billed_part
    from split('pieces')
)

select method, currency, name, sum(billed_part)::decimal(38, 12) as amount
from parts
group by all
