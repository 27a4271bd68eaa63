-- What each job used of each billed span, in thousandths of a unit times microseconds.
-- Busy or billable seconds take the place of the wall clock, spread evenly over the attempt.
-- A run that owns its charges alone uses them whatever their hour says.
-- Where the place is shared by who is there, or by how long, the clock alone counts.
-- Grain: one row per (place, span, unit shared apart, else '', job); span is null for a run.
-- Reads: span_uses, span_occupied, tries, tried_units, own_time, resource_sizes, unit_capacity,
-- run_members, pools.
with sized as (
    select
        u.place,
        u.span_start,
        u.span_stop,
        u.attempt,
        t.job,
        case when z.mixed or t.size_milli is null then 1000 else t.size_milli end as size_milli,
        case
            when t.busy_us is null then u.overlap_us
            else u.overlap_us * t.busy_us // o.own_us
        end as time_us,
        case
            when t.busy_us is not null then 'B'
            when z.mixed or t.size_milli is null then 'C'
            when z.unit in ('slots', 'machines') then 'B'
            else 'C'
        end as grade,
        coalesce(z.unit, 'runs') as unit
    from span_uses as u
    inner join tries as t on u.attempt = t.attempt
    inner join own_time as o on u.attempt = o.attempt
    inner join resource_sizes as z on u.place = z.place
    where z.overlap = 'capacity'
    union all
    select
        u.place,
        u.span_start,
        u.span_stop,
        u.attempt,
        t.job,
        1000 as size_milli,
        u.overlap_us as time_us,
        'C' as grade,
        'duration' as unit
    from span_uses as u
    inner join tries as t on u.attempt = t.attempt
    inner join resource_sizes as z on u.place = z.place
    where z.overlap = 'duration'
    union all
    select
        u.place,
        u.span_start,
        u.span_stop,
        u.attempt,
        t.job,
        1 as size_milli,
        u.occupied as time_us,
        case
            when z.overlap = 'occupancy_by_slots' and z.unit in ('slots', 'machines')
                and not z.mixed and t.size_milli is not null then 'B'
            else 'C'
        end as grade,
        'occupancy' as unit
    from span_occupied as u
    inner join tries as t on u.attempt = t.attempt
    inner join resource_sizes as z on u.place = z.place
    union all
    select
        m.place,
        null as span_start,
        null as span_stop,
        t.attempt,
        t.job,
        coalesce(t.size_milli, 1000) as size_milli,
        coalesce(t.busy_us, o.own_us, 0) as time_us,
        case when t.busy_us is not null or t.size_unit in ('slots', 'machines') then 'B' else 'C' end
            as grade,
        coalesce(t.size_unit, 'runs') as unit
    from run_members as m
    inner join tries as t on m.attempt = t.attempt
    left join own_time as o on t.attempt = o.attempt
    where m.place in (select place from pools where kind = 'run')
),

-- Of a place whose units are shared apart, the part of each; what it has none of has no price.
parted as (
    select s.* exclude (attempt), '' as of_unit, s.size_milli * s.time_us as work
    from sized as s
    anti join unit_capacity as c
        on s.place = c.place and s.span_start = c.span_start and s.span_stop = c.span_stop
    union all
    select
        s.* exclude (attempt) replace (c.of_unit as unit),
        c.of_unit,
        part_floor(s.size_milli * s.time_us, m.weight, m.weights) as work
    from sized as s
    inner join tried_units as m on s.attempt = m.attempt
    inner join unit_capacity as c
        on
            s.place = c.place
            and s.span_start = c.span_start
            and s.span_stop = c.span_stop
            and m.of_unit = c.of_unit
)

select
    place,
    span_start,
    span_stop,
    of_unit,
    job,
    -- The charges of a run whose clock says nothing are its parts' alike.
    case
        when span_start is null and sum(sum(work)) over (partition by place) = 0 then 1
        else sum(work)
    end::hugeint as work,
    max(grade) as grade,
    any_value(unit) as unit
from parted
group by place, span_start, span_stop, of_unit, job
