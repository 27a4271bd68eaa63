-- costlens/questions/features_unmade.sql
-- Features of the catalogue that no run makes: no part, no table of its name, no pipeline of its
-- own that ran; with what else brought cost to them in the build, the dearest first.
-- Grain: one row per feature. Reads: things, part_targets, seen_feeds, tries, ledger.
with made as (
    select target as node
    from part_targets
    union
    select to_node
    from seen_feeds
    where from_node in (select target from part_targets)
),

costs as (
    select target as name, currency, sum(effective) as effective
    from ledger
    where level = 'feature'
    group by target, currency
),

dearest as (
    select name, arg_max(currency, abs(effective)) as currency, max_by(effective, abs(effective)) as cost
    from costs
    group by name
)

select t.name, t.read_from, d.currency, d.cost
from things as t
left join dearest as d on t.name = d.name
where
    t.kind = 'feature'
    and t.node not in (select node from made)
    and coalesce('pipeline:' || t.pipeline, '') not in (select pipeline_node from tries)
order by abs(d.cost) desc nulls last, t.name
