-- costlens/start/tag_values.sql
-- Every tag of every kind of charge; `word` is its value with case and separators folded.
-- Grain: one row per (kind, key). Reads: kinds.
with sets as (
    select distinct tags
    from kinds
    where tags is not null
),

pairs as (
    select tags, unnest(map_entries(from_json(tags, '"MAP(VARCHAR, VARCHAR)"'))) as pair
    from sets
)

select
    k.kind,
    p.pair.key as key,
    regexp_replace(lower(p.pair.key), '^(user[:_]|label[:_])', '') as bare_key,
    p.pair.value as value,
    trim(regexp_replace(lower(p.pair.value), '[-_ ./:]+', '_', 'g'), '_') as word
from pairs as p
inner join kinds as k on p.tags = k.tags
where p.pair.value is not null and p.pair.value <> ''
