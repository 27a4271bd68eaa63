-- The stages that stop once some are gone: those that nobody needs any more at one of the levels.
-- Grain: one row per (node, day). Reads: needed (the node_sets before), node_sets.
select n.node, n.day
from needed as n
inner join node_sets as s on n.node = s.node and n.day = s.day
where
    (n.feature_set is not null and s.feature_set is null)
    or (n.model_set is not null and s.model_set is null)
    or (n.product_set is not null and s.product_set is null)
