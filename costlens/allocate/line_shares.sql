-- What each line put into each target. Grain: one row per (line, placement, level, target).
-- The parts of a line re-add to it at every level, and the parts of a target to its ledger amount.
-- Reads: line_points; shares of the build. Takes: $period; $target, null for all of them.
with points as (
    select *, row_number() over (order by level, placement, x_load, x_line) as point
    from line_points
),

members as (
    select need_set, level, target, place, members, numerator, denominator, rung, grade
    from memory.main.shares
    where billing_period = $period and need_set in (select need_set from line_points)
),

wanted as (
    select *
    from members
    where $target::varchar is null or target = $target
),

-- As in the ledger: of a remainder of r units the first r members of an even set take one each.
ends as (
    select
        point,
        need_set,
        level,
        side,
        case side when 0 then billed_before else billed_after end as billed,
        case side when 0 then effective_before else effective_after end as effective
    from points
    cross join (values (0), (1)) as sides (side)
    where need_set is not null
),

counted as (
    select
        point,
        need_set,
        level,
        side,
        sign(billed) as billed_sign,
        abs(units(billed)) as billed,
        sign(effective) as effective_sign,
        abs(units(effective)) as effective
    from ends
),

even as (
    select
        e.point,
        e.side,
        w.target,
        amount(
            e.billed_sign * (e.billed // w.members + (w.place <= e.billed % w.members)::hugeint)
        ) as billed,
        amount(
            e.effective_sign
            * (e.effective // w.members + (w.place <= e.effective % w.members)::hugeint)
        ) as effective
    from counted as e
    inner join wanted as w on e.need_set = w.need_set and e.level = w.level
    where w.rung in ('even', 'only')
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
    where m.rung not in ('even', 'only')
),

sides as (
    select * from even
    union all
    select piece // 2 as point, piece % 2 as side, member as target, billed_part, effective_part
    from split('weighted')
    where $target::varchar is null or member = $target
),

shared as (
    select
        point,
        target,
        sum(case side when 1 then billed else -billed end)::decimal(38, 12) as billed,
        sum(case side when 1 then effective else -effective end)::decimal(38, 12) as effective
    from sides
    group by all
    union all
    select point, residual, billed_after - billed_before, effective_after - effective_before
    from points
    where need_set is null and ($target::varchar is null or residual = $target)
)

select
    p.x_load,
    p.x_line,
    $period as billing_period,
    p.day,
    p.source,
    p.level,
    s.target,
    'own' as step,
    p.placement,
    p.stage,
    p.run,
    p.service,
    p.class,
    p.tier,
    p.rule,
    told_hops(p.hops) as weights,
    m.rung || ' ' || m.numerator || '/' || m.denominator as need,
    greatest(p.grade, coalesce(m.grade, 'A')) as grade,
    p.currency,
    s.billed,
    s.effective
from shared as s
inner join points as p on s.point = p.point
left join wanted as m
    on p.need_set = m.need_set and p.level = m.level and s.target = m.target
order by p.x_load, p.x_line, p.day, p.level, s.target, p.stage, p.run, p.class, p.rule
