-- What a resource could have done over a span of its vCPU, memory and GPU, each by itself: as the bill
-- states it, else as declared. Which service states it is asked as for the whole: `stated_capacity`.
-- Grain: one row per (place, span, unit) of resources whose units are shared apart.
-- Reads: machines, resource_sizes.
with stated as (
    select
        place,
        span_start,
        span_stop,
        source,
        service,
        unnest(map_entries(machine_of), recursive := true),
        used_us
    from machines
    where kind = 'resource' and charge_class = 'work'
),

by_unit as (
    select
        place,
        span_start,
        span_stop,
        source,
        service,
        key as of_unit,
        sum(used_us * (value * 1000)::hugeint)::hugeint as capacity
    from stated
    where used_us is not null and value > 0
    group by all
),

by_service as (
    select
        *,
        sum(capacity) over (partition by place, span_start, span_stop, source, service) as whole
    from by_unit
),

largest as (
    select place, span_start, span_stop, of_unit, capacity
    from by_service
    where whole > 0
    qualify
        dense_rank() over (
            partition by place, span_start, span_stop order by whole desc, source, service
        ) = 1
),

spans as (
    select distinct m.place, m.span_start, m.span_stop, z.capacity_of
    from machines as m
    inner join resource_sizes as z on m.place = z.place
    where m.kind = 'resource' and z.apart
),

declared as (
    select
        s.place,
        s.span_start,
        s.span_stop,
        unnest(map_entries(s.capacity_of), recursive := true)
    from spans as s
    anti join largest as l
        on s.place = l.place and s.span_start = l.span_start and s.span_stop = l.span_stop
)

select *
from largest
where capacity > 0
union all
select
    place,
    span_start,
    span_stop,
    key as of_unit,
    (value * 1000)::hugeint * micros(span_start, span_stop) as capacity
from declared
