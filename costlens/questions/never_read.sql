-- Features that nobody was seen to read by the end of the window, the dearest first: because nothing is
-- known to use them, or because users are known and reads are counted, and none came. Where reads of no
-- feature are counted at all, only the former can be said. Grain: one row per (feature, currency).
-- Reads: catalogue, graph, activity, cost_by_target. Takes: $stop and $after, the end of the window.
with features as (
    select
        node,
        name,
        arg_max_null(owner, coalesce(valid_from, date '0001-01-01')) as owner
    from catalogue
    where kind = 'feature'
    group by node, name
),

users as (
    select from_node as node, string_agg(distinct to_node, ', ' order by to_node) as used_by
    from graph
    where
        from_node like 'feature:%'
        and (valid_from is null or (valid_from < $stop and strftime(valid_from, '%Y-%m') < $after))
        and (valid_to is null or (valid_to >= $stop or strftime(valid_to, '%Y-%m') >= $after))
    group by from_node
),

reads as (
    select distinct target as node
    from activity
    where
        target like 'feature:%' and measure = 'reads' and quantity > 0
        and hour < $stop and strftime(hour, '%Y-%m') < $after
)

select
    f.name as feature,
    f.owner,
    case when u.used_by is null then 'nothing uses it' else 'no read was seen' end as why,
    u.used_by,
    c.allocated as cost,
    c.avoidable,
    c.currency
from features as f
left join users as u on f.node = u.node
left join cost_by_target as c on f.name = c.name
where
    f.node not in (select node from reads)
    and (u.used_by is null or (select count(*) from reads) > 0)
order by c.currency nulls last, c.allocated desc nulls last, f.name
