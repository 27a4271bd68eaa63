-- Who needs what, from every place that says so, within the days of the period.
-- Grain: one row per (from, to, validity). `measure` names the weight of a set's members.
-- Reads: edges, slice_edges, set_edges, things, produces, part_targets, tries, rule_days, consumption,
-- seen_uses, seen_feeds.
with reach as (
    select min(day) as first_day, max(day) as last_day
    from rule_days
),

ran as (
    select distinct t.pipeline_node, p.target
    from tries as t
    cross join reach as r
    inner join part_targets as p on t.source = p.source and t.execution = p.execution and t.part = p.part
    where t.start::date <= r.last_day and t.until::date >= r.first_day
),

made as (
    select pipeline_node as from_node, target as to_node
    from ran
    union
    select 'pipeline:' || pipeline, node
    from things
    where kind = 'feature' and pipeline is not null
    union
    select node, target
    from produces
    where target is not null and not contains(target, '\')
),

declared as (
    select from_node, to_node, weight, reads, valid_from, valid_to
    from edges
    -- Consumption of nothing is no need.
    where coalesce(weight, 1) > 0
    union all
    select node, to_node, weight, reads, valid_from, valid_to
    from slice_edges
),

measured as (
    select distinct c.from_node, c.to_node
    from consumption as c
    cross join reach as r
    where c.reads > 0 and c.day between r.first_day and r.last_day
)

select
    from_node,
    to_node,
    null as measure,
    (weight * 1000000)::hugeint as weight,
    (reads * 1000000)::hugeint as reads,
    valid_from,
    valid_to
from declared
union all
select from_node, to_node, measure, case measure when 'even' then null else weight end, null, null, null
from set_edges
union all
select from_node, to_node, null, null, null, null, null
from made
union all
select from_node, to_node, null, null, null, null, null
from measured
union all
select from_node, to_node, null, null, null, valid_from, valid_to
from seen_uses
union all
select from_node, to_node, null, null, null, null, null
from seen_feeds
