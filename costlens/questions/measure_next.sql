-- What to measure next: the money that a weak step brought to each pipeline, or stage without one,
-- times how many grades that step is from measured. Money counts once, at its worst step, the
-- earlier one of equals. Grain: one row per (name, step, measure, grade, currency).
-- Reads: placements, shares, rates. Takes: $level; $basis; $start, $stop, $first and $after.
with placed as (
    select
        coalesce(substr(p.pipeline, strpos(p.pipeline, ':') + 1), p.stage) as name,
        case $level
            when 'feature' then p.feature_set
            when 'model' then p.model_set
            else p.product_set
        end as need_set,
        p.outcome,
        p.tier,
        p.billing_period,
        p.currency,
        list_transform(
            p.hops, lambda h: {'step': h.hop, 'measure': h.measure, 'grade': h.grade}
        ) as hops,
        case $basis when 'billed' then p.billed else p.effective end as value
    from placements as p
    where
        p.outcome <> 'excluded'
        and p.day >= $start and p.day < $stop
        and p.billing_period >= $first and p.billing_period < $after
),

converting as (
    select
        p.name,
        p.need_set,
        p.outcome,
        p.tier,
        p.hops,
        r.to_currency as currency,
        sum(units(p.value) * r.rate) as value
    from placed as p
    inner join rates as r on p.billing_period = r.month and p.currency = r.currency
    group by all
),

members as (
    select distinct need_set, target, rung, grade, members, numerator::hugeint as part, denominator::hugeint as whole
    from shares
    where level = $level
),

-- How far each split is from an even one, in millionths: half of what all members differ by.
sets as (
    select
        need_set,
        any_value(rung) as rung,
        any_value(grade) as grade,
        sum(abs(part * members - whole)) * 1000000
        // any_value(2 * members * whole) as from_even
    from members
    group by need_set
),

blamed as (
    select
        c.name,
        c.currency,
        c.value,
        s.from_even,
        list_concat(
            [
                {
                    'step': 'match',
                    'measure': case when c.tier is null then 'none' else 'tier ' || c.tier end,
                    'grade': case when c.tier is null then 'U' when c.tier = 4 then 'D' else 'A' end
                }
            ],
            c.hops,
            [
                {
                    'step': case c.outcome when 'stranded' then 'cascade' else 'need' end,
                    'measure': coalesce(s.rung, 'none'),
                    'grade': case
                        when c.outcome in ('unneeded', 'stranded') then 'U'
                        else coalesce(s.grade, 'A')
                    end
                }
            ]
        ) as steps
    from converting as c
    left join sets as s on c.need_set = s.need_set
),

worst as (
    select
        * exclude (steps),
        list_filter(
            steps, lambda s: s.grade = list_max(list_transform(steps, lambda t: t.grade))
        )[1] as at_fault
    from blamed
),

-- What measuring moved where it was done: the distance of measured needs from even ones.
measured as (
    select
        currency,
        sum(value) as value,
        sum(value * from_even // 1000000) as moved
    from blamed
    where list_extract(steps, -1).measure in ('reads', 'month_reads') and value > 0
    group by currency
),

figures as (
    select
        w.name,
        w.at_fault.step as step,
        w.at_fault.measure as measure,
        w.at_fault.grade as grade,
        w.currency,
        sum(w.value) as value,
        sum(w.value * w.from_even // 1000000) as moved
    from worst as w
    where w.at_fault.grade > 'B'
    group by all
),

priced as (
    select
        f.name,
        f.step,
        f.measure,
        f.grade,
        f.currency,
        converted(f.value) as cost,
        case f.grade when 'C' then 1 when 'D' then 2 when 'E' then 3 else 4 end as distance,
        case
            when f.step <> 'need' or f.grade = 'U' then null
            when f.grade = 'E' then ratio(converted(m.moved), converted(m.value))
            else ratio(converted(f.moved), converted(f.value))
        end as band_share
    from figures as f
    left join measured as m on f.currency = m.currency
    where f.value <> 0
)

select
    name,
    step,
    measure,
    grade,
    currency,
    cost,
    distance,
    (cost * distance)::decimal(38, 12) as priority,
    band_share,
    case
        when step = 'match' and grade = 'U' then 'a tag, or a rule in billed_by, that names its owner'
        when step = 'match' then 'a tag or resource id of its own, in place of a scope rule'
        when measure in ('duration', 'occupancy')
            then 'busy seconds of its runs, or the slots they hold, with overlap: capacity'
        when step in ('overlap', 'run') then 'busy seconds of its runs, or the slots they hold'
        when step = 'outputs' then 'work seconds of each thing the part makes'
        when step = 'cascade' then 'what each consumer takes (activity)'
        when step = 'own_cost' then 'what each part of the pipeline takes (activity)'
        when grade = 'U' then 'what it makes or feeds (produces, feeds)'
        else 'reads of each consumer (activity), or work seconds or values written for each'
    end as to_measure
from priced
order by currency, priority desc, name, step, measure, grade
