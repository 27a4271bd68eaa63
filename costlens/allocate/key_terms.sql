-- The same, one row per (key, dimension, value), case folded. Reads: charge_keys.
with terms as (
    select
        key,
        unnest(
            [
                {'dim': 'account', 'value': account},
                {'dim': 'account', 'value': sub_account},
                {'dim': 'service', 'value': service},
                {'dim': 'region', 'value': region},
                {'dim': 'resource_id', 'value': resource_id},
                {'dim': 'usage_type', 'value': usage_type},
                {'dim': 'category', 'value': category},
                {'dim': 'category', 'value': service_category}
            ],
            recursive := true
        )
    from charge_keys
),

tags as (
    select key, unnest(from_json(tags, '["VARCHAR"]')) as tag
    from charge_keys
)

select distinct key, dim, lower(value) as value
from terms
where value is not null
union all
select key, 'tag:' || split_part(tag, '=', 1), substr(tag, strpos(tag, '=') + 1)
from tags
