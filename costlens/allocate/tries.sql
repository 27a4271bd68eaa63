-- Every attempt, as large as it says; one that says nothing is as large as the one it runs in.
-- `made_of`: its vCPU, memory and GPU, in proportion to each other.
-- Grain: one row per attempt. Reads: logged, hosts.
select
    l.* exclude (size, size_unit, vcpu, memory_gb, gpu),
    coalesce(l.size, h.size) as size,
    case when l.size is null then coalesce(h.size_unit, l.size_unit) else l.size_unit end
        as size_unit,
    case
        when l.size is null then h.made_of
        else {'vcpu': l.vcpu, 'memory_gb': l.memory_gb, 'gpu': l.gpu}
    end as made_of,
    (coalesce(l.size, h.size)::decimal(38, 3) * 1000)::hugeint as size_milli
from logged as l
left join hosts as h on l.attempt = h.attempt
