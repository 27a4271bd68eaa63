-- Each resource pool split over the jobs that ran in it, against its capacity; the rest is idle, but for
-- what cannot be used in practice. Grain: one row per (pool, job), and one per pool for what was idle and
-- for what is reserved (job null).
-- Reads: pools, pool_capacity, span_work.
with used as (
    select
        p.pool,
        w.job,
        w.work,
        w.grade,
        w.unit,
        p.billed,
        p.effective
    from pools as p
    inner join pool_capacity as c on p.pool = c.pool
    inner join span_work as w
        on
            p.place = w.place
            and (c.kind = 'run' or (p.span_start = w.span_start and p.span_stop = w.span_stop))
    where w.work > 0
),

-- Nobody ran: all of it is idle, whatever the capacity.
idle as (
    select
        p.pool,
        greatest(coalesce(c.practical, c.used) - c.used, case when c.used = 0 then 1 else 0 end)
            as work,
        p.billed,
        p.effective
    from pools as p
    inner join pool_capacity as c on p.pool = c.pool
),

-- Nobody can use it: what is above practical capacity, as far as nobody did.
reserved as (
    select
        p.pool,
        c.capacity - greatest(c.practical, c.used) as work,
        p.billed,
        p.effective
    from pools as p
    inner join pool_capacity as c on p.pool = c.pool
    where c.capacity > c.practical and c.capacity > c.used
),

members as (
    select pool as piece, job as member, work as weight, billed, effective
    from used
    union all
    select pool, 9223372036854775807, work, billed, effective
    from idle
    where work > 0
    union all
    select pool, 9223372036854775806, work, billed, effective
    from reserved
),

parted as (
    select *
    from split('members')
)

select
    -- Pools that are not split keep their own number as their piece.
    (select max(pool) from pools) + row_number() over (order by s.piece, s.member) as piece,
    s.piece as pool,
    u.job,
    case
        when u.job is not null then u.grade
        when s.piece in (select pool from reserved) then 'D'
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
left join used as u on s.piece = u.pool and s.member = u.job
