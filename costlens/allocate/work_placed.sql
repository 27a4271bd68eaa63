-- The used parts of resource pools at the stages of their jobs, with the idle they stand beside.
-- Grain: one row per (pool, job, thing made). A part whose outputs were measured becomes one stage
-- for each of them. Reads: overlapped, pools, jobs, part_weights.
with beside as (
    select
        pool,
        sum(billed) filter (job is null) as idle_billed,
        sum(effective) filter (job is null) as idle_effective,
        sum(numerator) filter (job is not null)::hugeint as used,
        count(*) as members
    from overlapped
    group by pool
),

worked as (
    select
        o.pool,
        o.job,
        j.source,
        j.run,
        j.part,
        j.stage,
        j.node,
        j.measured,
        case when p.charge_class = 'work' then j.class else p.charge_class end as class,
        case
            when p.kind = 'run' then 'A'
            when p.tier = 4 then 'D'
            else 'A'
        end as match_grade,
        case when b.members = 1 and p.kind = 'run' then 'A' else o.grade end as grade,
        o.unit,
        o.numerator,
        o.denominator,
        p.place,
        o.billed,
        o.effective,
        -- Without a capacity, idle is unknown, which is not 0.
        case
            when c.capacity is not null
                then amount(units(coalesce(b.idle_billed, 0)) * o.numerator // b.used)
        end as idle_billed,
        case
            when c.capacity is not null
                then amount(units(coalesce(b.idle_effective, 0)) * o.numerator // b.used)
        end as idle_effective
    from overlapped as o
    inner join pools as p on o.pool = p.pool
    inner join jobs as j on o.job = j.job
    inner join beside as b on o.pool = b.pool
    inner join pool_capacity as c on o.pool = c.pool
),

makers as (
    select
        w.pool,
        w.job,
        w.pool || '-' || w.job as piece,
        t.target as member,
        t.kind,
        t.weight,
        w.billed,
        w.effective
    from worked as w
    inner join part_weights as t
        on w.measured and w.source = t.source and w.run = t.run and w.part = t.part
),

made as (
    select piece, member, weight, total_weight, billed_part, effective_part
    from split('makers')
),

joined as (
    select
        w.*,
        m.member as target,
        k.kind as made_by,
        m.weight as made_weight,
        m.total_weight as made_total,
        case k.kind when 'work_s' then 'B' else 'C' end as made_grade,
        m.billed_part,
        m.effective_part
    from worked as w
    left join makers as k on w.measured and w.pool = k.pool and w.job = k.job
    left join made as m on k.piece = m.piece and k.member = m.member
)

select
    pool,
    job,
    run,
    case when measured then stage || '/' || split_part(target, ':', 2) else stage end as stage,
    case when measured then target else node end as node,
    class,
    greatest(match_grade, grade, case when measured then made_grade else 'A' end) as grade,
    list_concat(
        [
            {
                'hop': 'overlap',
                'via': place,
                'measure': unit,
                'numerator': numerator::decimal(38, 0),
                'denominator': denominator::decimal(38, 0),
                'grade': grade
            }
        ],
        case
            when measured then [
                {
                    'hop': 'outputs',
                    'via': stage,
                    'measure': made_by,
                    'numerator': made_weight::decimal(38, 0),
                    'denominator': made_total::decimal(38, 0),
                    'grade': made_grade
                }
            ]
            else []
        end
    ) as hops,
    case when measured then billed_part else billed end as billed,
    case when measured then effective_part else effective end as effective,
    case
        when measured then amount(units(idle_billed) * made_weight // made_total)
        else idle_billed
    end as idle_billed,
    case
        when measured then amount(units(idle_effective) * made_weight // made_total)
        else idle_effective
    end as idle_effective
from joined
