-- costlens/start/links.sql
-- Which things a run log joins. Grain: one row per (month, edge, where it was seen).
-- Reads: read_links, the rows a pack makes. Takes: $source.
select
    $source as source,
    strftime(period_start, '%Y-%m') as period,
    from_node,
    to_node,
    seen_as,
    count(*) as lines
from read_links
group by all
