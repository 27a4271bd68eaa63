-- The features that models without `uses` in the catalogue take, from run logs: those of the first
-- version from the beginning, those of a later one from the day it was made; a version that names
-- nothing changes nothing. Grain: one row per (feature, target, validity). Reads: version_uses.
with versions as (
    select to_node, source, version, min(seen) as seen
    from version_uses
    where not overruled
    group by all
),

dated as (
    select
        *,
        row_number() over in_order = 1 as is_first,
        lead(seen::date) over in_order as valid_to
    from versions
    window
        in_order as (
            partition by to_node
            order by seen, source, try_cast(version as bigint), version
        )
)

select
    u.from_node,
    u.to_node,
    case when not d.is_first then d.seen::date end as valid_from,
    d.valid_to,
    u.source,
    u.version,
    u.seen_as
from dated as d
inner join version_uses as u
    on d.to_node = u.to_node and d.source = u.source and d.version is not distinct from u.version
where d.valid_to is null or d.is_first or d.valid_to > d.seen::date
