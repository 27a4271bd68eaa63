-- What to keep and what to stop: each target with its figures, who would notice, and the advice.
-- Grain: one row per target; then all of them, and those kept. Reads: chosen, cost_by_target, catalogue,
-- graph, activity, traits. Takes: $level, $currency; $stop and $after, the end of the window.
with owned as (
    select name, any_value(owner) as owner
    from catalogue
    where kind = $level
    group by name
),

users as (
    select
        substr(from_node, strpos(from_node, ':') + 1) as name,
        string_agg(distinct to_node, ', ' order by to_node) as used_by
    from graph
    where
        from_node like $level || ':%'
        and (valid_from is null or (valid_from < $stop and strftime(valid_from, '%Y-%m') < $after))
        and (valid_to is null or (valid_to >= $stop or strftime(valid_to, '%Y-%m') >= $after))
    group by from_node
),

read as (
    select substr(target, strpos(target, ':') + 1) as name, max(hour)::date as last_read
    from activity
    where
        target like $level || ':%' and quantity > 0
        and hour < $stop and strftime(hour, '%Y-%m') < $after
    group by target
)

select
    c.name,
    o.owner,
    c.advice,
    converted(c.benefit) as benefit,
    converted(c.avoidable) as avoidable,
    t.allocated,
    converted(c.stand_alone) as stand_alone,
    converted(c.benefit - c.avoidable) as net,
    converted(c.margin) as margin,
    $currency as currency,
    u.used_by,
    r.last_read,
    n.notice_days,
    c.why
from chosen as c
left join owned as o on c.name = o.name
left join cost_by_target as t on c.name = t.name
left join users as u on c.name = u.name
left join read as r on c.name = r.name
left join traits as n on n.node = $level || ':' || c.name
order by c.place, c.name
