-- costlens/start/tag_rules.sql
-- The tags that might be rules: those that name a thing, or whose key says what they name.
-- `cost` is of the kinds that no id has picked. Grain: one row per (key, value), however spelled.
-- Reads: tag_values, kinds, hits. Takes: $keys, the keys of interest; $words, folded names of
-- things; $says, keys that say what they name; $currency.
select
    any_value(v.key) as key,
    v.bare_key,
    any_value(v.value) as value,
    v.word,
    list(distinct v.kind) as kinds,
    sum(k.cost) filter (
        k.currency is not distinct from $currency and k.kind not in (select kind from hits)
    ) as cost
from tag_values as v
inner join kinds as k on v.kind = k.kind
where
    list_contains($keys, v.bare_key)
    and (list_contains($words, v.word) or list_contains($says, v.bare_key))
group by lower(v.key), v.bare_key, lower(v.value), v.word
order by lower(v.value), lower(v.key)
