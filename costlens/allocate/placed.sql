-- Every pool at the stages it came to, before stages hand cost on.
-- Grain: one row per (piece, position). `outcome` is set where nobody can need it;
-- `node` is where its need starts in the graph, with `=` before a target that needs it alone.
-- Reads: pools, overlapped, work_placed.
with whole as (
    select
        pool as piece,
        0 as position,
        pool,
        null::varchar as run,
        place as stage,
        case when owner like 'pipeline:%' then owner end as pipeline,
        case
            when place like '(%' then null
            when place like 'pipeline:%/shared' then owner
            when place like 'feature:%' or place like 'model:%' or place like 'product:%'
                then '=' || place
            else place
        end as node,
        case place
            when '(unmatched)' then 'unmatched'
            when '(excluded)' then 'excluded'
        end as outcome,
        charge_class as class,
        case when tier is null then 'U' when tier = 4 then 'D' else 'A' end as grade,
        []::struct(
            hop varchar,
            via varchar,
            measure varchar,
            numerator decimal(38, 0),
            denominator decimal(38, 0),
            grade varchar
        )[] as hops,
        billed,
        effective,
        0::decimal(38, 12) as idle_billed,
        0::decimal(38, 12) as idle_effective
    from pools
    where kind = 'whole'
),

drivers as (
    select pool, of_unit, max(grade) as grade
    from overlapped
    group by pool, of_unit
),

idle as (
    select
        o.piece,
        0 as position,
        o.pool,
        null::varchar as run,
        p.place as stage,
        case when p.owner like 'pipeline:%' then p.owner end as pipeline,
        null::varchar as node,
        'idle' as outcome,
        case p.charge_class when 'work' then o.unit else p.charge_class end as class,
        greatest(case when p.tier = 4 then 'D' else 'A' end, d.grade) as grade,
        unit_hops(p.place, o.of_unit, o.unit_numerator, o.unit_denominator, d.grade) || [
            {
                'hop': 'overlap',
                'via': p.place,
                'measure': o.unit,
                'numerator': o.numerator::decimal(38, 0),
                'denominator': o.denominator::decimal(38, 0),
                'grade': d.grade
            }
        ] as hops,
        o.billed,
        o.effective,
        0::decimal(38, 12) as idle_billed,
        0::decimal(38, 12) as idle_effective
    from overlapped as o
    inner join pools as p on o.pool = p.pool
    inner join drivers as d on o.pool = d.pool and o.of_unit = d.of_unit
    where o.job is null
)

select * from whole
union all
select
    piece,
    position,
    pool,
    run,
    stage,
    pipeline,
    node,
    null as outcome,
    class,
    grade,
    hops,
    billed,
    effective,
    idle_billed,
    idle_effective
from work_placed
union all
select * from idle
