-- costlens/ingest/checks/tag_spellings.sql
-- Tag keys that one line spells in two ways. Grain: one row per key, in lower case.
-- Reads: charges. Takes: $source and $period, the load.
with combinations as (
    select x_tags, count(*) as lines
    from charges
    where source = $source and billing_period = $period and x_tags is not null
    group by x_tags
),

keys as (
    select
        unnest(
            list_transform(
                from_json(x_tags, '["VARCHAR"]'), lambda tag: split_part(tag, '=', 1)
            )
        ) as key,
        x_tags,
        lines
    from combinations
),

doubled as (
    select key, any_value(lines) as lines
    from keys
    group by x_tags, key
    having count(*) > 1
)

select key, sum(lines)::bigint as lines
from doubled
group by key
order by key
