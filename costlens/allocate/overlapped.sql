-- Each resource pool split over the jobs that ran in it, against its capacity; the rest is idle, but for
-- what cannot be used in practice. Where units are shared apart, the pool goes to its vCPU, memory and
-- GPU first, by what each weighs. Grain: one row per (pool, unit, job), and one per (pool, unit) for
-- what was idle and for what is reserved (job null).
-- Reads: pools, pool_capacity, span_work.
with units as (
    select c.pool as piece, c.of_unit as member, c.capacity as weight, p.billed, p.effective
    from pool_capacity as c
    inner join pools as p on c.pool = p.pool
    where c.of_unit <> ''
),

by_unit as (
    select *
    from split('units')
),

portions as (
    select
        c.*,
        u.weight as unit_numerator,
        u.total_weight as unit_denominator,
        coalesce(u.billed_part, p.billed) as billed,
        coalesce(u.effective_part, p.effective) as effective
    from pool_capacity as c
    inner join pools as p on c.pool = p.pool
    left join by_unit as u on c.pool = u.piece and c.of_unit = u.member
),

used as (
    select
        c.portion,
        w.job,
        w.work,
        w.grade,
        w.unit,
        c.billed,
        c.effective
    from portions as c
    inner join pools as p on c.pool = p.pool
    inner join span_work as w
        on
            p.place = w.place
            and c.of_unit = w.of_unit
            and (c.kind = 'run' or (p.span_start = w.span_start and p.span_stop = w.span_stop))
    where w.work > 0
),

-- Nobody ran: all of it is idle, whatever the capacity.
idle as (
    select
        portion,
        greatest(coalesce(practical, used) - used, case when used = 0 then 1 else 0 end) as work,
        billed,
        effective
    from portions
),

-- Nobody can use it: what is above practical capacity, as far as nobody did.
reserved as (
    select
        portion,
        capacity - greatest(practical, used) as work,
        billed,
        effective
    from portions
    where capacity > practical and capacity > used
),

members as (
    select portion as piece, job as member, work as weight, billed, effective
    from used
    union all
    select portion, 9223372036854775807, work, billed, effective
    from idle
    where work > 0
    union all
    select portion, 9223372036854775806, work, billed, effective
    from reserved
),

parted as (
    select *
    from split('members')
)

select
    -- Pools that are not split keep their own number as their piece.
    (select max(pool) from pools) + row_number() over (order by s.piece, s.member) as piece,
    c.pool,
    c.of_unit,
    c.unit_numerator,
    c.unit_denominator,
    u.job,
    case
        when u.job is not null then u.grade
        when s.piece in (select portion from reserved) then 'D'
        else 'A'
    end as grade,
    case
        when u.job is not null then u.unit
        when s.member = 9223372036854775806 then 'reserved'
        else 'idle'
    end as unit,
    s.weight as numerator,
    s.total_weight as denominator,
    s.billed_part as billed,
    s.effective_part as effective
from parted as s
inner join portions as c on s.piece = c.portion
left join used as u on s.piece = u.portion and s.member = u.job
