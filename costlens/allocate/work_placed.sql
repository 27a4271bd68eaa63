-- The used parts of resource pools at the stages of their jobs, with the idle they stand beside.
-- What one thing needs stands side by side, so that who asks about it reads few of the rows.
-- Grain: one row per (pool, unit shared apart, job, thing made). A part whose outputs were measured becomes one stage
-- for each of them. Reads: overlapped, pools, pool_capacity, jobs, job_targets.
-- Takes: $first_pool and $last_pool, of a stretch that fits in memory.
with beside as (
    select
        o.pool,
        o.of_unit,
        units(coalesce(sum(o.billed) filter (o.unit = 'idle'), 0)::decimal(38, 12)) as idle_billed,
        units(coalesce(sum(o.effective) filter (o.unit = 'idle'), 0)::decimal(38, 12))
            as idle_effective,
        sum(o.numerator) filter (o.job is not null)::hugeint as used,
        count(*) as members,
        -- Without a capacity, idle is unknown, which is not 0; a run's own charges have none.
        any_value(c.capacity is not null or c.kind = 'run') as is_known
    from overlapped as o
    inner join pool_capacity as c on o.pool = c.pool and o.of_unit = c.of_unit
    where o.pool between $first_pool and $last_pool
    group by o.pool, o.of_unit
),

worked as (
    select
        o.piece,
        o.pool,
        o.job,
        j.run,
        j.stage,
        j.pipeline_node as pipeline,
        j.node,
        j.measured,
        case when p.charge_class = 'work' then j.class else p.charge_class end as class,
        case when b.members = 1 and p.kind = 'run' then 'A' else o.grade end as hop_grade,
        case when p.tier = 4 then 'D' else 'A' end as match_grade,
        o.unit,
        o.numerator,
        o.denominator,
        unit_hops(p.place, o.of_unit, o.unit_numerator, o.unit_denominator, hop_grade) as unit_hops,
        -- A run that owns its charges is named by the column `run`.
        case p.kind when 'run' then 'run' else 'overlap' end as hop,
        case p.kind when 'run' then j.stage else p.place end as via,
        o.billed,
        o.effective,
        case when b.is_known then b.idle_billed * o.numerator // b.used end as idle_billed,
        case when b.is_known then b.idle_effective * o.numerator // b.used end as idle_effective
    from overlapped as o
    inner join pools as p on o.pool = p.pool
    inner join jobs as j on o.job = j.job
    inner join beside as b on o.pool = b.pool and o.of_unit = b.of_unit
),

makers as (
    select w.piece, t.target as member, t.weight, w.billed, w.effective
    from worked as w
    inner join job_targets as t on w.job = t.job
),

made as (
    select piece, member, billed_part, effective_part
    from split('makers')
)

select
    piece,
    0 as position,
    pool,
    run,
    stage,
    pipeline,
    node,
    class,
    greatest(match_grade, hop_grade) as grade,
    unit_hops || [
        {
            'hop': hop,
            'via': via,
            'measure': unit,
            'numerator': numerator::decimal(38, 0),
            'denominator': denominator::decimal(38, 0),
            'grade': hop_grade
        }
    ] as hops,
    billed,
    effective,
    amount(idle_billed) as idle_billed,
    amount(idle_effective) as idle_effective
from worked
where not measured
union all
select
    w.piece,
    t.position,
    w.pool,
    w.run,
    t.stage,
    w.pipeline,
    t.target as node,
    w.class,
    greatest(w.match_grade, w.hop_grade, t.grade) as grade,
    w.unit_hops || [
        {
            'hop': w.hop,
            'via': w.via,
            'measure': w.unit,
            'numerator': w.numerator::decimal(38, 0),
            'denominator': w.denominator::decimal(38, 0),
            'grade': w.hop_grade
        },
        {
            'hop': 'outputs',
            'via': w.stage,
            'measure': t.kind,
            'numerator': t.weight::decimal(38, 0),
            'denominator': t.weights::decimal(38, 0),
            'grade': t.grade
        }
    ] as hops,
    m.billed_part as billed,
    m.effective_part as effective,
    amount(w.idle_billed * t.weight // t.weights) as idle_billed,
    amount(w.idle_effective * t.weight // t.weights) as idle_effective
from made as m
inner join worked as w on m.piece = w.piece
inner join job_targets as t on w.job = t.job and m.member = t.target
order by node, piece, position
