-- The size of one machine on each pool, in thousandths of the unit its resource is measured in.
-- 1 machine, or as the resource declares, or as the charge's own price says.
-- Grain: one row per pool on a resource or run. Reads: pools, resource_sizes.
select
    p.*,
    z.unit,
    z.capacity_milli,
    -- What a machine has of each unit, as its size weighs it.
    case
        when z.apart is distinct from true then null
        when z.machine_milli is not null then z.machine_of
        when json_valid(p.machine_details) then map {
            'vcpu': 9 * try_cast(p.machine_details ->> '$.CoreCount' as decimal(12, 3)),
            'memory_gb': try_cast(
                regexp_extract(p.machine_details ->> '$.MemorySize', '^[0-9.]+') as decimal(12, 3)
            ),
            'gpu': 90 * try_cast(p.machine_details ->> '$.GpuCount' as decimal(12, 3))
        }
    end as machine_of,
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
