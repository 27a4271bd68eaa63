-- The same, one row per (key, dimension, value), case folded. Reads: charge_keys.
select key, 'account' as dim, lower(account) as value
from charge_keys
where account is not null
union
select key, 'account', lower(sub_account)
from charge_keys
where sub_account is not null
union all
select key, 'service', lower(service)
from charge_keys
where service is not null
union all
select key, 'region', lower(region)
from charge_keys
where region is not null
union all
select key, 'resource_id', lower(resource_id)
from charge_keys
where resource_id is not null
union all
select key, 'usage_type', lower(usage_type)
from charge_keys
where usage_type is not null
union all
select key, 'category', lower(category)
from charge_keys
where category is not null
union all
select key, 'category', lower(service_category)
from charge_keys
where service_category is not null
union all
select key, 'tag:' || split_part(tag, '=', 1), substr(tag, strpos(tag, '=') + 1)
from (select key, unnest(from_json(tags, '["VARCHAR"]')) as tag from charge_keys)
