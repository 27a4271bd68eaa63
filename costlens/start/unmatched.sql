-- costlens/start/unmatched.sql
-- What no rule of the first catalogue picks. Grain: one row per service, the largest first, with
-- its largest resources and the tags on it. Reads: kinds, hits, tag_values. Takes: $currency.
with rest as (
    select kind, service, resource_id, cost
    from kinds
    where currency is not distinct from $currency and kind not in (select kind from hits)
),

by_resource as (
    select service, resource_id, sum(cost) as cost
    from rest
    where resource_id is not null
    group by all
),

resources as (
    select
        service,
        list({'id': resource_id, 'cost': cost} order by cost desc, resource_id)[:3] as largest,
        count(*) as resources
    from by_resource
    group by service
),

by_tag as (
    select r.service, t.key, t.value, sum(r.cost) as cost
    from rest as r
    inner join tag_values as t on r.kind = t.kind
    where not starts_with(lower(t.key), 'aws')
    group by all
),

-- A tag on a tenth of a service's cost or more is worth a look.
of_service as (
    select service, sum(cost) as whole
    from rest
    group by service
),

tags as (
    select
        t.service,
        list({'key': t.key, 'value': t.value, 'cost': t.cost} order by t.cost desc, t.key, t.value)
            [:3] as largest
    from by_tag as t
    inner join of_service as s on t.service = s.service
    where t.cost * 10 >= s.whole
    group by t.service
)

select
    r.service,
    sum(r.cost) as cost,
    any_value(x.largest) as resources,
    any_value(x.resources) as resource_count,
    any_value(t.largest) as tags
from rest as r
left join resources as x on r.service = x.service
left join tags as t on r.service = t.service
group by r.service
order by cost desc, r.service
