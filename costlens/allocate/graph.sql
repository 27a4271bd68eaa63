-- Every edge: what the catalogue says, what pipelines were seen to make, what model versions
-- were seen trained on, what was seen to feed what, what was seen consumed.
-- Grain: one row per edge and place. Reads: edges, part_targets, tries, seen_uses, seen_feeds,
-- consumption.
with made as (
    select t.pipeline_node as from_node, p.target as to_node, min(t.source) as source
    from tries as t
    inner join part_targets as p on t.source = p.source and t.execution = p.execution and t.part = p.part
    group by all
)

select from_node, to_node, kind, weight, reads, valid_from, valid_to, read_from
from edges
union all
select from_node, to_node, 'feeds', null, null, null, null, source
from made
union all
select from_node, to_node, 'uses', null, null, valid_from, valid_to, source || ' (' || seen_as || ')'
from seen_uses
union all
select from_node, to_node, 'feeds', null, null, null, null, source || ' (' || seen_as || ')'
from seen_feeds
union all
select from_node, to_node, 'uses', null, sum(reads)::decimal(38, 0) * 0.000001, min(day), null, 'activity'
from consumption
group by from_node, to_node
order by from_node, to_node, read_from, valid_from
