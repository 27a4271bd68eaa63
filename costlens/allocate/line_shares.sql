-- What each line put into each target. Grain: one row per (line, placement, level, target).
-- The parts of a line re-add to it at every level, and the parts of a target to its ledger amount.
-- Reads: line_points; shares of the build. Takes: $period.
with points as (
    select *, row_number() over (order by level, placement, x_load, x_line) as point
    from line_points
),

members as (
    select need_set, level, target, numerator, rung, grade, denominator
    from memory.main.shares
    where billing_period = $period
),

ends as (
    select point, need_set, level, 0 as side, billed_before as billed, effective_before as effective
    from points
    union all
    select point, need_set, level, 1, billed_after, effective_after
    from points
),

weighted as (
    select
        e.point * 2 + e.side as piece,
        m.target as member,
        m.numerator::hugeint as weight,
        e.billed,
        e.effective
    from ends as e
    inner join members as m on e.need_set = m.need_set and e.level = m.level
),

parted as (
    select
        piece // 2 as point,
        member as target,
        sum(case piece % 2 when 1 then billed_part else -billed_part end) as billed,
        sum(case piece % 2 when 1 then effective_part else -effective_part end) as effective
    from split('weighted')
    group by all
),

shared as (
    select point, target, billed, effective
    from parted
    union all
    select point, residual, billed_after - billed_before, effective_after - effective_before
    from points
    where need_set is null
)

select
    p.x_load,
    p.x_line,
    $period as billing_period,
    p.day,
    p.source,
    p.level,
    s.target,
    p.stage,
    p.run,
    p.service,
    p.class,
    p.tier,
    p.rule,
    p.hops,
    m.rung,
    m.numerator,
    m.denominator,
    greatest(p.grade, coalesce(m.grade, 'A')) as grade,
    p.currency,
    s.billed,
    s.effective
from shared as s
inner join points as p on s.point = p.point
left join members as m
    on p.need_set = m.need_set and p.level = m.level and s.target = m.target
order by p.x_load, p.x_line, p.day, p.level, s.target, p.stage, p.run, p.class, p.rule
