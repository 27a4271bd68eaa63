-- What a resource could have done over each billed span, in the unit its attempts are sized in, and
-- what was used of it. Grain: one row per pool on a resource or run; one per unit, where units are
-- shared apart. `portion` numbers them.
-- Where those that are there share all of it, only the time in which nobody was is beside it; where
-- they share it by how long they run, nothing is known of that.
-- `practical` is what of the capacity can be used in practice.
-- Reads: machines, stated_capacity, unit_capacity, span_work, span_occupied, resource_sizes.
with empty as (
    select place, span_start, span_stop, occupied as lasts
    from span_occupied
    where attempt is null
),

totals as (
    select place, span_start, span_stop, of_unit, sum(work)::hugeint as used
    from span_work
    group by all
),

known as (
    select
        m.pool,
        m.kind,
        coalesce(c.of_unit, '') as of_unit,
        coalesce(t.used, 0) as used,
        case when z.overlap = 'capacity' then coalesce(z.practical, 1) else 1 end as practical,
        case
            when m.kind = 'run' or z.overlap = 'duration' then null
            when z.overlap <> 'capacity' then t.used + coalesce(e.lasts, 0)
            when c.capacity is not null then c.capacity
            when s.stated > 0 then s.stated
            when m.capacity_milli > 0
                then m.capacity_milli * micros(m.span_start, m.span_stop)
        end as capacity
    from machines as m
    left join resource_sizes as z on m.place = z.place
    left join empty as e
        on m.place = e.place and m.span_start = e.span_start and m.span_stop = e.span_stop
    left join stated_capacity as s
        on m.place = s.place and m.span_start = s.span_start and m.span_stop = s.span_stop
    left join unit_capacity as c
        on
            m.kind = 'resource'
            and m.place = c.place
            and m.span_start = c.span_start
            and m.span_stop = c.span_stop
    left join totals as t
        on
            m.place = t.place
            and coalesce(c.of_unit, '') = t.of_unit
            and (m.kind = 'run' or (m.span_start = t.span_start and m.span_stop = t.span_stop))
)

select
    * replace (capacity * (practical * 1000000)::hugeint // 1000000 as practical),
    row_number() over (order by pool, of_unit) as portion
from known
