-- costlens/start/kinds.sql
-- What rules can tell apart in the whole bill. Grain: one row per (service, resource, tags,
-- currency). Reads: seen_charges.
select
    row_number() over (order by all_of.cost desc, all_of.service, all_of.resource_id, all_of.tags) as kind,
    all_of.*
from (
    select service, resource_id, id, tags, currency, sum(effective) as cost, sum(lines) as lines
    from seen_charges
    group by all
) as all_of
