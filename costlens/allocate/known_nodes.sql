-- Every name that activity and outputs can mean. Grain: one row per node.
-- Reads: things, part_targets, tries, seen_uses, seen_feeds. Tables and services are no targets:
-- one of a model's name does not make that name mean two things.
select node, kind, name
from things
where kind <> 'team'
union
select target, split_part(target, ':', 1), substr(target, strpos(target, ':') + 1)
from part_targets
where target not like 'table:%'
union
select from_node, split_part(from_node, ':', 1), substr(from_node, strpos(from_node, ':') + 1)
from seen_uses
where from_node not like 'service:%'
union
select to_node, split_part(to_node, ':', 1), substr(to_node, strpos(to_node, ':') + 1)
from seen_uses
union
select to_node, split_part(to_node, ':', 1), substr(to_node, strpos(to_node, ':') + 1)
from seen_feeds
where split_part(to_node, ':', 1) in ('feature', 'model', 'product')
union
select pipeline_node, 'pipeline', substr(pipeline_node, 10)
from tries
