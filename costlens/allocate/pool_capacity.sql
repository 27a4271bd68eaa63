-- What a resource could have done over each billed span, in the unit its attempts are sized in, and
-- what was used of it. Its machines may stand on several lines, of several sizes, and each machine on
-- the lines of several services: sizes add up within a service, and the largest service counts.
-- Grain: one row per pool on a resource or run. Reads: pools, resource_sizes, span_work.
with machines as (
    select
        p.*,
        z.unit,
        z.capacity_milli,
        -- The size of one machine: 1 machine, or as declared, or as the charge's own price says.
        case
            when z.unit = 'machines' then 1000
            when z.machine_milli is not null then z.machine_milli
            when z.unit = 'weighted' and json_valid(p.machine_details) then (
                1000 * (
                    9 * try_cast(p.machine_details ->> '$.CoreCount' as decimal(12, 3))
                    + try_cast(
                        regexp_extract(p.machine_details ->> '$.MemorySize', '^[0-9.]+')
                        as decimal(12, 3)
                    )
                    + 90 * coalesce(
                        try_cast(p.machine_details ->> '$.GpuCount' as decimal(12, 3)), 0
                    )
                )
            )::hugeint
        end as machine_milli
    from pools as p
    left join resource_sizes as z on p.place = z.place
    where p.kind in ('resource', 'run')
),

by_service as (
    select
        place,
        span_start,
        span_stop,
        service,
        source,
        sum(used_us * machine_milli) filter (charge_class = 'work') as stated
    from machines
    where kind = 'resource'
    group by all
),

stated as (
    select place, span_start, span_stop, max(stated)::hugeint as stated
    from by_service
    group by all
),

totals as (
    select place, span_start, span_stop, sum(work)::hugeint as used
    from span_work
    group by all
)

select
    m.pool,
    m.kind,
    coalesce(t.used, 0) as used,
    case
        when m.kind = 'run' then null
        when s.stated > 0 then s.stated
        when m.capacity_milli > 0
            then m.capacity_milli * micros(m.span_start, m.span_stop)
    end as capacity
from machines as m
left join stated as s
    on m.place = s.place and m.span_start = s.span_start and m.span_stop = s.span_stop
left join totals as t
    on
        m.place = t.place
        and (m.kind = 'run' or (m.span_start = t.span_start and m.span_stop = t.span_stop))
