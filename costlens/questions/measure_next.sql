-- What to measure next: the money that a weak step brought to each pipeline, or stage without one,
-- times how many grades that step is from measured. Money counts once, at its worst step, the
-- earlier one of equals. Grain: one row per (name, step, measure, grade, currency).
-- Reads: way_costs, which is kept before; shares, outputs, catalogue, rates. Takes: $level; $basis.
with converting as (
    select
        p.name,
        set_of($level, p.feature_set, p.model_set, p.product_set) as need_set,
        p.outcome,
        p.tier,
        p.hops,
        r.to_currency as currency,
        sum(units(case $basis when 'billed' then p.billed else p.effective end) * r.rate) as value
    from way_costs as p
    inner join rates as r on p.billing_period = r.month and p.currency = r.currency
    where p.outcome <> 'excluded'
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
        c.need_set,
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

-- Where two rungs are known of one split, how far the lower one is from the better one, in millionths.
-- Of needs: declared weights of all members, beside reads; by money.
own_weights as (
    select
        m.need_set,
        m.target,
        any_value(m.part) as part,
        any_value(m.whole) as whole,
        any_value(m.members) as members,
        (max_by(c.weight, coalesce(c.valid_from, date '0001-01-01')) * 1000000)::hugeint as weight
    from members as m
    inner join catalogue as c on c.node = $level || ':' || m.target
    where m.rung in ('reads', 'month_reads', 'known_reads')
    group by m.need_set, m.target
),

weighed as (
    select *, sum(weight) over by_set as total, count(weight) over by_set as known
    from own_weights
    window by_set as (partition by need_set)
),

from_weights as (
    select
        need_set,
        sum(abs(part * total - weight * whole)) * 1000000 // any_value(2 * whole * total) as distance
    from weighed
    where known = members and total > 0
    group by need_set
),

from_declared as (
    select
        b.currency,
        sum(b.value) as value,
        sum(b.value * f.distance // 1000000) as moved
    from blamed as b
    inner join from_weights as f on b.need_set = f.need_set
    where b.value > 0
    group by b.currency
),

-- Of what a part made: any other measure, beside work seconds; each part of a run alike.
made as (
    select
        source,
        pipeline,
        run,
        part,
        measure,
        target,
        (sum(quantity) * 1000000)::hugeint as quantity,
        (sum(sum(quantity)) over (partition by source, pipeline, run, part, measure) * 1000000)::hugeint
            as total
    from outputs
    group by source, pipeline, run, part, measure, target
),

from_work as (
    select
        m.measure,
        sum(abs(m.quantity * w.total - w.quantity * m.total)) * 1000000
        // any_value(2 * m.total * w.total) as distance
    from made as m
    inner join made as w
        on
            w.measure = 'work_s'
            and m.measure <> 'work_s'
            and m.source = w.source
            and m.pipeline = w.pipeline
            and m.run = w.run
            and m.part is not distinct from w.part
            and m.target = w.target
    where m.total > 0 and w.total > 0
    group by m.source, m.pipeline, m.run, m.part, m.measure
    having count(*) > 1
),

from_measures as (
    select measure, sum(distance)::hugeint // count(*) as distance
    from from_work
    group by measure
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
            when f.step = 'outputs' then amount(q.distance * 1000000)::decimal(9, 4)
            when f.step <> 'need' or f.grade = 'U' then null
            when f.measure = 'weight' and d.value > 0
                then ratio(converted(d.moved), converted(d.value))
            when f.grade = 'E' then ratio(converted(m.moved), converted(m.value))
            else ratio(converted(f.moved), converted(f.value))
        end as band_share
    from figures as f
    left join measured as m on f.currency = m.currency
    left join from_declared as d on f.currency = d.currency
    left join from_measures as q on f.measure = q.measure
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
        when step in ('unit', 'overlap', 'run') then 'busy seconds of its runs, or the slots they hold'
        when step = 'outputs' then 'work seconds of each thing the part makes'
        when step = 'cascade' then 'what each consumer takes (activity)'
        when step = 'own_cost' then 'what each part of the pipeline takes (activity)'
        when grade = 'U' then 'what it makes or feeds (produces, feeds)'
        else 'reads of each consumer (activity), or work seconds or values written for each'
    end as to_measure
from priced
order by currency, priority desc, name, step, measure, grade
