-- Every name that activity and outputs can mean. Grain: one row per node.
-- Reads: things, part_targets, tries, set_edges.
select node, kind, name
from things
where kind <> 'team'
union
select target, split_part(target, ':', 1), substr(target, strpos(target, ':') + 1)
from part_targets
union
select pipeline_node, 'pipeline', substr(pipeline_node, 10)
from tries
