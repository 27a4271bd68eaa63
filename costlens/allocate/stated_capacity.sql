-- What the bill itself says that a resource could have done over a span: the time of its machines.
-- They may stand on several lines, of several sizes, and each machine again on the lines of another
-- service: sizes add up within a service, and the largest service counts.
-- Grain: one row per (place, span) of a resource. Reads: machines.
with by_service as (
    select
        place,
        span_start,
        span_stop,
        source,
        service,
        sum(used_us * machine_milli) filter (charge_class = 'work') as stated
    from machines
    where kind = 'resource'
    group by all
)

select place, span_start, span_stop, max(stated)::hugeint as stated
from by_service
group by all
