-- costlens/ingest/checks/links.sql
-- What is wrong with the links of one load. Grain: one row per problem.
-- Reads: links. Takes: $source and $period, the load.
select
    'no_link' as problem,
    count(*) as lines,
    min(x_line) as line,
    null as value
from links
where
    source = $source
    and month = $period
    and (from_node is null or to_node is null or kind is null or seen_as is null)
having count(*) > 0
